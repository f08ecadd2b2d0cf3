import { parseArgs } from 'node:util'
import { exitCodeOf, exitCodes, explain } from '#adapters/node/exit-code.ts'
import { afterGrace } from '#adapters/node/grace.ts'
import { readConfig } from './config.ts'
import { startHealthServer } from './health.ts'
import { followJob, type Health } from './jobs/follow-head.ts'
import { wire } from './wire.ts'

const USAGE = `Usage: node apps/indexer/main.ts [--config halyard.json]

Follows the head of a chain into the store, and takes blocks back that are reorganised. Serves /live, /ready,
/endpoints and /metrics on indexer.metricsPort.
`

type Options = { readonly config: string; readonly help: boolean }

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      config: { type: 'string', short: 'c', default: 'halyard.json' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  return values
}

async function run(options: Options): Promise<void> {
  // Before anything is opened: a store or a chain that keeps us waiting can be given up.
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(signal))
  const config = readConfig(options.config)
  await using indexer = await wire(config, { stop: afterGrace(stop.signal) })
  const { log, ports } = indexer
  const health: Health = {
    progressAtMs: ports.clock.monotonicMs(),
    hasBegun: false,
    trouble: undefined,
  }
  await using server = await startHealthServer(indexer, health)
  const { chain, store } = config
  log.info({ url: server.url, chain: chain.id, store: store.kind }, 'health and metrics listen')
  log.info({ endpoints: chain.rpc.length, sources: config.sources.length }, 'asking the chain')
  await followJob(indexer, health, stop.signal)
  log.info({ signal: String(stop.signal.reason) }, 'stopping')
}

process.once('uncaughtException', (error) => {
  process.stderr.write(`${explain('halyard-indexer', error)}\n`)
  process.exit(exitCodes.internal)
})

try {
  const options = readOptions()
  if (options.help) process.stdout.write(USAGE)
  else await run(options)
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error
  process.stderr.write(
    isUsage ? `${error.message}\n\n${USAGE}` : `${explain('halyard-indexer', error)}\n`,
  )
  process.exitCode = isUsage ? exitCodes.usage : exitCodeOf(error)
}
