import type { Address } from '#core/chain.ts'
import { NATIVE } from '#core/dex/native.ts'
import type { Config } from './config.ts'

/** The addresses that a client needs to trade with quotes: what to approve, and what stands for the native currency. */
export type SwapContracts = {
  readonly chainId: number
  /** What transactions are sent to, and what has to be allowed to take the token that is sold. */
  readonly router: Address | null
  readonly native: Address
  readonly wrappedNative: Address | null
}

export const swapContractsOf = ({ chain, quotes }: Config): SwapContracts => ({
  chainId: chain.id,
  router: quotes.router,
  native: NATIVE,
  wrappedNative: quotes.wrappedNative,
})
