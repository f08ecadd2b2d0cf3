import { z } from 'zod'
import type { Address } from '#core/chain.ts'
import { ADDRESS, oneOf, type Want, words } from './words.ts'

/** Wallets of one person. */
export const WALLETS_MAX = 50

const WALLETS: Want = {
  want: `a list of 1 to ${WALLETS_MAX} addresses`,
  example: `["${ADDRESS.example}"]`,
}

export const walletsOf = <A extends z.ZodType<Address>>(address: A) =>
  z.array(address, words(WALLETS)).min(1, words(WALLETS)).max(WALLETS_MAX, words(WALLETS))

const FINALITIES = ['latest', 'safe', 'finalized'] as const

export const finality = z.enum(FINALITIES, words(oneOf(FINALITIES)))
