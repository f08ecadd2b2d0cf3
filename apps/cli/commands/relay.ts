import { Command } from 'commander'
import { chainOption, configOption } from '#cli/options.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import { readSettings } from '#cli/wire.ts'
import { wireRelay } from '#cli/wire-relay.ts'
import { toText } from '#core/ledger/text.ts'
import { runReconciler } from '#core/relay/run-reconciler.ts'
import { createRelay, runRelay } from '#core/relay/run-relay.ts'

type Options = { readonly config: string; readonly chain?: string; readonly once?: boolean }

export const relayCommand = (): Command =>
  new Command('relay')
    .summary('send spends of points to the chain')
    .description(
      'Looks after all spends of points on a chain until it is stopped: signs them, sends them, and tells the ledger what ' +
        'became of them when that is final. It is the only process that has keys. Several may run at once.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .option('--once', 'one round, and print what it has done as one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard relay --config halyard.json
  $ halyard relay --once`,
    )
    .action((options: Options) =>
      options.once === true ? runOnce(options) : untilStopped((stop) => run(options, stop)),
    )

async function wired(options: Options, stop?: AbortSignal) {
  const settings = readSettings(options.config, options.chain)
  const { createLogger } = await import('#wiring/telemetry.ts')
  const log = createLogger({ secrets: settings.secrets })
  let last = ''
  const warn: Parameters<typeof wireRelay>[1] = (message, fields) => {
    // An outage is the same in every round.
    const text = toText([message, fields])
    if (text !== last) log.warn(fields, message)
    last = text
  }
  return { app: await wireRelay(settings, warn, stop), log, chain: settings.chain.name }
}

async function runOnce(options: Options): Promise<void> {
  const { app } = await wired(options)
  await using _ = app
  const report = await createRelay(app.ports, app.policy).round()
  process.stdout.write(`${toText(report)}\n`)
}

async function run(options: Options, stop: AbortSignal): Promise<void> {
  const { app, log, chain } = await wired(options, stop)
  await using parts = new AsyncDisposableStack()
  parts.use(app)
  const { ports, policy, pollMs, reconcileEveryMs, metricsAt } = app
  const { watchRelay } = await import('#cli/relay/watch-relay.ts')
  const watch = watchRelay(ports, policy, chain)
  const senders = ports.senders.map(({ sender }) => sender)
  process.stderr.write(
    `halyard: relaying to ${policy.contract} with ${senders.join(', ') || 'no sender'}\n`,
  )
  if (metricsAt) {
    const address = { ...metricsAt, field: 'relay.metricsPort' }
    const listener = await watch.listen(address, (error, path) =>
      log.error({ err: error, path }, 'the operator gets no answer'),
    )
    parts.use(listener)
    process.stderr.write(`halyard: its metrics are at ${listener.url}/metrics\n`)
  }
  await Promise.all([
    runRelay(createRelay(ports, policy), ports, pollMs, stop, watch.roundEnded),
    ...(reconcileEveryMs === null
      ? []
      : [runReconciler(ports, policy, reconcileEveryMs, stop, watch.compared)]),
    ...(metricsAt ? [watch.run(stop)] : []),
  ])
}
