import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { createFormatter } from '#cli/export/format.ts'
import { type ExportSubject, exportSubjects } from '#cli/export/read-rows.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import type { Waypoint } from '#core/history/window.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { createFakeChain, fakeErc721, fakeSources, provenOf, refAt } from '../fakes/fake-chain.ts'
import { createFakeSource } from '../fakes/fake-source.ts'
import { addressOf } from '../fakes/encode.ts'
import { openRig, type Rig } from './api-rig.ts'
import { type CliResult, runCli, spawnCli } from './run-cli.ts'

const CHAIN_ID = 31_337
const folder = mkdtempSync(join(tmpdir(), 'halyard-export-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.each([['--help'], ['config', 'schema']])(
  'a reader that has enough closes the pipe of %s %s, which is no failure',
  async (...command) => {
    const { child, done } = spawnCli(command)
    child.stdout?.destroy()
    expect(await done).toMatchObject({ code: 0, stderr: '' })
  },
)

describe('an export', () => {
  const pool = addressOf(0xabc)
  const settings = (sources: readonly object[]) => ({
    chain: { id: CHAIN_ID, rpc: ['http://127.0.0.1:9'] },
    sources,
  })
  let rig: Rig
  beforeAll(async () => {
    rig = await openRig({ blocks: 30 })
  })
  afterAll(() => rig[Symbol.asyncDispose]())

  const configOf = (sources: readonly object[] = [{ kind: 'erc721', address: fakeErc721 }]) => {
    const path = join(folder, 'rig.json')
    writeFileSync(path, JSON.stringify({ ...settings(sources), store: `sqlite:${rig.path}` }))
    return path
  }
  const run = (...args: string[]) => runCli('export', ...args, '--config', configOf())
  const linesOf = ({ stdout }: CliResult): any[] =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))

  test.each(Object.keys(exportSubjects))(
    'of %s has a header in CSV, also without rows, with the columns of every row',
    async (subject) => {
      const { stdout, code } = await run(subject, '--format', 'csv')
      expect(code).toBe(0)
      const [header = '', ...rows] = stdout.trimEnd().split('\r\n')
      expect(header).toMatch(/^chainId,\w+/)
      for (const row of rows) expect(row.split(',')).toHaveLength(header.split(',').length)
      const { resource } = exportSubjects[subject] as ExportSubject
      const empty = createFormatter('csv', resource, { chainId: CHAIN_ID })
      expect(empty.header).toBe(`${header}\r\n`)
    },
  )

  test('of nothing is the header alone', async () => {
    const { stdout } = await run('swaps', '--from', '29', '--to', '29', '--format', 'csv')
    expect(stdout.trimEnd().split('\r\n')[0]).toMatch(/^chainId,blockNumber,blockHash,timestamp,/)
    const none = await run('swaps', '--from', '1000', '--format', 'csv')
    expect(none.stdout).toMatch(/^chainId,[\w,]+\r\n$/)
    expect((await run('swaps', '--from', '1000')).stdout).toBe('')
  })

  test('in NDJSON has each item as REST has it', async () => {
    const pools = linesOf(await run('pools'))
    const [{ chainId, ...first }] = pools
    expect(chainId).toBe(CHAIN_ID)
    const { item } = await rig.json(`/v1/pools/${first.address}`)
    // What tokens say of themselves is asked of the chain, which an export does not do.
    const nameless = ({ address }: { address: string }) => ({
      address,
      symbol: null,
      name: null,
      decimals: null,
      unknownBecause: 'unavailable',
    })
    expect(first).toEqual({
      ...item,
      price: null,
      token0: nameless(item.token0),
      token1: nameless(item.token1),
    })
    for (const { address } of pools) {
      const { items } = await rig.json(`/v1/pools/${address}/swaps?order=asc&limit=500`)
      expect(linesOf(await run('swaps', '--pool', address))).toEqual(
        items.map((each: any) => ({
          chainId: CHAIN_ID,
          blockNumber: each.block.number,
          blockHash: each.block.hash,
          ...each,
        })),
      )
      if (items.length > 0) return
    }
    throw new Error('no pool has a trade')
  }, 60_000)

  test('of a pool or a collection that is not indexed says so, which is not that it has nothing', async () => {
    for (const subject of ['swaps', 'liquidity', 'candles', 'pools'])
      expect(await run(subject, '--pool', pool)).toEqual({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(`--pool: ${pool} is not indexed as of block 29`),
      })
    for (const subject of ['transfers', 'holdings'])
      expect(await run(subject, '--collection', pool, '--format', 'csv')).toEqual({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(`--collection: ${pool} is not indexed`),
      })
  }, 60_000)

  test('names options with their dashes, whatever is wrong with them', async () => {
    for (const [options, message] of [
      [['swaps', '--from', '9', '--to', '2'], '--from: block 9 lies behind --to 2'],
      [['pools', '--from', '9'], '--from: pools are as of the newest block'],
      [['swaps', '--collection', pool], '--collection: swaps have none; use --pool'],
      [['swaps', '--pool', '0x12'], '--pool <address>'],
    ] as const) {
      const { code, stderr } = await run(...options)
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
    }
  })
})

