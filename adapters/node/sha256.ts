import { hash } from 'node:crypto'
import type { Sha256 } from '#core/history/digest.ts'

export const sha256: Sha256 = (text) => `0x${hash('sha256', text, 'hex')}`
