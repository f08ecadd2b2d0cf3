import type { Decision } from '#core/ownership/decision.ts'
import { ruleText } from '#core/ownership/rule.ts'
import type { Evidence, RoleChange, RoleKey, RoleRule, RoleState } from './ports.ts'

/** What was found of one account for one rule; `decision` null: no person has the account. */
export type Finding = {
  readonly rule: RoleRule
  readonly account: string
  readonly person: string | null
  readonly decision: Decision | null
  /** Something happened at this block that the decision has to know of. */
  readonly touchedAt: number | null
  /** Nothing is known to have happened: it was looked at in its turn. */
  readonly isRoutine: boolean
}

/** Whether anything is left to do: a change, a decision that is not known or too old, evidence that may be taken back. */
export const isOpen = (state: RoleState): boolean =>
  isPending(state) || state.touchedAt !== null || state.unknownSinceMs !== null || !state.isFinal

/** Whether the account should have what it has not, or the other way round, or it is not known what it has. */
export const isPending = ({ isWanted, isHeld, isTried }: RoleState): boolean =>
  isWanted !== isHeld || isTried

/**
 * The state after a finding; undefined where nothing of it is new.
 *
 * What is not known changes no wish: nothing is given, and nothing is taken away because a node is down.
 */
export function nextState(
  before: RoleState | undefined,
  finding: Finding,
  nowMs: number,
): RoleState | undefined {
  const { rule, account, person, decision, touchedAt } = finding
  const base: RoleState = before ?? {
    guild: rule.guild,
    role: rule.role,
    account,
    version: 0,
    chainId: rule.chainId,
    person,
    isWanted: false,
    isHeld: false,
    isTried: false,
    reason: 'unavailable',
    evidence: null,
    isFinal: true,
    touchedAt: null,
    unknownSinceMs: null,
    failure: null,
    retryAtMs: 0,
  }
  const latest = Math.max(touchedAt ?? -1, base.touchedAt ?? -1)
  const found: RoleState =
    decision?.answer === 'unknown'
      ? {
          ...base,
          person,
          unknownSinceMs: base.unknownSinceMs ?? nowMs,
          touchedAt: latest < 0 ? null : latest,
          // Of a new state there is nothing yet that could be kept.
          ...(before ? {} : { reason: decision.reason }),
        }
      : {
          ...base,
          chainId: rule.chainId,
          person,
          isWanted: decision?.answer === 'yes',
          reason: decision?.reason ?? 'not-linked',
          evidence: decision && evidenceOf(rule, decision),
          isFinal: decision === null || decision.finality === 'finalized',
          touchedAt: decision?.block && decision.block.number < latest ? latest : null,
          unknownSinceMs: null,
        }
  if (before && isSame(before, found, finding.isRoutine)) return undefined
  const isNewWish = found.isWanted !== base.isWanted
  return {
    ...found,
    version: base.version + 1,
    ...(isNewWish && { failure: null, retryAtMs: 0 }),
  }
}

function evidenceOf(rule: RoleRule, decision: Decision): Evidence | null {
  const { block } = decision
  if (!block) return null
  return {
    chainId: rule.chainId,
    block: { number: block.number, hash: block.hash },
    rule: ruleText(rule.rule),
    decision: JSON.stringify(decision, (_name, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    ),
  }
}

/**
 * Whether it is the same for the same reason. Where nothing has happened, final evidence is kept, since newer evidence of
 * the same says no more. Where something has, the new evidence may depend on a block that can still be taken back, and has
 * to be kept so that this is noticed.
 */
function isSame(before: RoleState, found: RoleState, isRoutine: boolean): boolean {
  const isKept =
    (isRoutine && before.isFinal) || before.evidence?.block.hash === found.evidence?.block.hash
  return (
    isKept &&
    before.isWanted === found.isWanted &&
    before.reason === found.reason &&
    before.person === found.person &&
    before.evidence?.rule === found.evidence?.rule &&
    before.touchedAt === found.touchedAt &&
    before.unknownSinceMs === found.unknownSinceMs
  )
}

/** A role that nothing in the configuration is about any more, though it was given by a rule. */
export const withoutRule = (state: RoleState): RoleState => ({
  ...state,
  version: state.version + 1,
  isWanted: false,
  reason: 'no-rule',
  evidence: null,
  isFinal: true,
  touchedAt: null,
  unknownSinceMs: null,
})

/** The record of a change that has been made; the same id however often it is made. */
export function changeOf(state: RoleState, nowMs: number): RoleChange {
  const { guild, role, account, person, isWanted, reason, evidence, version } = state
  return {
    id: `${guild}.${role}.${account}.${version}`,
    guild,
    role,
    account,
    person,
    change: isWanted ? 'granted' : 'removed',
    reason,
    evidence,
    atMs: nowMs,
  }
}

export const roleKeyText = ({ guild, role, account }: RoleKey): string =>
  `${account}.${guild}.${role}`
