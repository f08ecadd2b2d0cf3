import type { Address } from '#core/chain.ts'
import { mapConcurrent, partsOf } from '#core/concurrent.ts'
import { hasReason } from '#core/errors.ts'
import type { IdentityStore } from '#core/identity/ports.ts'
import type { Decision } from '#core/ownership/decision.ts'
import type { OwnershipChecker } from '#core/ownership/checker.ts'
import type { RoleRule, RoleState, RoleStore } from './ports.ts'
import { type Finding, nextState, withoutRule } from './role-state.ts'

export type DecidePorts = {
  readonly roles: Pick<RoleStore, 'statesOf'>
  readonly identity: Pick<IdentityStore, 'personOfDiscord' | 'walletsOf'>
  /** Of the chain of the rules. */
  readonly ownership: OwnershipChecker
  readonly clock: { nowMs(): number }
}

/** An account to look at; `touchedAt`: for something that happened at this block. */
export type Touched = {
  readonly account: string
  readonly touchedAt: number | null
  /** Nothing is known to have happened to it. */
  readonly isRoutine?: boolean
}

/** What is to be put into the store, and what is there already of the same accounts. */
export type Decided = {
  readonly changed: readonly RoleState[]
  readonly states: readonly RoleState[]
}

/** Accounts that are decided on together: a request for ownership takes as many people. */
const ACCOUNTS_MAX = 500
const LOOK_UPS_AT_ONCE = 8

/**
 * What accounts should have by the rules of one chain, and by what: nothing is stored or changed.
 *
 * @throws AppError as the ports do; a chain that cannot be asked is no failure, but a decision that is not known
 */
export async function decideRoles(
  ports: DecidePorts,
  chainId: number,
  rules: readonly RoleRule[],
  touched: readonly Touched[],
): Promise<Decided> {
  const parts: Decided[] = []
  for (const part of partsOf(touched, ACCOUNTS_MAX))
    // oxlint-disable-next-line no-await-in-loop -- no more at once than a request takes
    parts.push(await decidePart(ports, chainId, rules, part))
  return {
    changed: parts.flatMap(({ changed }) => changed),
    states: parts.flatMap(({ states }) => states),
  }
}

type Known = Touched & { readonly person: string | null; readonly wallets: readonly Address[] }

async function decidePart(
  { roles, identity, ownership, clock }: DecidePorts,
  chainId: number,
  rules: readonly RoleRule[],
  touched: readonly Touched[],
): Promise<Decided> {
  const known = await mapConcurrent(touched, LOOK_UPS_AT_ONCE, async (each): Promise<Known> => {
    const person = (await identity.personOfDiscord(each.account)) ?? null
    const wallets = person === null ? [] : await identity.walletsOf(person)
    return { ...each, person, wallets: wallets.map(({ wallet }) => wallet) }
  })
  const before = await roles.statesOf(touched.map(({ account }) => account))
  const people = known.filter(({ wallets }) => wallets.length > 0)
  const changed: RoleState[] = []
  const states: RoleState[] = []
  for (const rule of rules) {
    // oxlint-disable-next-line no-await-in-loop -- each rule is a request of its own
    const decisions = await decide(ownership, rule, people)
    for (const { account, person, touchedAt, isRoutine = false } of known) {
      const state = before.find(
        (each) => each.account === account && each.role === rule.role && each.guild === rule.guild,
      )
      const decision = decisions.get(account) ?? null
      // Of somebody who has nothing linked and never had a role there is nothing to be kept.
      if (!state && decision === null) continue
      const finding: Finding = { rule, account, person, decision, touchedAt, isRoutine }
      const next = nextState(state, finding, clock.nowMs())
      if (next) changed.push(next)
      const newest = next ?? state
      if (newest) states.push(newest)
    }
  }
  const named = new Set(rules.map(({ guild, role }) => `${guild}.${role}`))
  for (const state of before)
    if (state.chainId === chainId && !named.has(`${state.guild}.${state.role}`) && state.isWanted) {
      const next = withoutRule(state)
      changed.push(next)
      states.push(next)
    }
  return { changed, states }
}

/**
 * The decisions on people by account. A request that comes to too many questions is split; where one person alone is too
 * many, it cannot be known.
 */
async function decide(
  ownership: OwnershipChecker,
  rule: RoleRule,
  people: readonly Known[],
): Promise<ReadonlyMap<string, Decision>> {
  if (people.length === 0) return new Map()
  const [alone] = people
  try {
    const decided = await ownership.check({
      rule: rule.rule,
      finality: rule.finality,
      people: people.map(({ wallets }) => wallets),
    })
    return new Map(people.map(({ account }, index) => [account, decided[index] as Decision]))
  } catch (error) {
    if (!alone || !hasReason(error, 'too-costly')) throw error
    if (people.length === 1) return new Map([[alone.account, tooMany(rule)]])
    const half = Math.ceil(people.length / 2)
    return new Map([
      ...(await decide(ownership, rule, people.slice(0, half))),
      ...(await decide(ownership, rule, people.slice(half))),
    ])
  }
}

const tooMany = ({ finality }: RoleRule): Decision => ({
  answer: 'unknown',
  reason: 'too-many-tokens',
  finality,
  block: null,
  clauses: [],
})
