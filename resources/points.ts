import type { Account } from '#core/ledger/document.ts'
import type { EntryRef } from '#core/ledger/entry.ts'
import type { DoneOperation } from '#core/ledger/expect-done.ts'
import type { Leader } from '#core/ledger/list-leaders.ts'
import type { StatementLine } from '#core/ledger/list-statement.ts'
import type { Operation } from '#core/ledger/operation.ts'
import { bigint, choice, field, hash, int, maybe, resource, text, time } from './resource.ts'

const seconds = (ms: number): number => Math.floor(ms / 1_000)

/** What an account has, or had at a time. */
export type PointsBalance = {
  readonly account: string
  readonly asset: string
  readonly value: Account
  readonly isFrozen: boolean
  /** The entry that made it so; null where it never had any, and for a time in the past. */
  readonly at: EntryRef | null
  /** Milliseconds since 1970; null: now. */
  readonly asOfMs: number | null
}

const standing = choice('PointsStanding', {
  open: { description: 'It may spend.' },
  frozen: { description: 'It can spend nothing until an operator lifts that.' },
})

export const pointsBalance = resource<PointsBalance>(
  'PointsBalance',
  'What an account has of an asset, in raw units.',
  {
    account: field(text, ({ account }) => account),
    asset: field(text, ({ asset }) => asset),
    available: field(bigint, ({ value }) => value.availableRaw, 'Can be spent.'),
    held: field(bigint, ({ value }) => value.heldRaw, 'Put aside for something that is under way.'),
    provisional: field(
      bigint,
      ({ value }) => value.provisionalRaw,
      'Earned, and not confirmed yet.',
    ),
    standing: field(standing, ({ isFrozen }) => (isFrozen ? 'frozen' : 'open'), 'Now.'),
    sequence: maybe(
      int,
      ({ at }) => at?.sequence ?? null,
      'Of the entry of the ledger that made it so; null for a time in the past.',
    ),
    hash: maybe(hash, ({ at }) => at?.hash ?? null, 'Of the same entry.'),
    asOf: maybe(
      time,
      ({ asOfMs }) => (asOfMs === null ? null : seconds(asOfMs)),
      'The time that was asked for; null: now.',
    ),
  },
)

const kinds: Readonly<Record<Operation['kind'], object>> = {
  'set-asset': {},
  grant: {},
  'grant-many': {},
  earn: {},
  confirm: {},
  retract: {},
  spend: {},
  hold: {},
  pin: {},
  settle: {},
  void: {},
  lapse: {},
  expire: {},
  'write-off': {},
  reverse: {},
  note: {},
  freeze: {},
  unfreeze: {},
}

const kind = choice('PointsOperationKind', kinds, 'What was done; docs/points.md says more.')

export const pointsMovement = resource<StatementLine>(
  'PointsMovement',
  'What one operation did to an account, and what it had afterwards, in raw units.',
  {
    id: field(text, ({ id }) => id, 'The operation: whose key it was, and the key.'),
    kind: field(kind, (line) => line.kind as Operation['kind']),
    at: field(time, ({ atMs }) => seconds(atMs)),
    availableDelta: field(bigint, ({ availableDeltaRaw }) => availableDeltaRaw),
    heldDelta: field(bigint, ({ heldDeltaRaw }) => heldDeltaRaw),
    provisionalDelta: field(bigint, ({ provisionalDeltaRaw }) => provisionalDeltaRaw),
    available: field(bigint, ({ after }) => after.availableRaw),
    held: field(bigint, ({ after }) => after.heldRaw),
    provisional: field(bigint, ({ after }) => after.provisionalRaw),
    sequence: field(int, ({ sequence }) => sequence, 'Of its entry of the ledger.'),
    position: field(int, ({ position }) => position, 'Among the operations of the entry.'),
  },
)

export const pointsLeader = resource<Leader>(
  'PointsLeader',
  'An account by what it can spend, in raw units.',
  {
    account: field(text, ({ account }) => account),
    available: field(bigint, ({ availableRaw }) => availableRaw),
  },
)

export const pointsOperation = resource<DoneOperation>(
  'PointsOperation',
  'An operation that was done.',
  {
    id: field(text, ({ id }) => id, 'For a reversal, and as a statement shows it.'),
    sequence: field(int, ({ at }) => at.sequence, 'Of its entry of the ledger.'),
    hash: field(hash, ({ at }) => at.hash, 'Of the same entry.'),
    at: field(time, ({ atMs }) => seconds(atMs)),
  },
)
