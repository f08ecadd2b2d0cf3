import { hopsOf } from './best-paths.ts'
import type { RouteGraph } from './graph.ts'
import { scoreOf } from './rank.ts'
import type { Path } from './route.ts'
import { simulateRoute } from './simulate.ts'
import type { Trade } from './trade.ts'

/** A path, as edges in the order of the swaps, and how much of the given amount goes through it. */
export type Share = { readonly path: readonly number[]; readonly amount: bigint }

/** Shares in the order in which they are executed, and what that gives. Raw units. */
export type Plan = {
  readonly legs: readonly {
    readonly path: Path
    readonly amountIn: bigint
    readonly amountOut: bigint
  }[]
  readonly amountIn: bigint
  readonly amountOut: bigint
  readonly gas: bigint
  /** See `scoreOf`. */
  readonly score: bigint
}

/** Executes shares one after the other, in their order and to the wei; null where one of them is not carried or gives nothing. */
export function planOf(graph: RouteGraph, trade: Trade, shares: readonly Share[]): Plan | null {
  const legs = shares.map(({ path, amount }) => ({ path: hopsOf(graph, path), amount }))
  const done = simulateRoute(legs, trade.exact, { taxesBps: trade.taxesBps })
  if (done.status !== 'filled') return null
  const { amountIn, amountOut, gas } = done
  if (done.legs.some((leg) => leg.amountIn === 0n || leg.amountOut === 0n)) return null
  return {
    legs: done.legs.map((leg, index) => ({
      path: legs[index]!.path,
      amountIn: leg.amountIn,
      amountOut: leg.amountOut,
    })),
    amountIn,
    amountOut,
    gas,
    score: scoreOf(trade, trade.exact === 'in' ? amountOut : amountIn, Number(gas)),
  }
}
