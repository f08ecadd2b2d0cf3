import { toHex } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import type { Address, Hex } from '#core/chain.ts'
import { MNEMONIC } from './anvil.ts'

type RelayKey = { readonly address: Address; readonly key: Hex }

/** Accounts of the local chain that the simulation leaves alone. Everybody knows their keys. */
const INDEXES = { sender: 10, voucherSigner: 11 } as const

const keyOf = (addressIndex: number): RelayKey => {
  const account = mnemonicToAccount(MNEMONIC, { addressIndex })
  const key = account.getHdKey().privateKey
  if (!key) throw new Error('an account of a mnemonic has a key')
  return { address: account.address.toLowerCase() as Address, key: toHex(key) }
}

/** Who sends spends of points on the local chain, and who signs vouchers for them. */
export const relayKeys: Readonly<Record<keyof typeof INDEXES, RelayKey>> = {
  sender: keyOf(INDEXES.sender),
  voucherSigner: keyOf(INDEXES.voucherSigner),
}
