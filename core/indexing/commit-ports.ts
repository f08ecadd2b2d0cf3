import type { Clock } from '#core/clock.ts'
import type { HeadEntry, View } from '#core/history/head.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import { createViews } from '#core/history/view.ts'
import type { ChainWriter } from './ports.ts'

/** What committing takes. */
export type CommitPorts = HistoryPorts &
  ResolvePorts & { readonly writer: ChainWriter; readonly clock: Clock }

/** Commit ports over one store; `views` is the writer's own. */
export const commitPorts = <S extends HistoryPorts & { readonly writer: ChainWriter }>(
  store: S,
  clock: Clock,
  chainId: number,
): S & CommitPorts => ({ ...store, clock, views: createViews(store.heads, chainId) })

type NextEntry = Pick<
  HeadEntry,
  'chainId' | 'move' | 'floorMove' | 'projections' | 'rewrites' | 'committedAtMs'
>

/** What the entries that may follow a view have in common. */
export const nextEntry = (ports: Pick<CommitPorts, 'clock'>, base: View): NextEntry => ({
  chainId: base.chainId,
  move: base.head.move + 1,
  floorMove: base.floor.move,
  projections: base.head.projections,
  ...(base.head.rewrites && { rewrites: base.head.rewrites }),
  committedAtMs: ports.clock.nowMs(),
})

/** An entry that brings no block and leaves the head where it is. */
export const standingEntry = (
  next: NextEntry,
  { head }: View,
  reason: 'fence' | 'reorg',
): HeadEntry => ({ ...head, ...next, reason, blocks: 0 })
