import { assert } from '#core/errors.ts'
import { BALANCE_MAX_RAW } from './check-request.ts'
import { dayOf } from './decide.ts'
import { type Account, accountId, emptyAccount, type Hold, systemId } from './document.ts'
import type { Bucket, OperationRecord, Posting, SystemAccount } from './entry.ts'
import { operationId } from './operation.ts'
import type { Movement } from './ports.ts'
import { toText } from './text.ts'
import type { WorkingSet } from './working-set.ts'

/** Where an operation stands in the log. */
export type OperationPlace = {
  readonly sequence: number
  readonly position: number
  readonly atMs: number
  /** Stands for all that was asked for. */
  readonly request: string
}

/**
 * Brings documents behind an operation. Each one follows from its own value before and from the record alone, so that
 * where some are there already, the others are brought forward without them.
 *
 * @returns what the operation did to accounts; those that are ahead have it already
 */
export function evolve(
  set: WorkingSet,
  { scope, key, operation, outcome }: OperationRecord,
  { sequence, position, atMs, request }: OperationPlace,
): Movement[] {
  const id = operationId(scope, key)
  set.update('key', id, () => ({ request, kind: operation.kind, position, atMs, outcome }))
  if (outcome.status === 'refused') return []
  switch (operation.kind) {
    case 'set-asset': {
      const { kind: _, asset, ...policy } = operation
      set.update('asset', asset, () => policy)
      break
    }
    case 'earn':
    case 'hold': {
      const { asset, account, amountRaw } = operation
      const leaseMs = operation.kind === 'hold' ? operation.leaseMs : null
      set.update('hold', id, () => ({
        asset,
        account,
        amountRaw,
        bucket: operation.kind === 'hold' ? 'held' : 'provisional',
        leaseUntilMs: leaseMs === null ? null : atMs + leaseMs,
        state: 'open',
        resolvedBy: null,
      }))
      break
    }
    case 'pin':
      set.update('hold', operation.hold, (hold) => ({ ...there(hold), leaseUntilMs: null }))
      break
    case 'settle':
    case 'void':
    case 'lapse':
      resolve(set, operation.hold, ENDS[operation.kind], id)
      break
    case 'confirm':
    case 'retract':
      resolve(set, operation.earning, ENDS[operation.kind], id)
      break
    case 'reverse':
      set.update('reversal', operation.operation, () => ({ by: id }))
      break
    case 'freeze':
    case 'unfreeze': {
      const { memo } = operation
      const isFrozen = operation.kind === 'freeze'
      set.update('standing', operation.account, () => ({ isFrozen, memo }))
      break
    }
    case 'grant':
    case 'grant-many':
    case 'spend':
    case 'expire':
    case 'write-off':
    case 'note':
      break
    default:
      operation satisfies never
  }
  return post(set, outcome.postings, { id, kind: operation.kind, sequence, position, atMs })
}

const ENDS = {
  settle: 'settled',
  void: 'voided',
  lapse: 'lapsed',
  confirm: 'confirmed',
  retract: 'retracted',
} as const

function there(hold: Hold | undefined): Hold {
  assert(hold?.state === 'open', 'a hold is resolved once')
  return hold
}

const resolve = (set: WorkingSet, hold: string, state: Hold['state'], resolvedBy: string): void =>
  set.update('hold', hold, (value) => ({ ...there(value), state, resolvedBy }))

type PostingContext = {
  readonly id: string
  readonly kind: string
  readonly sequence: number
  readonly position: number
  readonly atMs: number
}

function post(
  set: WorkingSet,
  postings: readonly Posting[],
  { id, kind, sequence, position, atMs }: PostingContext,
): Movement[] {
  /** Accounts as they were before. */
  const touched = new Map<string, { asset: string; account: string; before: Account }>()
  for (const posting of postings)
    for (const [place, sign] of [
      [posting.from, -1n],
      [posting.to, 1n],
    ] as const) {
      const { asset, amountRaw } = posting
      if (place.startsWith('@')) {
        const name = place.slice(1) as SystemAccount
        set.update('system', systemId(asset, name), (value) => ({
          balanceRaw: (value?.balanceRaw ?? 0n) + sign * amountRaw,
        }))
        continue
      }
      const slash = place.indexOf('/')
      const account = place.slice(0, slash)
      const bucket = place.slice(slash + 1) as Bucket
      const name = accountId(asset, account)
      if (!touched.has(name))
        touched.set(name, { asset, account, before: set.read('account', name) ?? emptyAccount })
      set.update('account', name, (value = emptyAccount) =>
        moved(value, bucket, sign * amountRaw, sign < 0n ? posting.to : posting.from, atMs),
      )
    }
  const movements: Movement[] = []
  for (const [name, { asset, account, before }] of touched) {
    if (set.isAhead('account', name)) continue
    const after = set.read('account', name) ?? emptyAccount
    const body = toText(movementBody(id, kind, before, after))
    movements.push({ asset, account, sequence, position, atMs, body })
  }
  return movements
}

/** A movement as people read it. Amounts behind `after` are those of the account when the operation was done. */
export type MovementBody = {
  readonly id: string
  readonly kind: string
  readonly availableDeltaRaw: bigint
  readonly heldDeltaRaw: bigint
  readonly provisionalDeltaRaw: bigint
  readonly after: Account
}

const movementBody = (id: string, kind: string, before: Account, after: Account): MovementBody => ({
  id,
  kind,
  availableDeltaRaw: after.availableRaw - before.availableRaw,
  heldDeltaRaw: after.heldRaw - before.heldRaw,
  provisionalDeltaRaw: after.provisionalRaw - before.provisionalRaw,
  after,
})

/** @param other the other end of the posting */
function moved(
  account: Account,
  bucket: Bucket,
  delta: bigint,
  other: Posting['from'],
  atMs: number,
): Account {
  if (bucket === 'held') return { ...account, heldRaw: inRange(account.heldRaw + delta) }
  if (bucket === 'provisional')
    return { ...account, provisionalRaw: inRange(account.provisionalRaw + delta) }
  const availableRaw = inRange(account.availableRaw + delta)
  const isSpending = other.endsWith('/held') || other === '@redeemed' || other === '@fees'
  const day = dayOf(atMs)
  const spent = account.day === day ? account.spentInDayRaw : 0n
  const spentInDayRaw = isSpending ? (spent - delta > 0n ? spent - delta : 0n) : spent
  const counted = { ...account, availableRaw, day, spentInDayRaw }
  const isNew = other === '@issuance' || other.endsWith('/provisional')
  return delta > 0n && isNew
    ? { ...counted, creditedRaw: account.creditedRaw + delta }
    : { ...counted, debitedRaw: account.debitedRaw - delta }
}

function inRange(balance: bigint): bigint {
  assert(balance >= 0n && balance <= BALANCE_MAX_RAW, 'a balance of a user is never below 0')
  return balance
}
