import type { Address } from '#core/chain.ts'
import type { Protocol } from '#core/dex/events.ts'

/** A factory: every pool that it creates is followed. */
export type FactorySource = {
  readonly kind: Protocol
  readonly factory: Address
  /** LP fee of every pool, in hundredths of a basis point; null where each pool has its own (V3). */
  readonly feePips: number | null
  readonly startBlock: number | null
}

/** A single pool, followed without a scan of its factory. */
export type PoolSource = {
  readonly kind: 'pool'
  readonly protocol: Protocol
  readonly address: Address
  readonly token0: Address
  readonly token1: Address
  readonly feePips: number
  readonly startBlock: number | null
}
