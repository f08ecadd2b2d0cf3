import type { BlockRef } from '#core/chain.ts'
import type { CommitId, Digest } from './head.ts'

/** A block that a reorg can still go back to, as its commit left it. */
export type Waypoint = BlockRef & {
  /** The commit that brought it. */
  readonly commit: CommitId
  readonly move: number
  /** How many blocks the commit brought; this one is the last. 0 at the origin. */
  readonly blocks: number
  readonly timestamp: number
  readonly digest: Digest
}

/**
 * Waypoints in ascending order. Windows share their list: one grows at its end in constant time, and every older window
 * over the same list still shows what it showed.
 */
export type Window = {
  readonly items: Waypoint[]
  /** The places in `items` that belong to this window: from `start` up to, not including, `end`. */
  readonly start: number
  readonly end: number
}

/** Waypoints below the start are dropped from the shared list once there are this many, and most are. */
const DROPPED_MAX = 1_024

export const emptyWindow = (): Window => ({ items: [], start: 0, end: 0 })

export const lastOf = ({ items, start, end }: Window): Waypoint | undefined =>
  end > start ? items[end - 1] : undefined

export const listOf = ({ items, start, end }: Window): Waypoint[] => items.slice(start, end)

/** The window with one more waypoint at its end. */
export function push(window: Window, waypoint: Waypoint): Window {
  const { items, start, end } = window
  // Another window may have grown over this end already.
  if (items.length !== end) return push(copyOf(window), waypoint)
  items.push(waypoint)
  return { items, start, end: end + 1 }
}

/** The waypoints up to a block. */
export const upTo = (window: Window, number: number): Window => ({
  ...window,
  end: placeAbove(window, number),
})

/** The waypoints above a block. */
export function above(window: Window, number: number): Window {
  const start = placeAbove(window, number)
  const rest = { ...window, start }
  return start > DROPPED_MAX && start > window.items.length / 2 ? copyOf(rest) : rest
}

/** The first waypoint at or above a block: it names the commit that brought the block. */
export const atOrAbove = (window: Window, number: number): Waypoint | undefined => {
  const place = placeAbove(window, number - 1)
  return place < window.end ? window.items[place] : undefined
}

/** The last waypoint at or below a block. */
export const atOrBelow = (window: Window, number: number): Waypoint | undefined =>
  lastOf(upTo(window, number))

const copyOf = (window: Window): Window => {
  const items = listOf(window)
  return { items, start: 0, end: items.length }
}

/** The place of the first waypoint above a block, by halving. */
function placeAbove({ items, start, end }: Window, number: number): number {
  let low = start
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((items[middle] as Waypoint).number <= number) low = middle + 1
    else high = middle
  }
  return low
}
