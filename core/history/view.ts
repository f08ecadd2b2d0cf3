import type { BlockRef, Hash } from '#core/chain.ts'
import { AppError, damagedStore, hasReason } from '#core/errors.ts'
import { advanceView, type HeadEntry, raiseFloor, type View, viewFrom } from './head.ts'
import type { HeadLog } from './ports.ts'

/** Settled hashes are immutable, so a process keeps those that it has asked for. */
export const SETTLED_CACHE_MAX = 100_000

/** A head moved on while an answer was being read, and what the answer stood on is gone. Start again. */
export const staleView = (view: View): AppError =>
  new AppError('unavailable', `block ${view.head.number} was swept while it was read; ask again`, {
    details: { reason: 'stale-view', block: view.head.number },
    audience: 'client',
  })

export const isStaleView = (error: unknown): boolean => hasReason(error, 'stale-view')

/** Where readers take the head. One a process and chain: it remembers the window and the settled hashes. */
export type Views = {
  /** The newest head; undefined where nothing was ever committed. */
  current(): Promise<View | undefined>
  /** A predicate for blocks with these numbers: is it canonical in this view? */
  canonical(view: View, numbers: readonly number[]): Promise<(block: BlockRef) => boolean>
}

export function createViews(heads: HeadLog, chainId: number): Views {
  let known: View | undefined
  let settled = new Map<number, Hash>()

  async function current(): Promise<View | undefined> {
    const latest = await heads.latest(chainId)
    if (!latest) return undefined
    if (known && known.head.move === latest.move) {
      // The blocks of this head may have been settled since.
      if (known.window.some((waypoint) => waypoint.number <= latest.finalized)) {
        known = raiseFloor(known, (await heads.upkeep(chainId)).settledTo)
      }
      return known
    }
    known = await loadView(heads, latest, known)
    return known
  }

  async function canonical(
    view: View,
    numbers: readonly number[],
  ): Promise<(block: BlockRef) => boolean> {
    // An answer of its own: what all remember may start anew before this one is used.
    const answer = new Map<number, Hash>()
    const wanted: number[] = []
    for (const number of new Set(numbers)) {
      if (number > view.floor.number) continue
      const hash = settled.get(number)
      if (hash) answer.set(number, hash)
      else wanted.push(number)
    }
    if (wanted.length > 0) {
      const found = await heads.canonicalHashes(chainId, wanted)
      if (settled.size + found.size > SETTLED_CACHE_MAX) settled = new Map()
      for (const [number, hash] of found) {
        settled.set(number, hash)
        answer.set(number, hash)
      }
    }
    return ({ number, hash }) => {
      if (number > view.head.number) return false
      return (number > view.floor.number ? view.hashes.get(number) : answer.get(number)) === hash
    }
  }

  return { current, canonical }
}

/** The view at `latest`, replayed from `known` where that is older, else from the entry's floor. */
export async function loadView(heads: HeadLog, latest: HeadEntry, known?: View): Promise<View> {
  // Read before the entries: what is settled by then is settled for all of them.
  const { settledTo } = await heads.upkeep(latest.chainId)
  const start = known && known.head.move < latest.move ? known : undefined
  const entries = await heads.since(latest.chainId, start ? start.head.move + 1 : latest.floorMove)
  let view = start
  for (const entry of entries) {
    if (!view) view = viewFrom(entry)
    else view = advanceView(view, entry, await blocksOf(heads, entry, settledTo))
    view = raiseFloor(view, settledTo)
  }
  if (!view) throw damagedStore(`move ${latest.floorMove} of the head log is missing`)
  return view
}

/** The blocks that an entry brought, found by walking back from its hash over the stored ones. */
async function blocksOf(heads: HeadLog, entry: HeadEntry, settledTo: number): Promise<BlockRef[]> {
  if (entry.reason !== 'advance') return []
  if (entry.blocks === 1 || entry.number <= settledTo)
    return [{ number: entry.number, hash: entry.hash }]
  const stored = await heads.blocks(entry.chainId, entry.number - entry.blocks + 1, entry.number)
  const byHash = new Map(stored.map((block) => [block.hash, block]))
  const blocks: BlockRef[] = []
  let hash = entry.hash
  for (let left = entry.blocks; left > 0; left--) {
    const block = byHash.get(hash)
    if (!block) throw damagedStore(`block ${hash} is missing`)
    blocks.push({ number: block.number, hash })
    hash = block.parentHash
  }
  return blocks.toReversed()
}
