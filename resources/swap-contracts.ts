import type { Address } from '#core/chain.ts'
import { address, field, int, maybe, resource } from './resource.ts'

export type SwapContracts = {
  readonly chainId: number
  readonly router: Address | null
  readonly native: Address
  readonly wrappedNative: Address | null
}

export const swapContracts = resource<SwapContracts>(
  'SwapContracts',
  'The addresses that a client needs to trade with quotes.',
  {
    chainId: field(int, ({ chainId }) => chainId),
    router: maybe(
      address,
      ({ router }) => router,
      'The router: transactions are sent to it, and it must be approved to spend the token that is sold. Null where none is configured: quotes then have no transaction.',
    ),
    native: field(
      address,
      ({ native }) => native,
      'The address that stands for the chain’s own currency in quotes; no contract is there.',
    ),
    wrappedNative: maybe(
      address,
      ({ wrappedNative }) => wrappedNative,
      'The token that the native currency is wrapped into; null where none is configured.',
    ),
  },
)
