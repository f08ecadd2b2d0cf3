import type { Clock } from '#core/clock.ts'
import { isAppError } from '#core/errors.ts'
import { ownAccounts } from '#core/identity/own-accounts.ts'
import type { IdentityStore } from '#core/identity/ports.ts'
import { checkAsset } from '#core/ledger/check-request.ts'
import { type ReadPorts, readBalance } from '#core/ledger/read-balance.ts'
import type { OwnershipChecker } from '#core/ownership/checker.ts'
import { explainDecision } from '#core/ownership/explain.ts'
import type { CommandForm } from './commands.ts'
import type { RoleFailure, RoleRule, RoleState, RoleStore } from './ports.ts'

export type CommandPorts = {
  readonly identity: Pick<IdentityStore, 'personOfDiscord' | 'walletsOf'>
  readonly roles: Pick<RoleStore, 'ask' | 'statesOf'>
  readonly rules: readonly RoleRule[]
  /** Of the chain of a rule. */
  readonly ownershipOf: (chainId: number) => OwnershipChecker
  /** Null where no points are kept. */
  readonly points: { readonly ledger: string; readonly ports: ReadPorts } | null
  readonly clock: Pick<Clock, 'nowMs'>
  /** Where people link their accounts. */
  readonly verifyUrl: string
}

/** Somebody in a guild has used a command. */
export type CommandUse = {
  readonly name: CommandForm['name']
  readonly guild: string
  /** Whoever used it. */
  readonly account: string
  readonly options: Readonly<Record<string, string>>
}

/** Roles that one answer is about; the texts of Discord are short. */
const ROLES_MAX = 8

/**
 * The text that answers a command, for whoever used it alone.
 *
 * @throws AppError `unavailable` where a store cannot be used
 */
export async function answerCommand(ports: CommandPorts, use: CommandUse): Promise<string> {
  const person = await ports.identity.personOfDiscord(use.account)
  if (person === undefined)
    return `This Discord account is not linked to any wallet. Link it at ${ports.verifyUrl}, then use the command again.`
  switch (use.name) {
    case 'verify':
      return verify(ports, use, person)
    case 'points':
      return points(ports, use, person)
    case 'why':
      return why(ports, use, person)
    default:
      return use.name satisfies never
  }
}

const rulesIn = ({ rules }: CommandPorts, { guild, options }: CommandUse): readonly RoleRule[] =>
  rules
    .filter((rule) => rule.guild === guild && (options.role ?? rule.role) === rule.role)
    .slice(0, ROLES_MAX)

async function verify(ports: CommandPorts, use: CommandUse, person: string): Promise<string> {
  const { identity, roles, clock } = ports
  await roles.ask(use.account, clock.nowMs())
  const wallets = await identity.walletsOf(person)
  const lines = [
    `Linked to ${wallets.length} ${wallets.length === 1 ? 'wallet' : 'wallets'}: ${wallets
      .slice(0, ROLES_MAX)
      .map(({ wallet }) => shortOf(wallet))
      .join(', ')}. Your roles are being looked at.`,
    `Link more at ${ports.verifyUrl}.`,
  ]
  return lines.join('\n')
}

const shortOf = (text: string): string => `${text.slice(0, 6)}…${text.slice(-4)}`

async function points(
  { identity, points: kept }: CommandPorts,
  { options }: CommandUse,
  person: string,
): Promise<string> {
  if (!kept) return 'No points are kept here.'
  const { ports, ledger } = kept
  let asset: string
  try {
    asset = checkAsset('asset', options.asset ?? 'points')
  } catch (error) {
    if (!isAppError(error, 'invalid')) throw error
    return `There is no such asset (${error.message}).`
  }
  const accounts = await ownAccounts({ identity }, person)
  const balances = await Promise.all(
    accounts.map((account) => readBalance(ports, ledger, { asset, account })),
  )
  const available = balances.reduce((total, { value }) => total + value.availableRaw, 0n)
  const held = balances.reduce((total, { value }) => total + value.heldRaw, 0n)
  const open = balances.reduce((total, { value }) => total + value.provisionalRaw, 0n)
  const more = [
    ...(held > 0n ? [`${held} put aside`] : []),
    ...(open > 0n ? [`${open} not confirmed yet`] : []),
    ...(balances.some(({ isFrozen }) => isFrozen) ? ['an account is frozen'] : []),
  ]
  return `${available} ${asset} to spend${more.length > 0 ? ` (${more.join(', ')})` : ''}.`
}

async function why(ports: CommandPorts, use: CommandUse, person: string): Promise<string> {
  const { identity, roles } = ports
  const rules = rulesIn(ports, use)
  if (rules.length === 0) return 'No rule is about that role here.'
  const [states, wallets] = await Promise.all([
    roles.statesOf([use.account]),
    identity.walletsOf(person),
  ])
  const people = [wallets.map(({ wallet }) => wallet)]
  const lines = await Promise.all(
    rules.map(async ({ guild, role, rule, finality, chainId }) => {
      const [decision] = await ports.ownershipOf(chainId).check({ rule, finality, people })
      const state = states.find((each) => each.guild === guild && each.role === role)
      const said = decision ? explainDecision(decision) : 'Not known'
      return `<@&${role}>: ${said}.${standingOf(state)}`
    }),
  )
  return lines.join('\n')
}

const failures: Readonly<Record<RoleFailure, string>> = {
  'not-a-member': 'you are not in the guild',
  forbidden: 'the bot may not manage this role; tell a moderator',
}

/** What was done about it, where that is not what the decision says by itself. */
function standingOf(state: RoleState | undefined): string {
  if (!state) return ' It was not looked at yet; use /verify.'
  if (state.failure) return ` It is not changed: ${failures[state.failure]}.`
  if (state.unknownSinceMs !== null) return ' It stays as it is until that is known.'
  return state.isHeld ? ' You have it.' : ' You do not have it.'
}
