import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import type { Abi } from 'viem'
import type { Hex } from '#core/chain.ts'

export type Artifact = { readonly abi: Abi; readonly bytecode: Hex }

/** Uniswap V4 as published; README.md says by whom. */
export const v4Artifacts = JSON.parse(
  brotliDecompressSync(readFileSync(new URL('uniswap-v4.json.br', import.meta.url))).toString(),
) as Readonly<Record<'poolManager' | 'quoter' | 'stateView', Artifact>>
