import { keccak256 } from 'viem'
import type { Keccak } from '#core/indexing/ports.ts'

export const keccak: Keccak = (bytes) => keccak256(bytes)
