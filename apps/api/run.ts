import { once } from 'node:events'
import { exitCodesHelp } from '#faces/exit-code.ts'
import { runService } from '#faces/run-service.ts'
import { onStopSignals } from '#faces/stop-signals.ts'
import { readConfig } from './config.ts'
import { startServer } from './server.ts'
import { wire } from './wire.ts'

const HELP = `Usage: npm run -s api -- [--config <file>]

Serves what an indexer has stored: GraphQL at /graphql, REST at /v1, probes at /live and /ready, and metrics at
/metrics on a port of their own. Stops at SIGINT and SIGTERM when the requests under way are answered.

Options:
  -c, --config <file>  the configuration file (default: halyard.json)
  -h, --help           print this

${exitCodesHelp(['ok', 'usage', 'unavailable', 'internal', 'configuration'])}

Example:
  $ npm run -s api -- --config halyard.json
`

await runService('halyard-api', HELP, serve)

async function serve(path: string): Promise<void> {
  const stop = onStopSignals()
  const config = readConfig(path)
  await using api = await wire(config)
  const { log } = api.ports
  await using server = await startServer(api)
  log.info(
    {
      url: server.url,
      graphql: `${server.url}/graphql`,
      rest: `${server.url}${config.api.development ? '/v1/docs' : '/v1/openapi.json'}`,
    },
    'the API listens',
  )
  log.info({ url: `${server.metricsUrl}/metrics` }, 'metrics listen')
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  log.info({ signal: String(stop.signal.reason) }, 'stopping')
}
