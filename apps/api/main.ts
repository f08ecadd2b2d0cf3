import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { exitCodeOf, exitCodes, explain } from '#adapters/node/exit-code.ts'
import { AppError, messageOf } from '#core/errors.ts'
import { readConfig } from './config.ts'
import { startServer } from './server.ts'
import { wire } from './wire.ts'

const HELP = `Usage: node apps/api/main.ts [--config <file>]

Serves what an indexer has stored: GraphQL at /graphql, REST at /v1, probes at /live and /ready, and metrics at
/metrics on a port of their own. Stops at SIGINT and SIGTERM when the requests under way are answered.

Options:
  -c, --config <file>  the configuration file (default: halyard.json)
  -h, --help           print this

Exit codes: 0 done, 2 usage, 69 a server, provider or file cannot be used now, 70 a bug, 78 configuration.
`

process.once('uncaughtException', (error) => {
  process.stderr.write(`${explain('halyard-api', error)}\n`)
  process.exit(exitCodes.internal)
})

try {
  const { values } = readArguments()
  if (values.help) process.stdout.write(HELP)
  else await serve(values.config)
} catch (error) {
  process.stderr.write(`${explain('halyard-api', error)}\n`)
  process.exitCode = exitCodeOf(error)
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        config: { type: 'string', short: 'c', default: 'halyard.json' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (cause) {
    throw new AppError('invalid', `${messageOf(cause)}; --help tells what there is`, { cause })
  }
}

async function serve(path: string): Promise<void> {
  const config = readConfig(path)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(signal))
  await using api = await wire(config)
  const { log } = api.ports
  await using server = await startServer(api)
  log.info({ url: server.url, graphql: `${server.url}/graphql` }, 'the API listens')
  log.info({ url: `${server.metricsUrl}/metrics` }, 'metrics listen')
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  log.info({ signal: String(stop.signal.reason) }, 'stopping')
  process.exitCode = exitCodes.ok
}
