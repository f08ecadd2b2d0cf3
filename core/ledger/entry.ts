import type { Hash } from '#core/chain.ts'
import { damagedRecords } from './damaged.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { Operation, OperationRequest } from './operation.ts'
import { toText, withAmounts } from './text.ts'

/** Parts of a user's balance. `provisional` points cannot be spent yet, `held` ones are put aside. */
export type Bucket = 'available' | 'held' | 'provisional'

/**
 * Accounts of the ledger itself. Points come from `issuance`, which is therefore below 0, as `losses` is: what was spent and
 * nobody has paid.
 */
export type SystemAccount = 'issuance' | 'redeemed' | 'fees' | 'expired' | 'losses'

/** `alice/available`, or `@issuance`. */
export type PostingPlace = `${string}/${Bucket}` | `@${SystemAccount}`

/** An amount that goes from one place to another: both legs of it. */
export type Posting = {
  readonly asset: string
  readonly from: PostingPlace
  readonly to: PostingPlace
  readonly amountRaw: bigint
}

/** Why an operation was not done. The set is closed; clients act on these words. */
export type Refusal =
  | 'account-frozen'
  | 'already-reversed'
  | 'amount-above-hold'
  | 'balance-limit'
  | 'day-limit'
  | 'insufficient-points'
  | 'not-reversible'
  | 'nothing-to-expire'
  | 'hold-not-due'
  | 'hold-resolved'
  | 'spend-limit'
  | 'supply-limit'
  | 'unknown-asset'
  | 'unknown-hold'
  | 'unknown-operation'

/** What became of an operation, for good. */
export type Outcome =
  | { readonly status: 'done'; readonly postings: readonly Posting[] }
  | { readonly status: 'refused'; readonly code: Refusal }

export type OperationRecord = OperationRequest & { readonly outcome: Outcome }

/** An entry by its place and its content. */
export type EntryRef = { readonly sequence: number; readonly hash: Hash }

/** One insert into the log of a ledger: some operations, all of them or none. */
export type Entry = EntryRef & {
  readonly ledger: string
  /** Milliseconds since 1970; never before that of the entry before. */
  readonly atMs: number
  /** Of the entry before. */
  readonly previous: Hash
  readonly operations: readonly OperationRecord[]
}

/** An entry as it is stored. `body` is what the hash is of. */
export type StoredEntry = EntryRef & {
  readonly ledger: string
  readonly atMs: number
  readonly body: string
}

/** The form of what is hashed. Older forms stay readable for good. */
const FORM = 1

/** Before the first entry. */
export const originOf = (sha256: Sha256, ledger: string): EntryRef => ({
  sequence: 0,
  hash: sha256(`halyard ledger\n${ledger}`),
})

/** The body is an array, so that its text depends on nothing but the values. */
export function sealEntry(
  sha256: Sha256,
  { ledger, sequence, atMs, previous, operations }: Omit<Entry, 'hash'>,
): StoredEntry {
  const lines = operations.map(({ scope, key, actor, operation, outcome }) => [
    scope,
    key,
    actor,
    operation,
    outcome,
  ])
  const body = toText([FORM, ledger, sequence, atMs, previous, lines])
  return { ledger, sequence, atMs, hash: sha256(body), body }
}

type Line = [string, string, string, Operation, Outcome]
type Body = [number, string, number, number, Hash, Line[]]

/** By the places that amounts are in: an audit reads a million entries, and to look for them everywhere takes it as long as all else. */
function readAmounts([, , , operation, outcome]: Line): void {
  withAmounts(operation)
  if (outcome.status === 'done')
    for (const posting of outcome.postings as unknown as { amountRaw: bigint | string }[])
      posting.amountRaw = BigInt(posting.amountRaw)
}

/** @throws AppError `unavailable` where it is not what was stored */
export function openEntry({ ledger, sequence, hash, body }: StoredEntry): Entry {
  const damaged = (cause?: unknown) =>
    damagedRecords(`entry ${sequence} of ledger ${ledger} cannot be read`, cause)
  let read: Body
  try {
    read = JSON.parse(body) as Body
    if (Array.isArray(read)) for (const line of read[5]) readAmounts(line)
  } catch (cause) {
    throw damaged(cause)
  }
  if (!Array.isArray(read) || read[0] !== FORM) throw damaged()
  const [, ownLedger, ownSequence, atMs, previous, lines] = read
  if (ownLedger !== ledger || ownSequence !== sequence) throw damaged()
  const operations = lines.map(([scope, key, actor, operation, outcome]) => ({
    scope,
    key,
    actor,
    operation,
    outcome,
  }))
  return { ledger, sequence, hash, atMs, previous, operations }
}
