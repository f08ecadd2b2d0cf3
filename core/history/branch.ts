import type { BlockRef, Hash } from '#core/chain.ts'
import { storedBlockAt } from './block-at.ts'
import type { View } from './head.ts'
import type { HeadLog } from './ports.ts'

/**
 * How a history stands to its chain, by hashes.
 *
 * - `same`: the chain has its head.
 * - `behind`: the chain, as asked, is lower than the head, and has what the history has: an endpoint that lags.
 * - `orphaned`: the chain has another block in place of the head, and the final one: a reorg that is not followed yet.
 * - `other-chain`: the chain has another block in place of one that was final: another chain of the same id, such as a
 *   development chain that was begun anew.
 * - `unknown`: the chain does not tell.
 */
export type Branch = 'same' | 'behind' | 'orphaned' | 'other-chain' | 'unknown'

export type BranchPorts = {
  readonly heads: Pick<HeadLog, 'block' | 'settledBlock'>
  /** The hash of the chain's block of that height; undefined where it does not tell. */
  readonly hashAt: (number: number) => Promise<Hash | undefined>
}

/** @param newest the chain's newest block */
export async function branchOf(ports: BranchPorts, view: View, newest: BlockRef): Promise<Branch> {
  const { head } = view
  const chainHash = async (number: number): Promise<Hash | undefined> =>
    number === newest.number ? newest.hash : ports.hashAt(number)
  const isLower = newest.number < head.number
  if (!isLower) {
    const hash = await chainHash(head.number)
    if (hash === undefined) return 'unknown'
    if (hash === head.hash) return 'same'
  }
  // Below the final block nothing may differ; a lower chain is looked at where it ends.
  const at = Math.min(newest.number, head.finalized.number)
  const [ours, theirs] = [await storedHash(ports, view, at), await chainHash(at)]
  if (ours !== undefined && theirs !== undefined && ours !== theirs) return 'other-chain'
  if (!isLower) return 'orphaned'
  const stored = await storedHash(ports, view, newest.number)
  return stored === undefined || stored === newest.hash ? 'behind' : 'orphaned'
}

async function storedHash(
  { heads }: BranchPorts,
  view: View,
  number: number,
): Promise<Hash | undefined> {
  if (number < 0) return undefined
  if (number === view.head.finalized.number) return view.head.finalized.hash
  return (await storedBlockAt(heads, view, number))?.hash
}
