import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { connect } from '#devnet/node.ts'
import { freePort, temporaryFolder } from '../servers/programs.ts'
import { allProcesses, type App, spawnApp, spawnNode } from './spawn-app.ts'

const BLOCK_TIME_MS = 100
/** After some minutes of ten blocks a second. */
const STATE_BYTES_MAX = 16 * 1024 * 1024
/** Ten blocks: time enough to say something about each. */
const QUIET_MS = 1_000
/** A machine that runs everything at once takes its time. */
const PATIENT = { timeout: 20_000, interval: 100 }

/*
 * One folder, used again and again in the order of the tests, as somebody does who tries Halyard. Each start takes
 * seconds.
 */
const folder = temporaryFolder('dev')
const other = temporaryFolder('dev-other')
let port: number
let rpcPort: number
let metricsPort: number
let indexerMetricsPort: number
let running: App | undefined
const started: App[] = []

const options = (): string[] => [
  '--folder',
  folder.path,
  '--port',
  String(port),
  '--rpc-port',
  String(rpcPort),
  '--metrics-port',
  String(metricsPort),
  '--indexer-metrics-port',
  String(indexerMetricsPort),
  '--block-time',
  String(BLOCK_TIME_MS),
]
function remembered(app: App): App {
  started.push(app)
  return app
}
const dev = (...args: string[]): App => remembered(spawnNode('apps/devnet/main.ts', ...args))
const halyardDev = (...args: string[]): App =>
  remembered(spawnNode('apps/cli/main.ts', 'dev', ...args))
const npmStart = (): App => remembered(spawnApp('npm', 'start', '--', ...options()))

async function up(app: App): Promise<App> {
  running = app
  await app.said(/Ctrl-C stops all of it/)
  return app
}

beforeAll(async () => {
  port = await freePort()
  rpcPort = await freePort()
  metricsPort = await freePort()
  indexerMetricsPort = await freePort()
})
afterAll(async () => {
  for (const app of started) interruptGroup(app)
  await gone()
  folder.remove()
  other.remove()
})

