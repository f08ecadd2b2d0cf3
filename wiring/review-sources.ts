import { createRpcContractCodes } from '#adapters/rpc/contract-codes.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { catalogue } from '#core/catalogue.ts'
import type { Address, Hex } from '#core/chain.ts'
import { reviewSources, type SourceWarning } from '#core/indexing/review-sources.ts'
import type { Settings } from './settings.ts'

/** It is asked by a person who waits. */
const REVIEW = { rounds: 2, timeoutMs: 10_000 } as const

/** What the chain has at the addresses that a configuration names. */
export type ContractReview = {
  /** What each address runs, through proxies of the usual kinds; `0x` where there is no contract. */
  readonly codeOf: (address: Address) => Hex
  /** What is likely wrong with the sources. */
  readonly warnings: readonly SourceWarning[]
}

/**
 * Reads the code at these addresses and at those of the sources, each once, and judges the sources by it.
 *
 * @throws AppError `unavailable` where no endpoint tells
 */
export async function reviewContracts(
  { chain, sources }: Pick<Settings, 'chain' | 'sources'>,
  addresses: readonly Address[],
): Promise<ContractReview> {
  const rpc = createRpc(chain.rpc, { ...REVIEW, chainId: chain.id })
  try {
    const codes = createRpcContractCodes(rpc)
    const wanted = [...new Set([...addresses, ...sources.map(contractOf)])]
    const read = await codes.read(wanted)
    const known = new Map(wanted.map((address, index) => [address, read[index] ?? '0x']))
    const codeOf = (address: Address): Hex => known.get(address) ?? '0x'
    const warnings = await reviewSources(
      { ...codes, read: async (asked) => asked.map(codeOf) },
      catalogue,
      sources,
    )
    return { codeOf, warnings }
  } finally {
    await rpc.close()
  }
}

/** The contract that a source names. */
export const contractOf = (source: Settings['sources'][number]): Address =>
  'factory' in source ? source.factory : source.address
