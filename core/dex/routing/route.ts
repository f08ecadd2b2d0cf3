import type { Address } from '#core/chain.ts'
import type { Protocol } from '#core/dex/event-bodies.ts'
import type { PoolState } from '#core/dex/protocols/state.ts'

/** Pool designs that can be swapped through. */
export type SwapProtocol = Protocol

/** A pool as routes see it. */
export type RoutePool = {
  /** Its address, or the id of a V4 pool; names it and breaks ties. */
  readonly id: string
  readonly protocol: SwapProtocol
  readonly token0: Address
  readonly token1: Address
  readonly state: PoolState
}

/** One swap of a path. */
export type Hop = { readonly pool: RoutePool; readonly zeroForOne: boolean }

/** Hops from the token that is sold to the one that is bought, each of another pool. */
export type Path = readonly Hop[]

/** A path and how much goes through it. Raw units. */
export type RouteLeg = {
  readonly path: Path
  readonly amountIn: bigint
  readonly amountOut: bigint
}

/**
 * Legs in the order in which they are executed; together they carry the whole amount. Legs may pass the same pool: the
 * amounts of each are those that it moves on the pools as the legs before it have left them.
 */
export type Route = {
  readonly legs: readonly RouteLeg[]
  readonly amountIn: bigint
  readonly amountOut: bigint
  /** Units of gas, as estimated from its hops. */
  readonly gas: bigint
}
