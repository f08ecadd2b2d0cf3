import type { FindRouteRequest } from '#core/dex/routing/request.ts'
import type { RoutePool } from '#core/dex/routing/route.ts'
import { carry, everyPath, type Ranked } from './exhaustive.ts'

/** Steps of 5 %. */
const STEPS = 20
/** Legs, at most. */
const LEGS_MAX = 7
/** For every share, so many of its best paths are begun with. */
const BEGUN_WITH = 2

type Partial = {
  readonly legs: readonly Ranked[]
  /** The share of the last leg; those that follow are not larger. */
  readonly share: number
  readonly left: number
}

/**
 * What the split of Uniswap's smart order router is worth (AlphaRouter, `getBestSwapRoute`), had it all paths and exact
 * quotes: legs of whole steps of 5 %, at most seven, no pool in two of them. It begins with each of the two best paths of
 * every share, adds for every smaller share the best path that is apart from those it has, one more leg at a time, and
 * ends when another leg gains nothing.
 *
 * @returns null where no such split carries the amount; else worth in units of the gas price's denominator
 */
export function percentSplit(
  pools: readonly RoutePool[],
  request: FindRouteRequest,
): bigint | null {
  const paths = everyPath(pools, request)
  const ranked = Array.from({ length: STEPS + 1 }, (_, share) => {
    const amount = (request.amount * BigInt(share)) / BigInt(STEPS)
    if (amount === 0n) return []
    return paths
      .map((path) => carry(path, request, amount))
      .filter((one) => one !== null)
      .toSorted((a, b) => (a.worth > b.worth ? -1 : a.worth < b.worth ? 1 : 0))
  })
  const whole = ranked[STEPS]?.[0]
  let best: { readonly worth: bigint; readonly legs: number } | null = whole
    ? { worth: whole.worth, legs: 1 }
    : null
  let layer: Partial[] = ranked
    .flatMap((all, share) =>
      all.slice(0, BEGUN_WITH).map((leg) => ({ legs: [leg], share, left: STEPS - share })),
    )
    .filter(({ left }) => left > 0)
  for (let legs = 2; legs <= LEGS_MAX; legs++) {
    // What another leg did not make better, one more will not.
    if (legs >= 3 && best && best.legs < legs - 1) break
    const next: Partial[] = []
    for (const so of layer)
      for (let share = Math.min(so.share, so.left); share > 0; share--) {
        const used = new Set(so.legs.flatMap(({ path }) => path.map(({ pool }) => pool.id)))
        const leg = ranked[share]?.find(({ path }) => path.every(({ pool }) => !used.has(pool.id)))
        if (!leg) continue
        const more = { legs: [...so.legs, leg], share, left: so.left - share }
        if (more.left > 0) {
          next.push(more)
          continue
        }
        const worth = more.legs.reduce((sum, each) => sum + each.worth, 0n)
        if (!best || worth > best.worth) best = { worth, legs }
      }
    layer = next
  }
  return best && best.worth
}
