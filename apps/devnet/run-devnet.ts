import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Cancel } from '#core/clock.ts'
import { AppError, isAppError, messageOf } from '#core/errors.ts'
import { systemClock } from '#wiring/system.ts'
import { type Anvil, DEVNET_CHAIN_ID, startAnvil } from './anvil.ts'
import { deployDevnet } from './deploy.ts'
import type { Deployment } from './deployment.ts'
import { type DevFolder, takeFolder } from './folder.ts'
import { connect } from './node.ts'
import { type Service, startService, tailOf } from './service.ts'
import { relayKeys } from './relay-keys.ts'
import { packState, unpackState } from './state-file.ts'
import { startTraders } from './traders.ts'
import { openHistory, readSettings } from './wire.ts'

export type DevnetOptions = {
  /** Chain, store, configuration and logs. */
  readonly folder: string
  readonly reset: boolean
  readonly apiPort: number
  readonly rpcPort: number
  /** Of the two services. */
  readonly metricsPorts: { readonly api: number; readonly indexer: number }
  readonly blockTimeMs: number
  readonly seed: string
}

/** A local deployment that runs. Disposing of it stops all of it, what depends on something before it. */
export type Devnet = AsyncDisposable & {
  readonly rpcUrl: string
  readonly apiUrl: string
  /** Of the API and of the indexer. */
  readonly metricsUrls: readonly string[]
  readonly configPath: string
  readonly deployment: Deployment
  /** Rejects when a part ends by itself. */
  readonly failed: Promise<never>
}

const READY_TIMEOUT_MS = 60_000
const READY_POLL_MS = 150
/**
 * Older blocks lose their receipts in anvil, which otherwise grows by 100 kB a block without end: in memory, and packed
 * in a file by a tenth of it.
 */
const BLOCKS_KEPT = 1_000

/**
 * Starts the chain, the indexer, the API and the traders, each when the one before it stands.
 *
 * @param cancel ends the wait for the API to get ready
 */
