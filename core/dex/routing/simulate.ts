import type { Address } from '#core/chain.ts'
import { amountIn, amountOut, swap } from '#core/dex/protocols/protocols.ts'
import type { PoolState, SwapOutcome } from '#core/dex/protocols/state.ts'
import { assert } from '#core/errors.ts'
import { GAS, gasOfHop } from './gas.ts'
import type { Hop, Path } from './route.ts'
import { afterTax } from '#core/dex/protocols/token-tax.ts'

type FilledSwap = Extract<SwapOutcome, { readonly status: 'filled' | 'partial' }>

/** A hop as it would be executed. */
export type SimulatedHop = FilledSwap & {
  readonly hop: Hop
  /** The pool before it: that of the path, or as an earlier leg left it. */
  readonly before: PoolState
}

/** In the order of the path. `stopped`: the hop, by its place in the path, that cannot do its part, and why. */
export type SimulatedPath =
  | {
      readonly status: 'filled'
      /** Sent, with the tax that the token keeps of it. */
      readonly amountIn: bigint
      /** Received, the tax taken off. */
      readonly amountOut: bigint
      readonly hops: readonly SimulatedHop[]
      readonly gas: bigint
    }
  | {
      readonly status: 'stopped'
      readonly at: number
      /** Never a filled one. */
      readonly outcome: SwapOutcome
    }

export type SimulateOptions = {
  /** Pools, by id, that are no longer as the path has them. */
  readonly states?: ReadonlyMap<string, PoolState>
  /** See `RouteRequest`; only for exact in. */
  readonly taxesBps?: ReadonlyMap<Address, number>
}

/**
 * A whole amount through a given path, swap for swap as the contracts do it; for exact out from the last hop to the
 * first. A path names a pool once.
 *
 * @throws AppError `invalid` naming `amount` for one that no contract accepts
 */
export function simulatePath(
  path: Path,
  exact: 'in' | 'out',
  amount: bigint,
  { states, taxesBps }: SimulateOptions = {},
): SimulatedPath {
  assert(new Set(path.map((hop) => hop.pool.id)).size === path.length, 'a path names a pool once')
  const exactIn = exact === 'in'
  const hops: SimulatedHop[] = []
  let gas = 0
  let carried = exactIn ? afterTax(amount, taxOf(taxesBps, path[0]!, 'in')) : amount
  for (let step = 0; step < path.length; step++) {
    const at = exactIn ? step : path.length - 1 - step
    const hop = path[at]!
    const before = states?.get(hop.pool.id) ?? hop.pool.state
    if (carried === 0n) return { status: 'stopped', at, outcome: { status: 'no-liquidity' } }
    const outcome = swap(before, { zeroForOne: hop.zeroForOne, exact, amount: carried })
    if (outcome.status !== 'filled') return { status: 'stopped', at, outcome }
    hops[at] = { ...outcome, hop, before }
    gas +=
      gasOfHop(hop.pool.protocol, at === 0) + outcome.ticksCrossed * GAS[hop.pool.protocol].tick
    carried = exactIn ? outcome.amountOut : outcome.amountIn
  }
  return {
    status: 'filled',
    amountIn: exactIn ? amount : carried,
    amountOut: exactIn ? afterTax(carried, taxOf(taxesBps, path.at(-1)!, 'out')) : amount,
    hops,
    gas: BigInt(gas),
  }
}

/**
 * The most of `amount` that a path carries, which does not carry all of it; 0 where it is nothing. By halving: a path that
 * carries an amount carries less too, down to dust that buys nothing.
 */
