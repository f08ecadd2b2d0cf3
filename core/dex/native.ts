import { type Address, ZERO_ADDRESS } from '#core/chain.ts'

/** The chain's own currency in the place of a token: as Uniswap V4 names it, `currency0` of its pools. */
export const NATIVE: Address = ZERO_ADDRESS

/**
 * What pools trade for a token that is asked for: the native currency is wrapped on its way into them, and unwrapped on
 * its way out. Pools of the native currency itself (V4) are counted as pools of the wrapped token, which is worth the
 * same.
 */
export const asTraded = (token: Address, wrappedNative: Address | null): Address =>
  token === NATIVE && wrappedNative !== null ? wrappedNative : token
