import { createRpcContractCodes } from '#adapters/rpc/contract-codes.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { catalogue } from '#core/catalogue.ts'
import type { Address, Hex } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { reviewSources, type SourceWarning } from '#core/indexing/review-sources.ts'
import type { Settings } from './settings.ts'

/** It is asked by a person who waits. */
const REVIEW = { rounds: 2, timeoutMs: 10_000 } as const

/** It is asked beside what matters. */
const GLANCE = { rounds: 1, timeoutMs: 10_000 } as const

type Patience = {
  readonly rounds: number
  readonly timeoutMs: number
  readonly stop?: AbortSignal
}

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
  patience: Patience = REVIEW,
): Promise<ContractReview> {
  const rpc = createRpc(chain.rpc, { ...patience, chainId: chain.id })
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

/**
 * What is likely wrong with the sources, for who begins to index them; nothing where the chain does not tell, or `stop`
 * ends the asking. Sources that cannot be right index nothing, or a part, and are silent about it.
 */
export async function findSourceWarnings(
  settings: Pick<Settings, 'chain' | 'sources'>,
  stop: AbortSignal,
): Promise<readonly SourceWarning[]> {
  try {
    return (await reviewContracts(settings, [], { ...GLANCE, stop })).warnings
  } catch (error) {
    if (isAppError(error)) return []
    throw error
  }
}

/** A warning as people read it. */
export const sourceWarningText = ({ index, address, message }: SourceWarning): string =>
  `sources[${index}] ${address}: ${message}`

/** The contract that a source names. */
export const contractOf = (source: Settings['sources'][number]): Address =>
  'factory' in source ? source.factory : source.address