describe('npm start', { timeout: 60_000 }, () => {
  let lastBlock: number
  let lastSwaps: object[]

  test('tells what to open, and is quiet from then on', async () => {
    const { stdout } = await up(npmStart())
    const welcome = stdout()
    for (const at of ['', '/graphql', '/v1/docs', '/v1/pools', '/v1/status'])
      expect(welcome).toMatch(new RegExp(`http://localhost:${port}${at}[ ,\\n]`))
    const metrics = [metricsPort, indexerMetricsPort].map((at) => `http://localhost:${at}/metrics`)
    expect(welcome).toContain(` ${metrics.join(' and ')}\n`)
    expect(welcome).toContain(folder.path)
    await setTimeout(QUIET_MS)
    expect(stdout()).toBe(welcome)
  })

  test('answers everywhere with what happens on its chain', async () => {
    await expect.poll(blockNumber, PATIENT).toBeGreaterThan(50)
    const { items: pools } = await json('/v1/pools')
    expect(pools.length).toBeGreaterThan(10)
    const busiest = pools.toSorted((a: any, b: any) => b.swapCount - a.swapCount)[0]
    expect(busiest).toMatchObject({ token0: { symbol: expect.stringMatching(/^[A-Z]+$/) } })
    const at = `/v1/pools/${busiest.address}`
    const { items: swaps } = await json(`${at}/swaps`)
    expect(swaps[0]).toMatchObject({ pool: busiest.address, amount0: expect.any(String) })
    const { items: candles } = await json(`${at}/candles?interval=1m`)
    expect(candles[0].trades).toBeGreaterThan(0)
    const { items: holders } = await json(`/v1/collections/${collection()}/holders`)
    expect(holders[0]).toMatchObject({ collection: collection(), tokenCount: expect.any(Number) })
    expect(await (await get('/live')).json()).toEqual({ status: 'live' })
    expect(await (await get('/ready')).json()).toMatchObject({ status: 'ready' })
    for (const part of ['api', 'indexer'] as const) {
      const { metricsPort: shown } = configured()[part]
      const text = await (await fetch(`http://localhost:${shown}/metrics`)).text()
      expect(text).toMatch(/^halyard_head_block\{chain="31337"\} [1-9]\d+$/m)
    }
  })

  test('answers GraphQL, and shows a page to whoever opens it with a browser', async () => {
    const query = `query Look($collection: Address!) {
      _meta { block { number hash } lag digest }
      pools(first: 3) { nodes { address swapCount candles(interval: ONE_MINUTE) { close trades } } }
      swaps(first: 3) { nodes { amount0 amount1 block { number } } }
      holdings(collection: $collection, first: 3) { nodes { owner tokenId amount } }
    }`
    const response = await get('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { collection: collection() } }),
    })
    const { data, errors }: any = await response.json()
    expect(errors).toBeUndefined()
    const { _meta: meta } = data
    expect(meta.block.number).toBeGreaterThan(50)
    expect(data.pools.nodes.map(({ candles }: any) => candles.length > 0)).toContain(true)
    expect([data.swaps.nodes.length, data.holdings.nodes.length]).toEqual([3, 3])
    const page = await get('/graphql', { headers: { accept: 'text/html' } })
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    expect(await page.text()).toContain('<title>Halyard GraphQL</title>')
  })

  test('refuses a port that is taken, and a folder in use, without doing harm to either', async () => {
    const samePort = dev('--folder', other.path, '--port', String(port))
    const sameFolder = dev('--folder', folder.path, '--port', String(await freePort()), '--reset')
    expect(await samePort.end).toBe(69)
    expect(samePort.stderr()).toContain(`port ${port} is taken`)
    const sameRpcPort = dev(
      '--folder',
      other.path,
      '--port',
      String(await freePort()),
      '--rpc-port',
      String(rpcPort),
    )
    expect(await sameRpcPort.end).toBe(69)
    expect(sameRpcPort.stderr()).toContain(`port ${rpcPort} is taken`)
    expect(sameRpcPort.stderr()).toContain(`--rpc-port ${rpcPort + 1}`)
    const sameMetrics = dev(
      '--folder',
      other.path,
      '--port',
      String(await freePort()),
      '--rpc-port',
      String(await freePort()),
      '--metrics-port',
      String(metricsPort),
    )
    expect(await sameMetrics.end).toBe(69)
    expect(sameMetrics.stderr()).toContain(`port ${metricsPort} is taken`)
    expect(sameMetrics.stderr()).toContain(`--metrics-port ${metricsPort + 1}`)
    expect(await sameFolder.end).toBe(69)
    expect(sameFolder.stderr()).toMatch(/in use by process \d+/)
    expect(processesIn(other.path)).toEqual([])
    expect(existsSync(join(folder.path, 'history.db'))).toBe(true)
    const { block } = await status()
    await expect.poll(blockNumber, PATIENT).toBeGreaterThan(block.number)
  })

  test('ends with all that it started at Ctrl-C', async () => {
    const { end } = running as App
    expect(processesIn(folder.path).length).toBeGreaterThan(5)
    lastSwaps = await swapsUpTo((lastBlock = (await status()).block.number))
    interruptGroup(running as App)
    await end
    await gone()
    // What it keeps of its chain is packed: a tenth of what it says.
    expect(existsSync(join(folder.path, 'chain.json'))).toBe(false)
    const packed = readFileSync(join(folder.path, 'chain.json.gz'))
    expect(packed.length).toBeLessThan(gunzipSync(packed).length / 5)
    expect(packed.length).toBeLessThan(STATE_BYTES_MAX)
  })

  test('goes on where it stopped', async () => {
    await up(dev(...options()))
    const { block, item } = await status()
    expect(block.number).toBeGreaterThan(lastBlock)
    expect(item.coverage).toEqual([{ from: 1, to: block.number }])
    expect(await swapsUpTo(lastBlock)).toEqual(lastSwaps)
    await expect.poll(blockNumber, PATIENT).toBeGreaterThan(block.number)
    expect((await blockOnChain(block.number)).hash).toBe(block.hash)
  })

  test('takes all with it when it is killed, and the next start goes on at once', async () => {
    const { child, end } = running as App
    const { block } = await status()
    child.kill('SIGKILL')
    expect(await end).toBe('SIGKILL')
    await up(dev(...options()))
    expect((await status()).block.number).toBeGreaterThan(block.number)
    expect((await blockOnChain(block.number)).hash).toBe(block.hash)
    // What the killed one had started, too.
    await expect.poll(() => processesIn(folder.path).length, PATIENT).toBe(PARTS)
  })

  test('ends when its API does, and says so', async () => {
    const { end, stderr } = running as App
    process.kill(processOf('/api/main.ts'), 'SIGKILL')
    expect(await end).toBe(69)
    expect(stderr()).toMatch(/the api has stopped: ended by SIGKILL/)
    await gone()
  })

  test('is what halyard dev starts, and ends when that is killed', async () => {
    const { child, end } = await up(halyardDev(...options()))
    expect(configured().chain.rpc).toEqual([`http://127.0.0.1:${rpcPort}`])
    child.kill('SIGKILL')
    expect(await end).toBe('SIGKILL')
    await gone()
    const again = await up(halyardDev(...options()))
    again.child.kill('SIGTERM')
    expect([await again.end, again.stderr()]).toEqual([0, ''])
    await gone()
    const refused = halyardDev('--port', 'x')
    expect([await refused.end, refused.stderr()]).toEqual([
      2,
      expect.stringContaining('not a port'),
    ])
    const help = halyardDev('--help')
    expect([await help.end, help.stdout()]).toEqual([0, expect.stringContaining('--rpc-port')])
  })

  test('ends with all that it started when npm alone is told to', async () => {
    const { child, end } = await up(npmStart())
    child.kill('SIGTERM')
    expect(await end).toBe('SIGTERM')
    await gone()
  })

  test('says how to begin anew when its chain lost blocks', async () => {
    const { end, stderr } = await up(dev(...options()))
    process.kill(processOf('/anvil '), 'SIGKILL')
    expect(await end).toBe(69)
    expect(stderr()).toContain('the local chain has stopped: ended by SIGKILL')
    await gone()
    const next = dev(...options())
    expect(await next.end).toBe(69)
    expect(next.stderr()).toMatch(/the chain lost\. Begin anew with: npm start -- --reset/)
    await gone()
  })

  test('begins anew with --reset, and leaves alone what is not its own', async () => {
    const mine = join(folder.path, 'notes.txt')
    writeFileSync(mine, 'mine')
    const { child, end, stderr } = await up(dev(...options(), '--reset'))
    expect((await status()).block.number).toBeLessThan(lastBlock)
    expect(readFileSync(mine, 'utf8')).toBe('mine')
    // Nobody reads what it says any more, as when its terminal was closed.
    child.stdout?.destroy()
    child.kill('SIGHUP')
    expect([await end, stderr()]).toEqual([0, ''])
    await gone()
    rmSync(mine)
  })

  test('can be stopped while it starts', async () => {
    const { child, end, said, stdout, stderr } = dev(...options())
    await said(/Starting/)
    child.kill('SIGINT')
    expect([await end, stderr()]).toEqual([0, ''])
    expect(stdout()).not.toContain('Ctrl-C')
    await gone()
  })
})