export function largestThrough(
  path: Path,
  exact: 'in' | 'out',
  amount: bigint,
  options: SimulateOptions = {},
): { readonly amountIn: bigint; readonly amountOut: bigint } {
  const quote = (size: bigint): bigint => quoteThrough(path, exact, size, options)
  let low = amount >> 1n
  while (low > 0n && quote(low) === 0n) low >>= 1n
  let high = amount
  while (low > 0n && high - low > 1n) {
    const middle = (low + high) >> 1n
    if (quote(middle) > 0n) low = middle
    else high = middle
  }
  const quoted = low > 0n ? quote(low) : 0n
  return exact === 'in'
    ? { amountIn: low, amountOut: quoted }
    : { amountIn: quoted, amountOut: low }
}

/** The other side of an amount, as `simulatePath` has it but faster; 0n where the path does not carry it. */
function quoteThrough(
  path: Path,
  exact: 'in' | 'out',
  amount: bigint,
  { states, taxesBps }: SimulateOptions,
): bigint {
  const exactIn = exact === 'in'
  let carried = exactIn ? afterTax(amount, taxOf(taxesBps, path[0]!, 'in')) : amount
  for (const { pool, zeroForOne } of exactIn ? path : path.toReversed()) {
    const state = states?.get(pool.id) ?? pool.state
    carried = (exactIn ? amountOut : amountIn)(state, zeroForOne, carried)
    if (carried <= 0n) return 0n
  }
  return exactIn ? afterTax(carried, taxOf(taxesBps, path.at(-1)!, 'out')) : carried
}

export type SimulatedRoute =
  | {
      readonly status: 'filled'
      readonly amountIn: bigint
      readonly amountOut: bigint
      readonly legs: readonly Extract<SimulatedPath, { readonly status: 'filled' }>[]
      readonly gas: bigint
      /** Every pool that was swapped through, by id, as the route leaves it. */
      readonly states: ReadonlyMap<string, PoolState>
    }
  | (Extract<SimulatedPath, { readonly status: 'stopped' }> & { readonly leg: number })

/**
 * Legs one after the other, each on the pools as those before left them: legs may share pools, as on the chain.
 *
 * @throws AppError `invalid` naming `amount` for one that no contract accepts
 */
export function simulateRoute(
  legs: readonly { readonly path: Path; readonly amount: bigint }[],
  exact: 'in' | 'out',
  options: SimulateOptions = {},
): SimulatedRoute {
  const states = new Map(options.states)
  const done: Extract<SimulatedPath, { readonly status: 'filled' }>[] = []
  for (const [leg, { path, amount }] of legs.entries()) {
    const one = simulatePath(path, exact, amount, { ...options, states })
    if (one.status === 'stopped') return { ...one, leg }
    for (const { hop, after } of executedHops(path, exact, one, states))
      states.set(hop.pool.id, after)
    done.push(one)
  }
  const sum = (of: (leg: (typeof done)[number]) => bigint): bigint =>
    done.reduce((total, leg) => total + of(leg), 0n)
  return {
    status: 'filled',
    amountIn: sum((leg) => leg.amountIn),
    amountOut: sum((leg) => leg.amountOut),
    legs: done,
    gas: sum((leg) => leg.gas),
    states,
  }
}

/**
 * What a leg does to its pools. A pair cannot be asked for an output: routers work out the input of an exact-out leg and
 * sell it, which gives dust more and so leaves other reserves than the output that was asked for.
 */
function executedHops(
  path: Path,
  exact: 'in' | 'out',
  { amountIn: input, hops }: Extract<SimulatedPath, { readonly status: 'filled' }>,
  states: ReadonlyMap<string, PoolState>,
): readonly SimulatedHop[] {
  if (exact === 'in' || path.every(({ pool }) => pool.state.kind === 'concentrated')) return hops
  const sold = simulatePath(path, 'in', input, { states })
  return sold.status === 'filled' ? sold.hops : hops
}

function taxOf(
  taxesBps: SimulateOptions['taxesBps'],
  { pool, zeroForOne }: Hop,
  side: 'in' | 'out',
): bigint {
  const token = zeroForOne === (side === 'in') ? pool.token0 : pool.token1
  return BigInt(taxesBps?.get(token) ?? 0)
}
