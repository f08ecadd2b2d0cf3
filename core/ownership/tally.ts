import type { Address } from '#core/chain.ts'
import type { Told } from './ask.ts'
import type { Answer, Clause, Reason, TokenFinding, WalletFinding } from './decision.ts'

/** What was found of a leaf, before it is put in its place in the rule. */
export type Finding = Omit<Clause, 'path' | 'kind'>

const reasonOf: Readonly<Record<Exclude<Told['status'], 'value' | 'refused'>, Reason>> = {
  'no-code': 'no-code',
  'no-answer': 'no-answer',
  'odd-answer': 'odd-answer',
  unavailable: 'unavailable',
  'too-many': 'too-many-tokens',
}

/** What is not known of an answer; null where it says something. */
export const unknownOf = ({ status }: Told): Reason | null =>
  status === 'value' || status === 'refused' ? null : reasonOf[status]

/** An amount of an account; a contract that refuses to name one says that there is none. */
export const amountOf = (told: Told): bigint => (told.status === 'value' ? told.value : 0n)

/** The address that an answer is; null where it is none, or the address zero. */
export function ownerOf(told: Told): Address | null {
  if (told.status !== 'value' || told.value === 0n || told.value >> 160n !== 0n) return null
  return `0x${told.value.toString(16).padStart(40, '0')}`
}

/** An address is a word whose upper bytes are zero: another word is no answer of the standard. */
export const asOwner = (told: Told): Told =>
  told.status === 'value' && told.value >> 160n !== 0n ? { status: 'odd-answer' } : told

/**
 * Holds what is known against what is needed. Enough is enough, whatever is not known; less is only less where
 * everything is known.
 *
 * @param shortOf why it is less, where it is
 */
export function tally(
  needed: bigint,
  wallets: readonly WalletFinding[],
  {
    tokens = [],
    unknown = null,
    shortOf = 'too-few',
  }: {
    readonly tokens?: readonly TokenFinding[]
    /** Why it may be more than is known, beside what wallets do not tell. */
    readonly unknown?: Reason | null
    readonly shortOf?: Reason
  } = {},
): Finding {
  const found = wallets.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n)
  const open = unknown ?? wallets.find(({ amount }) => amount === null)?.reason ?? null
  const answer: Answer = found >= needed ? 'yes' : open === null ? 'no' : 'unknown'
  const reason = answer === 'yes' ? 'met' : (open ?? shortOf)
  return { answer, reason, needed, found, wallets, tokens }
}

/** Why a count may be higher than it is; null where it is all. */
export const openOf = ({ answer, reason }: Finding): Reason | null =>
  answer === 'unknown' ? reason : null

/** Nothing of it can be known, whoever asks. */
export const unknownFinding = (
  needed: bigint,
  wallets: readonly Address[],
  reason: Reason,
): Finding => ({
  answer: 'unknown',
  reason,
  needed,
  found: 0n,
  wallets: wallets.map((wallet) => ({ wallet, amount: null, reason })),
  tokens: [],
})
