import type { Address } from '#core/chain.ts'
import type { PoolTerms } from './ports.ts'

/** The router that transactions are made for: Uniswap's SwapRouter02, or a fork that takes the same calls. */
export type RouterSetting = {
  readonly address: Address
  /** It derives the addresses of pools from these: others' pools it cannot reach. Null: not known. */
  readonly factoryV2: Address | null
  readonly factoryV3: Address | null
}

export type QuoteSettings = {
  readonly chainId: number
  readonly router: RouterSetting | null
  /** What gas is paid in, as a token; null: routes are ranked without gas. */
  readonly wrappedNative: Address | null
  /** Tokens that routes pass through where there are too many pools to look at them all. */
  readonly hubs: readonly Address[]
  /** Pools that no event tells of. */
  readonly pools: readonly PoolTerms[]
}