export async function runDevnet(options: DevnetOptions, cancel: Cancel): Promise<Devnet> {
  const { apiPort, rpcPort, metricsPorts } = options
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await takeFolder(options.folder))
  await refuseTakenPort('--port', apiPort)
  await refuseTakenPort('--rpc-port', rpcPort)
  await refuseTakenPort('--metrics-port', metricsPorts.api)
  await refuseTakenPort('--indexer-metrics-port', metricsPorts.indexer)
  if (options.reset) folder.empty()
  const statePath = folder.path('chain.json')
  await unpackState(statePath).catch((cause: unknown) => refuseState(statePath, cause))
  parts.defer(() => packState(statePath))
  const anvil = parts.use(
    await startAnvil({
      statePath,
      blocksKept: BLOCKS_KEPT,
      port: rpcPort,
    }),
  )
  folder.sharedWith(anvil.pid)
  const deployment = await deployDevnet(anvil.url)
  const configPath = writeConfig(folder, options, anvil, deployment)
  await refuseLostChain(configPath, anvil.url)
  const services = (['indexer', 'api', 'relay'] as const).map((name) =>
    startService(name, configPath, folder.path(`${name}.log`)),
  )
  for (const service of services) {
    parts.defer(() => service.stop())
    folder.sharedWith(service.pid)
  }
  const failed = Promise.race([
    anvil.exited.then((how) => fail(`the local chain has stopped: ${how}`)),
    ...services.map((service) => service.exited.then((how) => failService(service, how))),
  ])
  failed.catch(() => undefined)
  const traders = startTraders(anvil.url, deployment, {
    blockTimeMs: options.blockTimeMs,
    seed: options.seed,
    onError: logErrors(folder.path('traders.log')),
  })
  parts.defer(() => traders.stop())
  const apiUrl = `http://localhost:${apiPort}`
  await Promise.race([untilReady(`${apiUrl}/ready`, cancel), failed])
  const running = parts.move()
  return {
    rpcUrl: anvil.url,
    apiUrl,
    metricsUrls: [metricsPorts.api, metricsPorts.indexer].map(
      (port) => `http://localhost:${port}/metrics`,
    ),
    configPath,
    deployment,
    failed,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function writeConfig(
  folder: DevFolder,
  { apiPort, metricsPorts, blockTimeMs }: DevnetOptions,
  anvil: Anvil,
  deployment: Deployment,
): string {
  const path = folder.path('halyard.json')
  const { startBlock, v2Factory, v3Factory, positionManager, quoter, swapRouter, weth, points } =
    deployment
  const config = {
    chain: {
      id: DEVNET_CHAIN_ID,
      rpc: [anvil.url],
      finality: 'finalized',
      poll: Math.max(50, Math.min(250, Math.round(blockTimeMs / 4))),
    },
    store: 'sqlite:./history.db',
    records: 'sqlite:./halyard-records.db',
    sources: [
      { kind: 'uniswap-v2', factory: v2Factory, startBlock, feeBps: 30 },
      { kind: 'uniswap-v3', factory: v3Factory, startBlock, positionManager, quoter },
      { kind: 'erc721', address: deployment.collection, startBlock },
      { kind: 'erc1155', address: deployment.multiToken, startBlock },
      { kind: 'uniswap-v3-positions', address: positionManager, startBlock },
    ],
    quotes: { router: swapRouter, wrappedNative: weth },
    relay: {
      contract: points,
      startBlock,
      senders: [{ keyFile: keyFile(folder, 'sender') }],
      voucherSigner: { keyFile: keyFile(folder, 'voucherSigner') },
      pollMs: Math.max(50, blockTimeMs),
      metricsPort: null,
    },
    api: { port: apiPort, metricsPort: metricsPorts.api, development: true },
    indexer: { metricsPort: metricsPorts.indexer },
  }
  writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`)
  return path
}

/** Writes a key to where the relay reads it from, which takes none that others can read. */
function keyFile(folder: DevFolder, of: keyof typeof relayKeys): string {
  const name = `${of}.key` as const
  rmSync(folder.path(name), { force: true })
  writeFileSync(folder.path(name), `${relayKeys[of].key}\n`, { mode: 0o600 })
  return `./${name}`
}

/** The same error again, once a second, says nothing more. */
function logErrors(path: string): (error: unknown) => void {
  let last = ''
  return (error) => {
    const message = messageOf(error)
    if (message !== last) appendFileSync(path, `${new Date().toISOString()} ${message}\n`)
    last = message
  }
}

const BEGIN_ANEW = 'Begin anew with: npm start -- --reset'

/** A chain that was killed is back at its last save; a store that has seen more than that is of another future. */
async function refuseLostChain(configPath: string, rpcUrl: string): Promise<void> {
  const settings = readSettings(configPath)
  await using store = await openHistory(settings).catch(refuseStore)
  const head = await store?.heads.latest(DEVNET_CHAIN_ID)
  if (!head || head.number < 0) return
  const block = await connect(rpcUrl).request<{ hash: string } | null>('eth_getBlockByNumber', [
    `0x${head.number.toString(16)}`,
    false,
  ])
  if (block?.hash === head.hash) return
  throw new AppError(
    'conflict',
    `the local chain was killed before it could save itself: the store has block ${head.number}, which the chain ` +
      `lost. ${BEGIN_ANEW}`,
    { details: { reason: 'lost-chain' } },
  )
}

function refuseState(path: string, cause: unknown): never {
  throw new AppError(
    'unavailable',
    `${path}.gz: the saved chain cannot be read (${messageOf(cause)}). ${BEGIN_ANEW}`,
    { cause },
  )
}

/** Damaged, or of another version: nothing that is worth more than a local chain. */
function refuseStore(cause: unknown): never {
  if (!isAppError(cause)) throw cause
  throw new AppError(cause.kind, `${cause.message}. ${BEGIN_ANEW}`, { cause })
}

const fail = (message: string): never => {
  throw new AppError('unavailable', message)
}
const failService = (service: Service, how: string): never =>
  fail(`the ${service.name} has stopped: ${how}\n${tailOf(service)}`)

async function untilReady(url: string, cancel: Cancel): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  let status = 'no answer'
  while (performance.now() < deadline) {
    if (cancel.aborted) return
    try {
      const response = await fetch(url)
      if (response.ok) return
      status = await response.text()
    } catch {
      // Not listening yet.
    }
    await systemClock.sleep(READY_POLL_MS, cancel)
  }
  throw new AppError('unavailable', `the API did not get ready: ${status}`)
}

async function refuseTakenPort(option: string, port: number): Promise<void> {
  try {
    await listenOnce(port)
  } catch (cause) {
    throw new AppError(
      'unavailable',
      `port ${port} is taken by another program; name another one: npm start -- ${option} ${port + 1}`,
      { details: { port }, cause },
    )
  }
}

function listenOnce(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()))
  })
}
