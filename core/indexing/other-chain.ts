import { AppError } from '#core/errors.ts'
import { type Branch, branchOf, type BranchPorts } from '#core/history/branch.ts'
import type { View } from '#core/history/head.ts'
import type { BlockSource, ChainHead } from './ports.ts'

type Ports = Pick<BranchPorts, 'heads'> & { readonly source: BlockSource }

/** How the history stands to the chain that the source serves; `same` before anything is indexed. */
export async function standingOf(
  { heads, source }: Ports,
  view: View | undefined,
  { latest }: ChainHead,
): Promise<Branch> {
  if (!view) return 'same'
  const hashAt = async (number: number) =>
    (await source.headers({ from: number, to: number })).value[0]?.hash
  return branchOf({ heads, hashAt }, view, latest)
}

/**
 * The message of indexer, API and backfill alike. It is not given up for: the chain that was indexed may be back in a
 * minute, where an endpoint was mixed up.
 */
export const OTHER_CHAIN =
  'chain.rpc: it serves another chain than the store holds, of the same id: where the store has a final block, the ' +
  'chain has another one. For a development chain that was begun anew, name a fresh store; where a chain has left ' +
  'final blocks for good, `halyard reindex --new-branch` follows it; else correct chain.rpc'

export const otherChain = ({ head }: View): AppError =>
  new AppError('unavailable', OTHER_CHAIN, {
    details: { field: 'chain.rpc', reason: 'other-chain', finalized: head.finalized.number },
  })
