import type { Address } from '#core/chain.ts'
import type { Protocol, SolidlyProtocol } from '#core/dex/event-bodies.ts'
import type { PoolProtocol } from '#core/dex/pool.ts'

/** A factory: every pool that it creates is followed. */
export type FactorySource = {
  readonly kind: Exclude<Protocol, SolidlyProtocol | 'uniswap-v4'>
  readonly factory: Address
  /** LP fee of every pool, in hundredths of a basis point; null where each pool has its own (V3). */
  readonly feePips: number | null
  readonly startBlock: number | null
}

/** A factory of pairs of Solidly's design. */
export type SolidlySource = {
  readonly kind: SolidlyProtocol
  readonly factory: Address
  /** What its pairs charge until a swap tells their fee, in hundredths of a basis point. */
  readonly volatileFeePips: number
  readonly stableFeePips: number
  readonly startBlock: number | null
}

/** A single pool, followed without a scan of its factory. */
export type PoolSource = {
  readonly kind: 'pool'
  readonly protocol: Exclude<PoolProtocol, 'uniswap-v4'>
  readonly address: Address
  readonly token0: Address
  readonly token1: Address
  readonly feePips: number
  readonly startBlock: number | null
}