test('an export whose head is left while it is read says so, since what it printed may have holes', async () => {
  const chain = createFakeChain(61, { maxLogs: 40 })
  await chain.mine(150)
  const source = createFakeSource({ blocks: () => chain.blocks })
  const store = openSqliteChainStore(join(folder, 'left.db'))
  const ports = {
    ...commitPorts(store, systemClock, CHAIN_ID),
    sha256,
    newId,
    keccak,
    receiptsRoot: createReceiptsRoot(keccakBytes),
    raw: undefined,
    source,
  }
  const input = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto' } as const
  const steps = backfill(ports, input, { aborted: false })
  while (!(await steps.next()).done);

  const config = join(folder, 'left.json')
  const settings = {
    chain: { id: CHAIN_ID, rpc: ['http://127.0.0.1:9'] },
    store: 'sqlite:./left.db',
    sources: [{ kind: 'erc721', address: fakeErc721 }],
  }
  writeFileSync(config, JSON.stringify(settings))
  const { child, done } = spawnCli(['export', 'swaps', '--config', config])
  // Nobody reads on: the pipe is full, and the export waits.
  const { stdout } = child
  if (!stdout) throw new Error('a child has an output')
  await once(stdout, 'data')
  stdout.pause()
  const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
  await appender.open()
  await appender.moveBack(waypointsOf(appender.view() as View)[1] as Waypoint)
  stdout.resume()
  const result = await done
  store.close()
  expect(result.code).toBe(69)
  expect(result.stderr).toMatch(/block 149 was swept while it was read; ask again/)
  expect(result.stdout.length).toBeGreaterThan(200_000)
}, 60_000)

test('an export of what another version indexed says what to do, and exports what is the same', async () => {
  const store = openSqliteChainStore(join(folder, 'older.db'))
  const ports = { ...commitPorts(store, systemClock, CHAIN_ID), sha256, newId }
  const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
  await appender.open()
  const chain = createFakeChain(62, { maxLogs: 9 })
  await chain.mine(6)
  await appender.take(chain.blocks.map(provenOf))
  await appender.commit(refAt(chain, 5))
  store.close()
  const db = new DatabaseSync(join(folder, 'older.db'))
  db.exec(`UPDATE head SET entry = json_set(entry, '$.projections.trades', '31337-1-0123456789ab')`)
  db.close()
  const config = join(folder, 'older.json')
  const settings = {
    chain: { id: CHAIN_ID, rpc: ['http://127.0.0.1:9'] },
    store: 'sqlite:./older.db',
    sources: [{ kind: 'erc721', address: fakeErc721 }],
  }
  writeFileSync(config, JSON.stringify(settings))
  const refused = await spawnCli(['export', 'candles', '--config', config]).done
  expect(refused.code).toBe(69)
  expect(refused.stderr).toMatch(
    /store: another version of Halyard made its candles .*read it with that version, or have `halyard derive` make it anew/,
  )
  const pools = await spawnCli(['export', 'pools', '--config', config]).done
  expect(pools).toMatchObject({ code: 0, stderr: '' })
})
