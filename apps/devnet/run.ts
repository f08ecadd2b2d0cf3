import { styleText } from 'node:util'
import { Command, InvalidArgumentError } from 'commander'
import { AppError } from '#core/errors.ts'
import { runCommand } from '#faces/run-command.ts'
import { environment } from '#wiring/system.ts'
import type { Devnet } from './run-devnet.ts'

type Options = {
  readonly folder: string
  readonly reset?: boolean
  readonly port: number
  readonly rpcPort: number
  readonly metricsPort: number
  readonly indexerMetricsPort: number
  readonly blockTime: number
  readonly seed: string
}

const program = new Command('halyard dev')
  .description(
    'Starts a local chain with the real Uniswap V2 and V3 contracts, tokens, NFTs and accounts that trade in every ' +
      'block, and Halyard on top of it. Nothing else has to be installed. A second start goes on where the last one ' +
      'stopped.',
  )
  .option('--folder <path>', 'where chain, store and logs are kept', '.halyard/dev')
  .option('--reset', 'begin with a new chain and an empty store')
  .option('--port <number>', 'of the API', parsePort, 4_000)
  .option('--rpc-port <number>', 'of the chain', parsePort, 8_545)
  .option('--metrics-port <number>', 'of the API’s metrics', parsePort, 9_464)
  .option('--indexer-metrics-port <number>', 'of the indexer’s metrics', parsePort, 9_465)
  .option('--block-time <ms>', 'from one block to the next', parseMs, 1_000)
  .option('--seed <text>', 'what the accounts do', 'halyard')
  .addHelpText(
    'after',
    `
Examples:
  $ npm start
  $ npm start -- --reset --port 4100 --rpc-port 8600
  $ npm run -s halyard -- dev --block-time 250`,
  )
  .action(run)

/** How often to look whether npm is still there. */
const PARENT_POLL_MS = 250

async function run(options: Options): Promise<void> {
  const stop = new AbortController()
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stop.abort())
  // A terminal that was closed is no reason to fall over: the rest must be stopped in order.
  process.stdout.on('error', () => stop.abort())
  // `halyard dev` keeps a channel open to this process: when it ends, whatever ended it, so does the channel.
  process.on('disconnect', () => stop.abort())
  if (environment.npm_lifecycle_event && !process.connected) stopWithNpm(stop)
  const { runDevnet } = await loadDevnet()
  process.stdout.write('Starting a local chain, the indexer and the API ...\n')
  await using devnet = await runDevnet(
    {
      folder: options.folder,
      reset: options.reset === true,
      apiPort: options.port,
      rpcPort: options.rpcPort,
      metricsPorts: { api: options.metricsPort, indexer: options.indexerMetricsPort },
      blockTimeMs: options.blockTime,
      seed: options.seed,
    },
    stop.signal,
  )
  if (!stop.signal.aborted) {
    process.stdout.write(welcome(devnet, options.folder))
    await Promise.race([stopped, devnet.failed])
  }
  process.stdout.write('\nStopping; the chain is saved ...\n')
}

/**
 * Reads the contracts and their tools, which are development dependencies.
 *
 * @throws AppError `unavailable` with how to install them, where they were left out
 */
async function loadDevnet(): Promise<typeof import('./run-devnet.ts')> {
  try {
    return await import('./run-devnet.ts')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new AppError(
      'unavailable',
      'the local chain needs the development packages, which are not installed; install them with: npm ci --include=dev',
      { cause },
    )
  }
}

/** A signal to npm alone ends the shell between it and this process, which would go on and hear nothing of it. */
function stopWithNpm(stop: AbortController): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid !== parent) stop.abort()
  }, PARENT_POLL_MS)
  timer.unref()
}

function welcome({ apiUrl, rpcUrl, metricsUrls, configPath }: Devnet, folder: string): string {
  const line = (name: string, text: string): string =>
    `  ${styleText('bold', name.padEnd(9))} ${text}\n`
  return (
    `\nHalyard runs on a chain of its own, which trades in every block.\n\n` +
    line('All', apiUrl) +
    line('GraphQL', `${apiUrl}/graphql (a page to try queries)`) +
    line('REST', `${apiUrl}/v1/docs (a page to try each operation), ${apiUrl}/v1/pools`) +
    line('Status', `${apiUrl}/v1/status`) +
    line('Metrics', metricsUrls.join(' and ')) +
    line('Chain', `${rpcUrl} (id 31337, the accounts of every development tool)`) +
    line('Files', `${folder} (configuration: ${configPath}, logs beside it)`) +
    `\nCtrl-C stops all of it, npm start goes on from there, npm start -- --reset begins anew.\n`
  )
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('not a port from 1 to 65535.')
  return port
}

function parseMs(text: string): number {
  const ms = Number(text)
  if (!Number.isInteger(ms) || ms < 50 || ms > 600_000)
    throw new InvalidArgumentError('not a number of milliseconds from 50 to 600000.')
  return ms
}

await runCommand(program)
// The channel to `halyard dev` would keep this process alive.
if (process.connected) process.disconnect()
