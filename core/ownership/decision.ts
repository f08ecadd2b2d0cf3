import type { Address, BlockRef } from '#core/chain.ts'
import type { RuleKind } from './rule.ts'

/** `unknown` neither grants nor revokes anything. */
export type Answer = 'yes' | 'no' | 'unknown'

/**
 * Why a clause has its answer.
 *
 * - `met`: enough is held, or the parts agree.
 * - `delegated`: enough is held, some of it by accounts that have delegated it to a wallet.
 * - `too-few`: everything that was asked about was told, and it is less than needed.
 * - `held-too-short`: enough is held, but not for long enough.
 * - `escrowed`: another contract holds the token, and none that the configuration lists for its collection.
 * - `excluded`: what must not be held is held.
 * - `no-code`: there is no contract at the address.
 * - `wrong-interface`: the contract does not say that it is of the kind that the rule takes it for.
 * - `no-answer`: the contract gave up without a reason, as one does that runs out of gas.
 * - `odd-answer`: the contract answered something that its standard does not allow.
 * - `not-indexed`: only the transfers of the collection could tell, and they are not indexed.
 * - `index-behind`: the index is too far behind the block that was asked for, or does not go back to it.
 * - `index-incomplete`: the index does not have all transfers that the contract's balances come from.
 * - `too-many-tokens`: more tokens would have to be looked at than one decision may.
 * - `metadata-not-kept`: only what tokens say of themselves could tell, and it is not kept.
 * - `metadata-unknown`: what a token says of itself was not fetched, or may have changed since.
 * - `unavailable`: no node could be asked at the block.
 */
export type Reason =
  | 'met'
  | 'delegated'
  | 'too-few'
  | 'held-too-short'
  | 'escrowed'
  | 'excluded'
  | 'no-code'
  | 'wrong-interface'
  | 'no-answer'
  | 'odd-answer'
  | 'not-indexed'
  | 'index-behind'
  | 'index-incomplete'
  | 'too-many-tokens'
  | 'metadata-not-kept'
  | 'metadata-unknown'
  | 'unavailable'

/** How sure the chain has to be of the block that a decision is made at. */
export type Finality = 'latest' | 'safe' | 'finalized'

/** `timestamp` in seconds since 1970. */
export type TimedBlock = BlockRef & { readonly timestamp: number }

/** What one wallet adds. `amount` null: it is not known, for `reason`. */
export type WalletFinding = {
  readonly wallet: Address
  readonly amount: bigint | null
  readonly reason: Reason | null
  /** Where it is not the person's own: the wallet that it has delegated to. */
  readonly delegate?: Address
}

/**
 * What a token says of itself, as it was stored when it counted. It is read beside the chain, a moment after it changes:
 * whoever holds a decision against it can tell which document it stands on.
 */
export type ReadDocument = {
  /** The block that the contract named it at; null where that is not known. */
  readonly block: BlockRef | null
  /** In milliseconds since 1970; null likewise. */
  readonly fetchedAtMs: number | null
}

/** A token that counted. `escrow`: the contract that holds it for the wallet. `since`: the block that it came with. */
export type TokenFinding = {
  readonly tokenId: bigint
  readonly wallet: Address
  readonly escrow: Address | null
  readonly since: number | null
  /** Of a rule on traits. */
  readonly document?: ReadDocument
}

/** What was found of one part of a rule. */
export type Clause = {
  /** Where it stands in the rule, as the client wrote it: `rule.all[0].erc721`. */
  readonly path: string
  readonly kind: RuleKind
  readonly answer: Answer
  readonly reason: Reason
  /** Tokens or units that are needed, or parts that have to be met. */
  readonly needed: bigint
  /** As much of it as is known to be there. */
  readonly found: bigint
  readonly wallets: readonly WalletFinding[]
  /** Of a rule that names tokens: those that counted, as far as they were looked up. */
  readonly tokens: readonly TokenFinding[]
}

/** An answer with all that it stands on. */
export type Decision = {
  readonly answer: Answer
  readonly reason: Reason
  readonly finality: Finality
  /** The block that everything was read at; null where no node could be asked for it. */
  readonly block: TimedBlock | null
  /** The parts of the rule: each before what it is made of. */
  readonly clauses: readonly Clause[]
}
