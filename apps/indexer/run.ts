import { exitCodeOf, exitCodes, exitCodesHelp } from '#faces/exit-code.ts'
import { afterGrace, endForSure } from '#faces/grace.ts'
import { runService } from '#faces/run-service.ts'
import { onStopSignals } from '#faces/stop-signals.ts'
import { assert } from '#core/errors.ts'
import { systemClock } from '#wiring/system.ts'
import { readConfigs } from './config.ts'
import { type FollowedChain, followAlone, followBesideOthers } from './follow-chain.ts'
import { startHealthServer } from './health.ts'
import { newHealth } from './jobs/follow-head.ts'
import { logOf, openLog, openMetrics } from './wire.ts'

const HELP = `Usage: npm run -s indexer -- [--config <file>] [--chain <name>]...

Follows the heads of the chains of a configuration into their stores, and takes blocks back that are reorganised. Serves
/live, /ready, /status, /endpoints and /metrics on indexer.metricsPort. Stops at SIGINT and SIGTERM when the blocks under
way are stored.

Options:
  -c, --config <file>  the configuration file (default: halyard.json)
  --chain <name>       only this chain, by name or id; may be given several times (default: all of the file)
  -h, --help           print this

${exitCodesHelp(['ok', 'usage', 'unavailable', 'internal', 'configuration'])}

Examples:
  $ npm run -s indexer -- --config halyard.json
  $ npm run -s indexer -- --chain base
`

await runService('halyard-indexer', HELP, run, { isOfChains: true })

async function run(path: string, names: readonly string[]): Promise<void> {
  const stop = onStopSignals()
  const configs = readConfigs(path, names)
  const [config] = configs
  assert(config, 'a configuration names a chain')
  const log = openLog(config)
  const metrics = openMetrics()
  const hangs = (): void => log.warn({}, 'something hangs, and is not waited for any longer')
  stop.signal.addEventListener('abort', () => endForSure(exitCodes.unavailable, hangs))
  const ending = { stop: stop.signal, late: afterGrace(stop.signal), hangs }
  const chains = configs.map((each): FollowedChain => ({
    config: each,
    log: logOf(log, each.chain),
    metrics: metrics.ofChain(each.chain.name),
    health: newHealth(systemClock.monotonicMs()),
    indexer: undefined,
  }))
  const [only] = chains
  await using server = await startHealthServer(chains, config.indexer, metrics, log)
  const named = configs.map(({ chain, store }) => ({
    name: chain.name,
    id: chain.id,
    store: store.kind,
  }))
  log.info({ url: server.url, chains: named }, 'health and metrics listen')
  if (only && chains.length === 1) await followAlone(only, ending)
  else {
    const failures = await Promise.all(chains.map((each) => followBesideOthers(each, ending)))
    const failure = failures.find((each) => each !== undefined)
    // Where nobody has told the process to stop, all chains have failed.
    if (!stop.signal.aborted && failure !== undefined) {
      endForSure(exitCodeOf(failure), hangs)
      throw failure
    }
  }
  log.info({ signal: String(stop.signal.reason) }, 'stopping')
}
