import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import {
  createFakeChain,
  fakeListedPool,
  fakeSources,
  provenOf,
  refAt,
} from '../fakes/fake-chain.ts'

const CHAIN_ID = 31_337

type Run = {
  readonly child: ChildProcessWithoutNullStreams
  readonly lines: () => any[]
  readonly errors: () => string
  /** The exit code. */
  readonly end: Promise<number | null>
}

describe('node apps/api/main.ts', () => {
  let folder: string
  const runs: Run[] = []
  const servers: Server[] = []
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'halyard-api-process-'))
  })
  afterEach(async () => {
    for (const { child, end } of runs.splice(0)) {
      child.kill('SIGKILL')
      await end
    }
    for (const server of servers.splice(0)) server.close()
    rmSync(folder, { recursive: true })
  })

  function run(...args: string[]): Run {
    const child = spawn(process.execPath, ['apps/api/main.ts', ...args])
    let out = ''
    let errors = ''
    child.stdout.on('data', (data: Buffer) => (out += data.toString()))
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
    const end = once(child, 'close').then(([code]) => code as number | null)
    const lines = () =>
      out
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    const started = { child, lines, errors: () => errors, end }
    runs.push(started)
    return started
  }

  function configFile(settings: object = {}): string {
    const path = join(folder, 'halyard.json')
    const config = {
      chain: { id: CHAIN_ID, rpc: ['http://127.0.0.1:9/secret-key-0123456789'] },
      store: 'sqlite:./halyard.db',
      sources: [{ kind: 'erc721', address: `0x${'1'.repeat(40)}` }],
      api: { port: 0, metricsPort: 0 },
      ...settings,
    }
    writeFileSync(path, JSON.stringify(config))
    return path
  }

  async function listening({ lines, errors }: Run): Promise<{ url: string; metricsUrl: string }> {
    await expect.poll(() => (errors() === '' ? lines().length : 2), { timeout: 20_000 }).toBe(2)
    expect(errors()).toBe('')
    const [api, metrics] = lines()
    return { url: api.url, metricsUrl: metrics.url }
  }

  async function index(blocks: number): Promise<void> {
    const store = openSqliteChainStore(join(folder, 'halyard.db'))
    const ports = { ...commitPorts(store, systemClock, CHAIN_ID), sha256, newId }
    const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
    await appender.open()
    const chain = createFakeChain(1)
    await chain.mine(blocks)
    await appender.take(chain.blocks.map(provenOf))
    await appender.commit(refAt(chain, blocks - 1))
    store.close()
  }

  test('starts before there is a store, makes none, serves it when it is there, and stops when told', async () => {
    const api = run('--config', configFile())
    const { url, metricsUrl } = await listening(api)
    expect((await fetch(`${url}/v1/status`)).status).toBe(503)
    expect((await fetch(`${url}/ready`)).status).toBe(503)
    expect((await fetch(`${url}/live`)).status).toBe(200)
    expect(existsSync(join(folder, 'halyard.db'))).toBe(false)
    await index(60)
    const answer: any = await (await fetch(`${url}/v1/pools/${fakeListedPool}/swaps`)).json()
    expect(answer.block.number).toBe(59)
    const pools: any = await (await fetch(`${url}/v1/pools?limit=1`)).json()
    expect(pools.items[0].token0.symbol).toBeNull()
    const metrics = await (await fetch(metricsUrl)).text()
    expect(metrics).toContain('\nhalyard_head_block{chain="31337"} 59\n')
    expect(metrics).toContain('\nhalyard_proven_blocks{chain="31337",level="receipts"} 60\n')
    expect(metrics).toContain('\nhalyard_proven_blocks{chain="31337",level="bloom"} 0\n')
    api.child.kill('SIGTERM')
    expect(await api.end).toBe(0)
    expect(api.errors()).toBe('')
    expect(JSON.stringify(api.lines())).not.toContain('secret-key')
    expect(api.lines().at(-1)).toMatchObject({ msg: 'stopping', signal: 'SIGTERM' })
  })

  test('--help tells what there is', async () => {
    const { end, child } = run('--help')
    const [text] = (await once(child.stdout, 'data')) as [Buffer]
    expect(text.toString()).toContain('--config <file>')
    expect(await end).toBe(0)
  })

  test.each([
    ['an option that there is not', 2, () => ['--port', '1'], /--help/],
    ['no configuration file', 78, () => ['--config', join(folder, 'none.json')], /cannot be read/],
    [
      'a fault in the configuration',
      78,
      () => ['--config', configFile({ chain: { id: 1 } })],
      /chain\.rpc/,
    ],
  ])('ends with its own exit code for %s', async (_name, code, args, message) => {
    const { end, errors } = run(...args())
    expect(await end).toBe(code)
    expect(errors()).toMatch(message)
    expect(errors()).not.toMatch(/^\s+at /m)
  })

  test('ends with 69 where its port is taken, or its store is none', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const taken = run('--config', configFile({ api: { port, metricsPort: 0 } }))
    expect(await taken.end).toBe(69)
    expect(taken.errors()).toMatch(/api\.port: 127\.0\.0\.1:\d+ .*EADDRINUSE/)
    const metrics = run('--config', configFile({ api: { port: 0, metricsPort: port } }))
    expect(await metrics.end).toBe(69)
    writeFileSync(join(folder, 'halyard.db'), 'this is no database, however you look at it')
    const foreign = run('--config', configFile())
    expect(await foreign.end).toBe(69)
    expect(foreign.errors()).toMatch(/store: .*damaged/)
    // Three starts, one after the other, on a machine that may run everything else at the same time.
  }, 60_000)
})
