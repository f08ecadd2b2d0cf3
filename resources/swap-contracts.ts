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
      'What transactions are sent to, and what has to be allowed to take the token that is sold. Null: none are made.',
    ),
    native: field(
      address,
      ({ native }) => native,
      'Stands for the chain’s own currency in quotes; there is no contract.',
    ),
    wrappedNative: maybe(
      address,
      ({ wrappedNative }) => wrappedNative,
      'The token that the native currency is wrapped into; null where none is configured.',
    ),
  },
)
