import { rulesByChain, wireEarning } from '#cli/wire-earning.ts'
import { earnPoints } from '#core/earning/earn-points.ts'
import { explainEarning } from '#core/earning/explain-earning.ts'
import { invalidField } from '#core/errors.ts'
import { toText } from '#core/ledger/text.ts'
import { exitCodes } from '#faces/exit-code.ts'

type Options = { readonly config: string; readonly chain?: string; readonly actor?: string }

const say = (value: object): void => void process.stdout.write(`${toText(value)}\n`)

/** Prints each rule as it is understood. */
export async function showRules({ config, chain }: Options): Promise<void> {
  for (const { settings, rules } of rulesByChain(config, chain))
    for (const rule of rules) say({ chain: settings.chain.name, ...rule })
}

/** Brings the ledger to what the history gives now, once. */
export async function earn({ config, chain, actor }: Options): Promise<void> {
  for (const of of rulesByChain(config, chain)) {
    // oxlint-disable-next-line no-await-in-loop -- all write one ledger
    await using app = await wireEarning(config, of, actor)
    // oxlint-disable-next-line no-await-in-loop -- likewise
    for (const report of await earnPoints(app.ports, app.input)) {
      say({ chain: of.settings.chain.name, ...report })
      if (report.astray.length > 0) process.exitCode = exitCodes.internal
    }
  }
}

/** Prints why an account has an earning. */
export async function explain(earning: string, { config, chain }: Options): Promise<void> {
  const chainId = /^earning\/[a-z][a-z0-9-]*:(\d+):/.exec(earning)?.[1]
  const of = rulesByChain(config, chain ?? chainId)[0]
  if (!of) throw invalidField('earning', 'the configuration has no rule of its chain')
  await using app = await wireEarning(config, of)
  const explanation = await explainEarning(app.ports, app.input, earning)
  say(explanation)
  if (explanation.verdict === 'other') process.exitCode = exitCodes.internal
}
