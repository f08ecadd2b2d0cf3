import {
  amountIn,
  amountOut,
  BEYOND_WINDOW,
  type TickMeter,
} from '#core/dex/protocols/protocols.ts'
import { GAS, gasOfHop } from './gas.ts'
import type { RouteGraph } from './graph.ts'
import { afterTax } from '#core/dex/protocols/token-tax.ts'
import type { Trade } from './trade.ts'

/** The other side of a path's amount, and its gas. */
export type PathQuote = { readonly quoted: bigint; readonly gas: number }

/**
 * The other side of a swap along `edge`.
 *
 * @returns 0n where the amount cannot be filled entirely, BEYOND_WINDOW where the known ticks do not tell
 */
export function quoteEdge(
  graph: RouteGraph,
  exact: 'in' | 'out',
  edge: number,
  amount: bigint,
  meter: TickMeter | null,
): bigint {
  const state = graph.pools[edge >> 1]!.state
  const zeroForOne = (edge & 1) === 0
  return (exact === 'in' ? amountOut : amountIn)(state, zeroForOne, amount, meter)
}

/**
 * A whole amount through a path, taxes included.
 *
 * @param path edges, in the order of the swaps
 * @param onBeyond hears of the pool whose known ticks do not suffice
 * @returns null where the path cannot carry it
 */
export function quotePath(
  graph: RouteGraph,
  trade: Trade,
  path: readonly number[],
  amount: bigint,
  countGas: boolean,
  onBeyond: (pool: number) => void,
): PathQuote | null {
  const { exact } = trade
  const meter: TickMeter | null = countGas ? { ticks: 0 } : null
  let gas = 0
  let carried = exact === 'in' ? afterTax(amount, trade.taxInBps) : amount
  for (let step = 0; step < path.length; step++) {
    const at = exact === 'in' ? step : path.length - 1 - step
    const edge = path[at]!
    if (meter) meter.ticks = 0
    if (carried === 0n) return null
    carried = quoteEdge(graph, exact, edge, carried, meter)
    if (carried === BEYOND_WINDOW) {
      onBeyond(edge >> 1)
      return null
    }
    if (carried === 0n) return null
    const { protocol } = graph.pools[edge >> 1]!
    gas += gasOfHop(protocol, at === 0) + (meter ? meter.ticks * GAS[protocol].tick : 0)
  }
  if (exact === 'in') carried = afterTax(carried, trade.taxOutBps)
  return carried === 0n ? null : { quoted: carried, gas }
}
