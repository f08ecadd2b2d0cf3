import { AppError, damagedStore, hasReason } from '#core/errors.ts'
import {
  advanceView,
  type CommitId,
  type DerivedRef,
  type HeadEntry,
  isOnLine,
  raiseFloor,
  type View,
  viewFrom,
} from './head.ts'
import type { HeadLog } from './ports.ts'
import { isRebuild } from './rebuilds.ts'
import { atOrBelow } from './window.ts'

/** What is settled never changes, so a process keeps the commits that it has asked for. */
export const SETTLED_CACHE_MAX = 100_000

/** A head moved on while an answer was being read, and what the answer stood on is gone. Start again. */
export const staleView = (view: View): AppError =>
  new AppError('unavailable', `block ${view.head.number} was swept while it was read; ask again`, {
    details: { reason: 'stale-view', block: view.head.number },
    audience: 'client',
  })

export const isStaleView = (error: unknown): boolean => hasReason(error, 'stale-view')

/** Where readers take the head. One a process and chain: it remembers the window and the settled commits. */
export type Views = {
  /** The newest head; undefined where nothing was ever committed. */
  current(): Promise<View | undefined>
  /**
   * A predicate for what is named so: is it canonical in this view? It is for versions of documents; `canonicalRows`
   * says it of rows of blocks.
   */
  canonical(view: View, refs: readonly DerivedRef[]): Promise<(ref: DerivedRef) => boolean>
  /** To be told of commits that were settled, so that they need not be asked for. */
  settledNow(commits: readonly CommitId[]): void
  /** See `HeadLog.asOneAnswer`; the head is to be taken within. */
  asOneAnswer<T>(read: () => Promise<T>): Promise<T>
}

export function createViews(heads: HeadLog, chainId: number): Views {
  let known: View | undefined
  let settled = new Set<CommitId>()

  async function current(): Promise<View | undefined> {
    const latest = await heads.latest(chainId)
    if (!latest) return undefined
    if (known && known.head.move === latest.move) {
      // The blocks of this head may have been settled since.
      if (atOrBelow(known.window, latest.finalized.number))
        known = raiseFloor(known, (await heads.upkeep(chainId)).settledTo)
      return known
    }
    const view = await loadView(heads, latest, known)
    // Of two that were loaded at once, the newer one stays.
    if (!known || view.head.move > known.head.move) known = view
    return view
  }

  function settledNow(commits: readonly CommitId[]): void {
    if (settled.size + commits.length > SETTLED_CACHE_MAX) settled = new Set()
    for (const commit of commits) settled.add(commit)
  }

  async function canonical(
    view: View,
    refs: readonly DerivedRef[],
  ): Promise<(ref: DerivedRef) => boolean> {
    // An answer of its own: what all remember may start anew before this one is used.
    const answer = new Set<CommitId>()
    const wanted = new Set<CommitId>()
    for (const ref of refs) {
      if (isOnLine(view, ref) !== undefined) continue
      // It stands in a tree that this view has, or nobody would have read it.
      if (settled.has(ref.commit) || isRebuild(ref.commit)) answer.add(ref.commit)
      else wanted.add(ref.commit)
    }
    if (wanted.size > 0) {
      const found = await heads.settled(chainId, [...wanted])
      settledNow(found)
      for (const commit of found) answer.add(commit)
    }
    return (ref) => isOnLine(view, ref) ?? answer.has(ref.commit)
  }

  return { current, canonical, settledNow, asOneAnswer: (read) => heads.asOneAnswer(read) }
}

/** The view at `latest`, replayed from `known` where that is older, else from the entry's floor. */
export const loadView = async (heads: HeadLog, latest: HeadEntry, known?: View): Promise<View> =>
  (await replayLog(heads, latest, known)).view

/** The same, with the entries of the log that it was replayed from. */
export async function replayLog(
  heads: HeadLog,
  latest: HeadEntry,
  known?: View,
): Promise<{ readonly view: View; readonly entries: readonly HeadEntry[] }> {
  // Read before the entries: what is settled by then is settled for all of them.
  const { settledTo } = await heads.upkeep(latest.chainId)
  const start = known && known.head.move < latest.move ? known : undefined
  const entries = await heads.since(latest.chainId, start ? start.head.move + 1 : latest.floorMove)
  let view = start
  for (const entry of entries) {
    view = view ? advanceView(view, entry) : viewFrom(entry)
  }
  if (!view) throw damagedStore(`move ${latest.floorMove} of the head log is missing`)
  return { view: raiseFloor(view, settledTo), entries }
}
