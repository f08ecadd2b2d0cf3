import type { Address } from '#core/chain.ts'

/** Addresses that nobody has the key of, and that tokens are sent to in order to be rid of them. */
const BURN_ADDRESSES: ReadonlySet<Address> = new Set([
  '0x0000000000000000000000000000000000000000',
  '0x000000000000000000000000000000000000dead',
])

export const isBurnAddress = (address: Address): boolean => BURN_ADDRESSES.has(address)
