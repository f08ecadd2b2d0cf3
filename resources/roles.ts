import type { Evidence, RoleChange, RoleFailure, RoleReason, RoleState } from '#core/guild/ports.ts'
import { reasonMembers } from './ownership.ts'
import { choice, field, hash, int, maybe, resource, text, time } from './resource.ts'

const roleReason = choice<RoleReason>('RoleReason', {
  ...reasonMembers,
  'not-linked': { description: 'No person has linked the account any more.' },
  'no-rule': { description: 'No rule names the role any more.' },
})

const standing = choice('RoleStandingKind', { given: {}, 'not-given': {} })

const change = choice<RoleChange['change']>('RoleChangeKind', { granted: {}, removed: {} })

const evidence = resource<Evidence>('RoleEvidence', 'What a change of a role stood on.', {
  chainId: field(int, ({ chainId }) => chainId),
  blockNumber: field(int, ({ block }) => block.number),
  blockHash: field(hash, ({ block }) => block.hash),
  rule: field(text, ({ rule }) => rule, 'The whole rule, as JSON.'),
  decision: field(
    text,
    ({ decision }) => decision,
    'The whole decision with what was found of each part, as JSON.',
  ),
})

/** A role that was given or taken. */
export const roleChange = resource<RoleChange>(
  'RoleChange',
  'A role of a guild that was given to a Discord account or taken from it, and why.',
  {
    id: field(text, ({ id }) => id),
    guild: field(text, ({ guild }) => guild),
    role: field(text, ({ role }) => role),
    account: field(text, ({ account }) => account, 'The Discord account.'),
    person: maybe(text, ({ person }) => person, 'Whose it was; null where it was nobody’s.'),
    change: field(change, (of) => of.change),
    reason: field(roleReason, ({ reason }) => reason),
    evidence: maybe(evidence, (of) => of.evidence, 'Null where no decision was needed.'),
    at: field(time, ({ atMs }) => Math.floor(atMs / 1_000)),
  },
)

const failure = choice<RoleFailure>('RoleFailure', {
  'not-a-member': { description: 'The account is not in the guild.' },
  forbidden: { description: 'Discord does not let the bot change the role.' },
})

/** What an account should have and has. */
export const roleState = resource<RoleState>(
  'RoleStanding',
  'A role of a guild that a Discord account should have or not, and whether it has it.',
  {
    guild: field(text, ({ guild }) => guild),
    role: field(text, ({ role }) => role),
    account: field(text, ({ account }) => account),
    wanted: field(standing, ({ isWanted }) => (isWanted ? 'given' : 'not-given')),
    held: field(standing, ({ isHeld }) => (isHeld ? 'given' : 'not-given'), 'As far as is known.'),
    reason: field(roleReason, ({ reason }) => reason),
    unknownSince: maybe(
      time,
      ({ unknownSinceMs }) => (unknownSinceMs === null ? null : Math.floor(unknownSinceMs / 1_000)),
      'Since when it cannot be known: until it can, nothing is changed.',
    ),
    failure: maybe(failure, (of) => of.failure, 'Why it is not changed.'),
    evidence: maybe(
      evidence,
      (of) => of.evidence,
      'Null where no decision was needed, or none yet.',
    ),
  },
)
