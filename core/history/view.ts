import type { BlockRef, Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { advanceView, type HeadEntry, raiseFloor, type View, viewFrom } from './head.ts'
import type { HeadLog } from './ports.ts'

/** Settled hashes are immutable, so a process keeps those that it has asked for. */
const SETTLED_CACHE_MAX = 100_000

/** A head moved on while an answer was being read, and what the answer stood on is gone. Start again. */
export const staleView = (view: View): AppError =>
  new AppError('unavailable', `block ${view.head.number} was swept while it was read; ask again`, {
    details: { reason: 'stale-view', block: view.head.number },
  })

export const isStaleView = (error: unknown): boolean =>
  error instanceof AppError && error.details.reason === 'stale-view'

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
    const wanted = [...new Set(numbers)].filter(
      (number) => number <= view.floor.number && !settled.has(number),
    )
    if (wanted.length > 0) {
      if (settled.size + wanted.length > SETTLED_CACHE_MAX) settled = new Map()
      for (const [number, hash] of await heads.canonicalHashes(chainId, wanted)) {
        settled.set(number, hash)
      }
    }
    const cache = settled
    return ({ number, hash }) => {
      if (number > view.head.number) return false
      return (number > view.floor.number ? view.hashes.get(number) : cache.get(number)) === hash
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
  if (!view)
    throw new AppError('unavailable', `the head log is damaged: no move ${latest.floorMove}`)
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
    if (!block) throw new AppError('unavailable', `the store is damaged: block ${hash} is missing`)
    blocks.push({ number: block.number, hash })
    hash = block.parentHash
  }
  return blocks.toReversed()
}
