import { AppError, type ErrorKind } from '#core/errors.ts'
import type { Receipt } from './append.ts'
import type { EntryRef, Refusal } from './entry.ts'
import type { OperationId } from './operation.ts'

/** An operation that was done, and where that is written. */
export type DoneOperation = {
  readonly id: OperationId
  readonly at: EntryRef
  /** Milliseconds since 1970. */
  readonly atMs: number
}

const REMEDIES: Readonly<Record<Refusal, string>> = {
  'account-frozen': 'the account is frozen; ask the operator',
  'already-reversed': 'the operation was reversed before',
  'amount-above-hold': 'the amount is more than was put aside; settle up to that',
  'balance-limit': 'the account would have more than one may; give less',
  'day-limit':
    'the account would spend more today than it may; try again tomorrow (UTC), or with less',
  'hold-not-due': 'the lease of the hold has not ended; wait for it, or void it',
  'hold-resolved': 'the hold came to its end before',
  'insufficient-points': 'the account has too few points; take less',
  'not-reversible':
    'the operation was refused, or has an end of its own; name a grant, a spend or an expiry',
  'nothing-to-expire': 'no points of the account are old enough any more',
  'spend-limit': 'that is more than one operation may spend; take less',
  'supply-limit': 'more points would be out than may be; give less',
  'unknown-asset': 'there is no such asset; an operator makes one with halyard points asset',
  'unknown-hold': 'there is no such hold',
  'unknown-operation': 'there is no such operation; name one as a statement shows it',
}

const kindOf = (code: Refusal): ErrorKind =>
  code.startsWith('unknown-') ? 'not-found' : 'conflict'

/**
 * What became of a request, where that is to be nothing but done. A refusal was recorded, and is the answer of its key for
 * good: its code is the reason of the error.
 *
 * @throws AppError `conflict` or `not-found` with the refusal as its reason; `conflict` with the reason `key-reused` where
 *   the key was used for another request
 */
export function expectDone(receipt: Receipt): DoneOperation {
  if (receipt.status === 'key-reused') throw keyReused()
  const { id, at, atMs, outcome } = receipt
  if (outcome.status === 'done') return { id, at, atMs }
  throw refusedBy(outcome.code)
}

export const keyReused = (): AppError =>
  new AppError('conflict', 'key: it was used for another request; make a new one', {
    details: { field: 'key', reason: 'key-reused' },
    audience: 'client',
  })

/** What a client is told of a refusal of the ledger. */
export const refusedBy = (code: Refusal): AppError =>
  new AppError(kindOf(code), REMEDIES[code], { details: { reason: code }, audience: 'client' })
