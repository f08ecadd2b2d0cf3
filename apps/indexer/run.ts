import { exitCodeOf, exitCodes, exitCodesHelp } from '#faces/exit-code.ts'
import { afterGrace, endForSure } from '#faces/grace.ts'
import { runService } from '#faces/run-service.ts'
import { onStopSignals } from '#faces/stop-signals.ts'
import { readConfig } from './config.ts'
import { startHealthServer } from './health.ts'
import { auditJob } from './jobs/audit-blocks.ts'
import { startCollecting } from './jobs/collect-tokens.ts'
import { followJob, type Health } from './jobs/follow-head.ts'
import { reviewJob } from './jobs/review-sources.ts'
import { wire } from './wire.ts'

const HELP = `Usage: npm run -s indexer -- [--config <file>]

Follows the head of a chain into the store, and takes blocks back that are reorganised. Serves /live, /ready,
/endpoints and /metrics on indexer.metricsPort. Stops at SIGINT and SIGTERM when the blocks under way are stored.

Options:
  -c, --config <file>  the configuration file (default: halyard.json)
  -h, --help           print this

${exitCodesHelp(['ok', 'usage', 'unavailable', 'internal', 'configuration'])}

Example:
  $ npm run -s indexer -- --config halyard.json
`

await runService('halyard-indexer', HELP, run)

async function run(path: string): Promise<void> {
  const stop = onStopSignals()
  const config = readConfig(path)
  await using indexer = await wire(config, { stop: afterGrace(stop.signal) })
  const { log, ports } = indexer
  const told = (): void => log.warn({}, 'something hangs, and is not waited for any longer')
  stop.signal.addEventListener('abort', () => endForSure(exitCodes.unavailable, told))
  const health: Health = {
    progressAtMs: ports.clock.monotonicMs(),
    heardAtMs: ports.clock.monotonicMs(),
    hasBegun: false,
    isIdle: false,
    wrongBlocks: [],
    trouble: undefined,
  }
  await using server = await startHealthServer(indexer, health)
  const { chain, store } = config
  log.info({ url: server.url, chain: chain.id, store: store.kind }, 'health and metrics listen')
  log.info({ endpoints: chain.rpc.length, sources: config.sources.length }, 'asking the chain')
  using collecting = startCollecting(indexer)
  const over = new AbortController()
  const ended = AbortSignal.any([stop.signal, over.signal])
  const reviewed = reviewJob(indexer, ended)
  const audited = auditJob(indexer, health, ended)
  try {
    await followJob(indexer, health, stop.signal)
  } catch (error) {
    endForSure(exitCodeOf(error), told)
    throw error
  } finally {
    over.abort()
    collecting[Symbol.dispose]()
    await Promise.all([reviewed, audited])
  }
  log.info({ signal: String(stop.signal.reason) }, 'stopping')
}
