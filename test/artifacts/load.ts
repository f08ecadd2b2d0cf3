import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import type { Abi } from 'viem'
import type { Hex } from '#core/chain.ts'

export type Artifact = { readonly abi: Abi; readonly bytecode: Hex }

const load = <Name extends string>(file: string): Readonly<Record<Name, Artifact>> =>
  JSON.parse(brotliDecompressSync(readFileSync(new URL(file, import.meta.url))).toString())

/** Uniswap V4 as published; README.md says by whom. */
export const v4Artifacts = load<'poolManager' | 'quoter' | 'stateView'>('uniswap-v4.json.br')

/** Designs beside Uniswap's, as published. */
export const forkArtifacts = load<
  | 'algebraV1Factory'
  | 'algebraV1Deployer'
  | 'algebraV1Pool'
  | 'integralFactory'
  | 'integralDeployer'
  | 'integralPool'
  | 'pancakeFactory'
  | 'pancakePool'
>('forks.json.br')