/** Itself, anvil, the indexer, the API, the relay, and what waits to end each of these four. */
const PARTS = 9

/** What runs for a folder: the processes that name it, and the guards of those. */
function processesIn(path: string): string[] {
  const all = allProcesses()
  const users = [...all].filter(([, args]) => args.includes(path))
  const guards = [...all.values()].filter((args) =>
    users.some(([pid]) => args.endsWith(`kill -INT ${pid}`)),
  )
  return [...users.map(([, args]) => args), ...guards]
}

function processOf(part: string): number {
  const [found] = [...allProcesses()].find(
    ([, args]) => args.includes(folder.path) && args.includes(part),
  ) as [number, string]
  return found
}

/** As a terminal does it: npm, its shell and all else that has not left their group. */
function interruptGroup({ child }: App): void {
  try {
    process.kill(-(child.pid as number), 'SIGINT')
  } catch {
    // All of it has ended.
  }
}

const gone = (): Promise<void> =>
  vi.waitFor(
    () => expect([folder, other].flatMap(({ path }) => processesIn(path))).toEqual([]),
    PATIENT,
  )

const get = (at: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://localhost:${port}${at}`, init)

async function json(at: string): Promise<any> {
  const response = await get(at)
  if (!response.ok) throw new Error(`${at}: ${response.status} ${await response.text()}`)
  return response.json()
}

const status = (): Promise<any> => json('/v1/status')
const blockNumber = async (): Promise<number> => (await status()).block.number

async function swapsUpTo(block: number): Promise<object[]> {
  const { items } = await json('/v1/pools')
  const lists = await Promise.all(
    items.map(({ address }: any) => json(`/v1/pools/${address}/swaps?toBlock=${block}&limit=500`)),
  )
  return lists.flatMap((list) => list.items)
}

const configured = () => JSON.parse(readFileSync(join(folder.path, 'halyard.json'), 'utf8'))
const collection = (): string => configured().sources[2].address
const blockOnChain = (number: number): Promise<{ hash: string }> =>
  connect(configured().chain.rpc[0]).request('eth_getBlockByNumber', [
    `0x${number.toString(16)}`,
    false,
  ])
