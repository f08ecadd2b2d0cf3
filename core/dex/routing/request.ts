import type { Address } from '#core/chain.ts'
import type { Rational } from '#core/dex/protocols/protocols.ts'
import type { Route, RouteLeg } from './route.ts'

/** Hops of a path, at most: beyond four each adds cost to the search and, in practice, nothing to the price. */
export const HOPS_MAX = 4
export const HOPS_DEFAULT = 3
/** Parts of an amount that is split, at most: steps of 5 %. */
export const PARTS_MAX = 20
/** Next best paths that an answer lists, at most. */
export const ALTERNATIVES_MAX = 10

/** What is to be swapped. */
export type RouteRequest = {
  readonly tokenIn: Address
  readonly tokenOut: Address
  /** Which side `amount` fixes. The other side is what is quoted, and what routes are ranked by. */
  readonly exact: 'in' | 'out'
  /** More than 0, raw units: of `tokenIn` for exact in, of `tokenOut` for exact out. */
  readonly amount: bigint
  /** 1 to `HOPS_MAX`. */
  readonly maxHops?: number
  /**
   * Raw units of the quoted token (`tokenOut` for exact in, `tokenIn` for exact out) that a unit of gas costs. With
   * it routes are ranked by the quoted amount after gas, without it by the amount alone.
   */
  readonly gasPrice?: Rational
  /**
   * Basis points that a token keeps of every transfer. Such a token is sold or bought, never passed through, and only
   * by Uniswap V2, whose router measures what arrives; and only exact in, as no router supports the other.
   */
  readonly taxesBps?: ReadonlyMap<Address, number>
}

export type FindRouteRequest = RouteRequest & {
  /** How many equal parts the amount may be split into: 1 (a single path) to `PARTS_MAX`. Default: 1. */
  readonly parts?: number
  /** How many next best single paths to list: 0 to `ALTERNATIVES_MAX`. Default: 0; each makes the search longer. */
  readonly alternatives?: number
}

/** A whole amount through a single path. */
export type RankedPath = RouteLeg & {
  /** Units of gas, estimated. */
  readonly gas: bigint
}

export type Alternative = RankedPath & {
  /** What it gives less, or costs more, than the route: raw units of the quoted token, after gas, rounded up. */
  readonly loss: bigint
}

/**
 * `beyond`: ids of pools whose known ticks end before the swap does, on the way of a single path that might have been as
 * good as the worst of those asked for, or in a leg of a split that would have taken another part. While it is empty, the
 * best single path is the best whatever the ticks that are not loaded. To find out: load more of them and search again.
 */
export type RouteOutcome =
  | {
      readonly status: 'filled'
      readonly route: Route
      readonly alternatives: readonly Alternative[]
      readonly beyond: ReadonlySet<string>
    }
  | {
      readonly status: 'no-route'
      /**
       * `not-connected`: no pools with a price lead from one to the other within the hops. `taxed`: they do, but not
       * with the tax of a token. `too-small`: the amount buys nothing, a larger one would.
       */
      readonly reason: 'not-connected' | 'taxed' | 'too-small'
      readonly beyond: ReadonlySet<string>
    }
  | {
      readonly status: 'insufficient-liquidity'
      /** The most that a single path carries; both 0 where none carries anything. */
      readonly largest: { readonly amountIn: bigint; readonly amountOut: bigint }
      readonly beyond: ReadonlySet<string>
    }
