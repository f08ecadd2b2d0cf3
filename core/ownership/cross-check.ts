import { isAppError } from '#core/errors.ts'
import { createSampler } from '#core/sample.ts'
import type { OwnerReader, OwnershipRead, ReadAnswer } from './ports.ts'
import type { Snapshot, SnapshotHolding } from './snapshot-holders.ts'

/** How holdings of a snapshot compare with what the contract itself says at its block. */
export type CrossCheck =
  | {
      readonly status: 'checked'
      readonly count: number
      readonly differing: readonly SnapshotHolding[]
    }
  /** No node has the state of that block. */
  | { readonly status: 'unavailable'; readonly why: string }

/**
 * Asks the contract, at the block of a snapshot, for some of what it says. A node has to have the state of that block: an
 * archive node, for one that is not among the newest.
 *
 * @param count how many holdings, drawn evenly; all where there are fewer
 * @param random gives numbers from 0 up to 1
 */
export async function crossCheckSnapshot(
  owners: Pick<OwnerReader, 'read'>,
  { block, collection, standard, holdings }: Snapshot,
  count: number,
  random: () => number,
): Promise<CrossCheck> {
  const sampler = createSampler<SnapshotHolding>(count, random)
  for (const each of holdings) sampler.add(each)
  const drawn = sampler.items
  const reads = drawn.map(({ owner, tokenId }): OwnershipRead =>
    standard === 'erc721'
      ? { of: 'token-owner', contract: collection, tokenId }
      : { of: 'amount', contract: collection, account: owner, tokenId },
  )
  let answers: ReadAnswer[]
  try {
    answers = await owners.read(block, reads)
  } catch (error) {
    if (!isAppError(error, 'unavailable')) throw error
    return { status: 'unavailable', why: error.message }
  }
  const differing = drawn.filter(({ owner, amount }, index) => {
    const told = answers[index]
    if (told?.status !== 'value') return true
    return told.value !== (standard === 'erc721' ? BigInt(owner) : amount)
  })
  return { status: 'checked', count: drawn.length, differing }
}
