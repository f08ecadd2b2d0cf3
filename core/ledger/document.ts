import type { AssetPolicy, OperationId } from './operation.ts'
import { damagedRecords } from './damaged.ts'
import type { EntryRef, Outcome, SystemAccount } from './entry.ts'
import { fromText } from './text.ts'

/** What follows from the log, and is kept beside it so that nobody has to read all of it. */
export type DocumentKind = keyof Values

/** A document, named by its kind and id. `at`: the newest entry that has changed it. */
export type LedgerDocument = {
  readonly kind: DocumentKind
  readonly id: string
  readonly at: EntryRef
  readonly body: string
  /** Where it stands in a list by amount; null: in none. */
  readonly rank: { readonly board: string; readonly valueRaw: bigint } | null
}

export type DocumentName = { readonly kind: DocumentKind; readonly id: string }

/** An account's balance of one asset, in raw units. */
export type Account = {
  readonly availableRaw: bigint
  readonly heldRaw: bigint
  readonly provisionalRaw: bigint
  /** All that was ever given to it for spending. */
  readonly creditedRaw: bigint
  /** All that has left `available` and did not come back. */
  readonly debitedRaw: bigint
  /** Days since 1970 (UTC), and what was spent and put aside on the newest of them. */
  readonly day: number
  readonly spentInDayRaw: bigint
}

/** Points put aside, or earned and not confirmed yet. */
export type Hold = {
  readonly asset: string
  readonly account: string
  readonly amountRaw: bigint
  readonly bucket: 'held' | 'provisional'
  /** Milliseconds since 1970; null: it does not lapse. */
  readonly leaseUntilMs: number | null
  readonly state: 'open' | 'settled' | 'voided' | 'lapsed' | 'confirmed' | 'retracted'
  readonly resolvedBy: OperationId | null
}

/** What a key was used for. */
type KeyUse = {
  /** Stands for all that was asked for. */
  readonly request: string
  readonly kind: string
  /** Among the operations of its entry, from 0. */
  readonly position: number
  readonly atMs: number
  readonly outcome: Outcome
}

/** The values by the kind of document. */
export type Values = {
  account: Account
  asset: AssetPolicy
  hold: Hold
  key: KeyUse
  /** Everything up to its entry has been applied to all other documents. */
  mark: null
  reversal: { readonly by: OperationId }
  standing: { readonly isFrozen: boolean; readonly memo: string }
  system: { readonly balanceRaw: bigint }
}

export const emptyAccount: Account = {
  availableRaw: 0n,
  heldRaw: 0n,
  provisionalRaw: 0n,
  creditedRaw: 0n,
  debitedRaw: 0n,
  day: 0,
  spentInDayRaw: 0n,
}

/** Assets and accounts hold no slash. */
export const accountId = (asset: string, account: string): string => `${asset}/${account}`
export const systemId = (asset: string, account: SystemAccount): string => `${asset}/${account}`
export const markName: DocumentName = { kind: 'mark', id: 'applied' }

/** @throws AppError `unavailable` where it is not what was stored */
export function valueOf<K extends DocumentKind>(
  kind: K,
  { id, body }: Pick<LedgerDocument, 'id' | 'body'>,
): Values[K] {
  try {
    return fromText(body) as Values[K]
  } catch (cause) {
    throw damagedRecords(`the ${kind} ${id} of a ledger cannot be read`, cause)
  }
}
