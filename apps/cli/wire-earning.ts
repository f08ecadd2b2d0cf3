import type { Address } from '#core/chain.ts'
import type { ContractEventSource } from '#core/events/contract-sources.ts'
import { declarationOf } from '#core/events/event-declaration.ts'
import type { EarnInput, EarningPorts } from '#core/earning/earn-points.ts'
import type { EarningRule } from '#core/earning/rule.ts'
import { AppError } from '#core/errors.ts'
import { chosenChain } from '#core/chain-choice.ts'
import type { Settings } from '#wiring/settings.ts'
import { readDeployment, wireHistory } from './wire.ts'
import { type LedgerApp, wireLedger } from './wire-ledger.ts'

/** What earning from one chain takes. */
export type EarningApp = AsyncDisposable & {
  readonly settings: Settings
  readonly ledger: LedgerApp
  readonly ports: EarningPorts
  readonly input: EarnInput
}

/** A chain with the rules that are about it. */
export type ChainRules = { readonly settings: Settings; readonly rules: readonly EarningRule[] }

/**
 * The rules of a configuration by chain, as far as a chain has any.
 *
 * @param chain only this one, by name or id
 * @throws AppError `invalid` where there are none, or a rule names a chain that is not there
 */
export function rulesByChain(config: string, chain?: string): ChainRules[] {
  const { chains, byDefault } = readDeployment(config)
  const points = byDefault.points
  if (!points)
    throw new AppError('invalid', 'points: the configuration has no such section; add one', {
      details: { field: 'points' },
    })
  const named = points.rules.map((each, index) => ({
    rule: each.rule,
    settings:
      each.chain === null
        ? byDefault
        : chosenChain(chains, each.chain, `points.rules[${index}].chain`),
  }))
  const only = chain === undefined ? undefined : chosenChain(chains, chain, '--chain')
  for (const [index, { rule, settings }] of named.entries()) refuseUnindexed(rule, settings, index)
  return chains
    .filter((settings) => only === undefined || settings === only)
    .map((settings) => ({
      settings,
      rules: named.filter((each) => each.settings === settings).map(({ rule }) => rule),
    }))
    .filter(({ rules }) => rules.length > 0)
}

const isContractEvents =
  (contract: Address) =>
  (source: Settings['sources'][number]): source is ContractEventSource =>
    source.kind === 'contract-events' && source.address === contract

/** A rule about an event that is not indexed would give nothing, and say nothing of it. */
function refuseUnindexed(rule: EarningRule, { sources }: Settings, index: number): void {
  if (rule.kind !== 'contract-event') return
  const { contract, signature } = rule
  const source = sources.find(isContractEvents(contract))
  if (source?.events.some((form) => declarationOf(form).signature === signature)) return
  const field = `points.rules[${index}].event`
  throw new AppError(
    'invalid',
    `${field}: ${signature} of ${contract} is not indexed; add it to a source {"kind": "contract-events", "address": "${contract}", "events": [...]}`,
    { details: { field } },
  )
}

/**
 * Opens the history of a chain to earn from, and the ledger of the configuration.
 *
 * @throws AppError `unavailable` where nothing is indexed yet; as `wireLedger` does
 */
export async function wireEarning(
  config: string,
  { settings, rules }: ChainRules,
  actor?: string,
): Promise<EarningApp> {
  await using stack = new AsyncDisposableStack()
  const ledger = stack.use(
    await wireLedger({ config, ledger: settings.points?.ledger ?? 'points' }),
  )
  const { history } = stack.use(await wireHistory(settings))
  const opened = stack.move()
  return {
    settings,
    ledger,
    ports: { ...ledger.ports, history },
    input: {
      ledger: ledger.ledger,
      chainId: settings.chain.id,
      rules,
      actor: actor ?? ledger.actor,
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
