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
  return chains
    .filter((settings) => only === undefined || settings === only)
    .map((settings) => ({
      settings,
      rules: named.filter((each) => each.settings === settings).map(({ rule }) => rule),
    }))
    .filter(({ rules }) => rules.length > 0)
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
