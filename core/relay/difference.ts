import type { Address, Hash } from '#core/chain.ts'
import type { OperationRequest } from '#core/ledger/operation.ts'

/**
 * How the ledger and the chain differ.
 *
 * - `spent-and-open`: the chain spent it, and its points are still put aside: nobody has looked since, or nobody could
 * - `spent-and-returned`: the chain spent what was given back: the hold was ended by hand, or records were restored
 * - `spent-otherwise`: the chain spent another amount than was put aside: somebody else has the role of a spender
 * - `unknown-spend`: the chain spent what the ledger knows nothing of: records were restored, or somebody else is a spender
 * - `cancelled-and-open`, `cancelled-and-settled`: the chain has it as cancelled
 * - `settled-and-unspent`: the relay has settled it, and the chain has not spent it: a final block was taken back. What somebody
 *   else settles is none of the chain's
 */
export const differenceCauses = [
  'spent-and-open',
  'spent-and-returned',
  'spent-otherwise',
  'unknown-spend',
  'cancelled-and-open',
  'cancelled-and-settled',
  'settled-and-unspent',
] as const
type DifferenceCause = (typeof differenceCauses)[number]

/** One difference. Amounts in raw units. */
export type Difference = {
  readonly cause: DifferenceCause
  readonly operation: Hash
  /** The hold; null: there is none. */
  readonly hold: string | null
  readonly account: string | null
  readonly wallet: Address | null
  readonly heldRaw: bigint | null
  readonly spentRaw: bigint | null
  readonly blockNumber: number | null
  /** `possible`: an entry would mend it. `none`: a person has to decide. */
  readonly repair: 'done' | 'possible' | 'none'
  /** Why an entry cannot mend it. */
  readonly why: string | null
}

/** Causes where the ledger has taken points that the chain has not spent. */
export const isUnspent = ({ cause }: Pick<Difference, 'cause'>): boolean =>
  cause === 'settled-and-unspent' || cause === 'cancelled-and-settled'

/** A difference, and what would mend it. */
export type FoundDifference = Omit<Difference, 'repair' | 'why'> & {
  readonly mend: OperationRequest | null
  /** Why there is none. */
  readonly why?: string
}
