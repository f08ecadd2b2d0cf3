import type { BlockRef } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import { currentView } from '#core/history/at-head.ts'
import { type Branch, branchOf, type BranchPorts } from '#core/history/branch.ts'
import { combineDigest, type Sha256 } from '#core/history/digest.ts'
import { finalBlockOf } from '#core/history/final-block.ts'
import type { View } from '#core/history/head.ts'
import { type Lag, lagOf } from '#core/history/lag.ts'
import type { ChainTip } from '#core/history/ports.ts'
import type { StatusRow } from '#resources/status.ts'
import type { Views } from '#core/history/view.ts'

type StatusPorts = BranchPorts & {
  readonly views: Views
  readonly tip: ChainTip
  readonly clock: Clock
}

/** Where the history stands, and where its chain does. */
export type Status = {
  readonly view: View
  /** The chain's newest block; undefined while it cannot be asked. */
  readonly newest: BlockRef | undefined
  readonly lag: Lag
  readonly branch: Branch
  /** Age of the chain's newest block; null while the chain cannot be asked. */
  readonly chainAgeSeconds: number | null
}

/** @throws AppError `unavailable` where nothing is indexed yet, or the store cannot be read */
export const readStatus = async (ports: StatusPorts): Promise<Status> =>
  statusAt(ports, await currentView(ports.views))

export async function statusAt(ports: StatusPorts, view: View): Promise<Status> {
  const newest = await ports.tip.newest()
  const nowMs = ports.clock.nowMs()
  const branch = newest ? await branchOf(ports, view, newest) : 'unknown'
  const chainAgeSeconds =
    newest?.timestamp === undefined
      ? null
      : Math.max(0, Math.floor(nowMs / 1_000) - newest.timestamp)
  return { view, newest, branch, chainAgeSeconds, lag: lagOf(view.head, newest, nowMs, branch) }
}

/** What is told of a view. @param live asks the chain, where anybody wants to know */
export const statusRow = (
  { sha256 }: { readonly sha256: Sha256 },
  { chainId, head }: View,
  live: StatusRow['live'],
): StatusRow => ({
  chainId,
  head,
  finalized: finalBlockOf(head),
  digest: () => combineDigest(sha256, head.digest),
  live,
})
