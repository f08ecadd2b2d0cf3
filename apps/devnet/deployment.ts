import type { Address } from '#core/chain.ts'
import type { Protocol } from '#core/dex/event-bodies.ts'

export type DevToken = {
  readonly address: Address
  readonly symbol: string
  readonly name: string
  readonly decimals: number
  /** What one whole token is worth in dollars, on average over time. */
  readonly usd: number
  /** How far its value strays from that, as a share of it. */
  readonly swing: number
}

export type DevPool = {
  readonly protocol: Protocol
  readonly address: Address
  readonly token0: DevToken
  readonly token1: DevToken
  /** LP fee in hundredths of a basis point: 3000 = 0.30 %. */
  readonly feePips: number
  /** V3 only. */
  readonly tickSpacing: number | null
}

/** What stands on the local chain. */
export type Deployment = {
  readonly chainId: number
  /** The block of the first contract; nothing happened before it. */
  readonly startBlock: number
  /** Created everything and mints NFTs. */
  readonly deployer: Address
  /** Own tokens and NFTs, and trade them. */
  readonly traders: readonly Address[]
  readonly weth: Address
  readonly v2Factory: Address
  readonly v2Router: Address
  readonly v3Factory: Address
  readonly v3Router: Address
  readonly positionManager: Address
  readonly quoter: Address
  /** SwapRouter02, over V2 and V3. */
  readonly swapRouter: Address
  readonly tickLens: Address
  /** ERC-721. */
  readonly collection: Address
  /** ERC-1155, with the ids 1 to `MULTI_TOKEN_IDS`. */
  readonly multiToken: Address
  /** Spends of points; the deployer is its admin and spends. */
  readonly points: Address
  /** The same of points that are `pointsToken`, an ERC-20, and of points that are the id 1 of `multiToken`. */
  readonly erc20Points: Address
  readonly erc1155Points: Address
  /** 6 decimals; the deployer has all of it, and lets `erc20Points` move it. */
  readonly pointsToken: Address
  readonly tokens: readonly DevToken[]
  readonly pools: readonly DevPool[]
}

export const MULTI_TOKEN_IDS = 24

/** So much of a token, in its smallest unit, rounded down. */
export const amountRaw = (token: DevToken, usd: number): bigint =>
  BigInt(Math.floor((usd / token.usd) * 10 ** token.decimals))
