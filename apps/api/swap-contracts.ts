import { NATIVE } from '#core/dex/native.ts'
import type { SwapContracts } from '#resources/swap-contracts.ts'
import type { ChainConfig } from './config.ts'

export const swapContractsOf = ({ chain, quotes }: ChainConfig): SwapContracts => ({
  chainId: chain.id,
  router: quotes.router,
  native: NATIVE,
  wrappedNative: quotes.wrappedNative,
})
