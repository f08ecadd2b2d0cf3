import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { wireHistory, readSettings } from '#cli/wire.ts'
import { AppError } from '#core/errors.ts'
import { type Anvil, DEVNET_CHAIN_ID, startAnvil } from './anvil.ts'
import { deployDevnet } from './deploy.ts'
import type { Deployment } from './deployment.ts'
import { connect } from './node.ts'
import { type Service, startService, tailOf } from './service.ts'
import { startTraders } from './traders.ts'

export type DevnetOptions = {
  /** Chain, store, configuration and logs. */
  readonly folder: string
  readonly reset: boolean
  readonly apiPort: number
  readonly blockTimeMs: number
  readonly seed: string
}

/** A local deployment that runs. Disposing of it stops all of it, what depends on something before it. */
export type Devnet = AsyncDisposable & {
  readonly rpcUrl: string
  readonly apiUrl: string
  readonly configPath: string
  readonly deployment: Deployment
  /** Rejects when a part ends by itself. */
  readonly failed: Promise<never>
}

const READY_TIMEOUT_MS = 60_000
const READY_POLL_MS = 150
/** Older blocks lose their receipts in anvil, which otherwise grows by 100 kB a block without end. */
const BLOCKS_KEPT = 5_000

/** Starts the chain, the indexer, the API and the traders, each when the one before it stands. */
export async function runDevnet(options: DevnetOptions): Promise<Devnet> {
  const { folder, reset, apiPort } = options
  if (reset) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await refuseTakenPort(apiPort)
  await using parts = new AsyncDisposableStack()
  const anvil = parts.use(
    await startAnvil({ statePath: join(folder, 'chain.json'), blocksKept: BLOCKS_KEPT }),
  )
  const deployment = await deployDevnet(anvil.url)
  const configPath = await writeConfig(options, anvil, deployment)
  await refuseLostChain(configPath, anvil.url)
  const services = (['indexer', 'api'] as const).map((name) =>
    startService(name, configPath, join(folder, `${name}.log`)),
  )
  for (const service of services) parts.defer(() => service.stop())
  const failed = Promise.race([
    anvil.exited.then((how) => fail(`the local chain has stopped: ${how}`)),
    ...services.map((service) => service.exited.then((how) => failService(service, how))),
  ])
  failed.catch(() => undefined)
  const traders = startTraders(anvil.url, deployment, {
    blockTimeMs: options.blockTimeMs,
    seed: options.seed,
  })
  parts.defer(() => traders.stop())
  const apiUrl = `http://localhost:${apiPort}`
  await Promise.race([untilReady(`${apiUrl}/ready`), failed])
  const running = parts.move()
  return {
    rpcUrl: anvil.url,
    apiUrl,
    configPath,
    deployment,
    failed,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function writeConfig(
  { folder, apiPort, blockTimeMs }: DevnetOptions,
  anvil: Anvil,
  deployment: Deployment,
): Promise<string> {
  const path = join(folder, 'halyard.json')
  const { startBlock, v2Factory, v3Factory, positionManager, quoter } = deployment
  const config = {
    chain: {
      id: DEVNET_CHAIN_ID,
      rpc: [anvil.url],
      finality: 'finalized',
      poll: Math.max(50, Math.min(250, blockTimeMs / 4)),
    },
    store: 'sqlite:./history.db',
    sources: [
      { kind: 'uniswap-v2', factory: v2Factory, startBlock, feeBps: 30 },
      { kind: 'uniswap-v3', factory: v3Factory, startBlock, positionManager, quoter },
      { kind: 'erc721', address: deployment.collection, startBlock },
      { kind: 'erc1155', address: deployment.multiToken, startBlock },
    ],
    api: { port: apiPort, metricsPort: await freePort(), development: true },
    indexer: { metricsPort: await freePort() },
  }
  writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`)
  return path
}

/** A chain that was killed is back at its last save; a store that has seen more than that is of another future. */
async function refuseLostChain(configPath: string, rpcUrl: string): Promise<void> {
  const settings = readSettings(configPath)
  if (settings.store.kind !== 'sqlite' || !existsSync(settings.store.path)) return
  await using app = await wireHistory(settings)
  const head = await app.history.heads.latest(DEVNET_CHAIN_ID)
  if (!head || head.number < 0) return
  const block = await connect(rpcUrl).request<{ hash: string } | null>('eth_getBlockByNumber', [
    `0x${head.number.toString(16)}`,
    false,
  ])
  if (block?.hash === head.hash) return
  throw new AppError(
    'conflict',
    `the local chain was killed before it could save itself: the store has block ${head.number}, which the chain ` +
      'lost. Begin anew with: npm start -- --reset',
    { details: { reason: 'lost-chain' } },
  )
}

const fail = (message: string): never => {
  throw new AppError('unavailable', message)
}
const failService = (service: Service, how: string): never =>
  fail(`the ${service.name} has stopped: ${how}\n${tailOf(service)}`)

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  let status = 'no answer'
  while (performance.now() < deadline) {
    try {
      const response = await fetch(url)
      if (response.ok) return
      status = await response.text()
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS))
  }
  throw new AppError('unavailable', `the API did not get ready: ${status}`)
}

async function refuseTakenPort(port: number): Promise<void> {
  try {
    await listenOnce(port)
  } catch (cause) {
    throw new AppError(
      'unavailable',
      `port ${port} is taken by another program; name another one: npm start -- --port ${port + 1}`,
      { details: { port }, cause },
    )
  }
}

const freePort = (): Promise<number> => listenOnce(0)

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })
}
