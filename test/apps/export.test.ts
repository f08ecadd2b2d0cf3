import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import type { Address } from '#core/chain.ts'
import { catalogue } from '#core/catalogue.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { createFormatter } from '#cli/export/format.ts'
import { type ExportSubject, exportSubjects } from '#cli/export/read-rows.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import type { EventFamily } from '#core/history/event.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { pagesOfEvents } from '#core/history/walk-events.ts'
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

/** The raw units of an amount in whole tokens. */
function rawOf(amount: string, places: number): string {
  const [whole = '', fraction = ''] = amount.split('.')
  expect(fraction.length).toBeLessThanOrEqual(places)
  return `${BigInt(whole + fraction.padEnd(places, '0'))}`
}

test.each([['--help'], ['config', 'schema'], ['dev', '--help']])(
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

  describe('with tokens that the store knows', () => {
    const decimals = new Map<string, number>()
    let pools: any[]
    let traded: any
    beforeAll(async () => {
      pools = linesOf(await run('pools'))
      traded = pools.find(({ swapCount }) => swapCount > 3)
      const tokens = pools.flatMap(({ token0, token1 }) => [token0.address, token1.address])
      for (const [index, token] of [...new Set(tokens)].entries()) decimals.set(token, 3 + index)
      // One pool has a token that nobody knows.
      const unknown = pools.find(({ address }) => address !== traded.address)
      for (const side of ['token0', 'token1'])
        if (![traded.token0.address, traded.token1.address].includes(unknown[side].address))
          decimals.delete(unknown[side].address)
      const store = openSqliteChainStore(rig.path)
      await store.tokens.put(
        CHAIN_ID,
        [...decimals].map(([address, places]) => ({
          address: address as Address,
          symbol: 'T',
          name: 'Token',
          decimals: places,
          number: 1,
          readAtMs: 1,
        })),
      )
      store.close()
    }, 60_000)

    const placesOf = ({ token0, token1 }: any): [number, number] => [
      decimals.get(token0.address) as number,
      decimals.get(token1.address) as number,
    ]

    test('has amounts in whole tokens, exact, where they are asked for, and says so in each line', async () => {
      const raw = linesOf(await run('swaps', '--pool', traded.address, '--units', 'raw'))
      const whole = linesOf(await run('swaps', '--pool', traded.address, '--units', 'whole'))
      expect(raw.length).toBeGreaterThan(3)
      expect(whole.map(({ logIndex }) => logIndex)).toEqual(raw.map(({ logIndex }) => logIndex))
      const [places0, places1] = placesOf(traded)
      for (const [index, { units, amount0, amount1, ...rest }] of raw.entries()) {
        expect(whole[index]).toMatchObject({ ...rest, units: 'whole' })
        expect(units).toBe('raw')
        expect(rawOf(whole[index].amount0, places0)).toBe(amount0)
        expect(rawOf(whole[index].amount1, places1)).toBe(amount1)
      }
    })

    test('has prices of candles as REST has them, and raw ones where these are asked for', async () => {
      const of = ['candles', '--pool', traded.address]
      const [plain, raw, whole] = await Promise.all([
        run(...of),
        run(...of, '--units', 'raw'),
        run(...of, '--units', 'whole'),
      ])
      const [places0, places1] = placesOf(traded)
      const candles = linesOf(plain)
      expect(candles.length).toBeGreaterThan(0)
      for (const [index, candle] of candles.entries()) {
        const [inRaw, inWhole] = [linesOf(raw)[index], linesOf(whole)[index]]
        expect(candle.priceUnit).toBe('tokens')
        expect(inRaw.priceUnit).toBe('raw')
        expect(inWhole.close).toBe(candle.close)
        expect(candle.volume0).toBe(inRaw.volume0)
        expect(rawOf(inWhole.volume1, places1)).toBe(candle.volume1)
        const ratio = Number(candle.close) / Number(inRaw.close) / 10 ** (places0 - places1)
        expect(ratio).toBeCloseTo(1, 9)
      }
      const [header = '', row = ''] = (
        await run(...of, '--units', 'whole', '--format', 'csv')
      ).stdout.split('\r\n')
      const cell = (name: string) => row.split(',')[header.split(',').indexOf(name)]
      const [first] = linesOf(whole)
      expect([cell('units'), cell('close'), cell('volume0')]).toEqual([
        'whole',
        first.close,
        first.volume0,
      ])
    })

    test('has null for an amount whose decimals nobody knows, and says which token it is and what to do', async () => {
      const { stderr, ...rest } = await run('pools', '--units', 'whole')
      const lines = linesOf({ stderr, ...rest })
      const short = lines.filter(({ token0, token1 }) =>
        [token0, token1].some(({ address }) => !decimals.has(address)),
      )
      expect(short.length).toBeGreaterThan(0)
      for (const { token0, token1, reserve0, reserve1 } of short) {
        if (!decimals.has(token0.address)) expect(reserve0).toBeNull()
        if (!decimals.has(token1.address)) expect(reserve1).toBeNull()
      }
      expect(stderr).toMatch(
        /the decimals of 0x\w{40}.* are not stored, so that their amounts are null .*halyard tokens --refresh/,
      )
    })

    test('refuses units of what has no tokens of pools', async () => {
      expect(await run('holdings', '--units', 'whole')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--units: holdings are no tokens of pools; leave it out'),
      })
    })
  })

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

test('an export reads one view to its end, also where its head is left and swept while it is read', async () => {
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
  const whole = appender.view() as View
  const history = { ...store, views: createViews(store.heads, CHAIN_ID) }
  const family = catalogue.families.find(({ name }) => name === 'swap') as EventFamily
  let swaps = 0
  for await (const page of pagesOfEvents(history, whole, family, { limit: 1_000 }))
    swaps += page.length
  const to = waypointsOf(whole)[1] as Waypoint
  await appender.moveBack(to)
  const depth = whole.head.number - to.number
  await chain.fork(depth, depth + 20)
  for (const block of chain.blocks.slice((appender.view() as View).head.number + 1)) {
    await appender.take([provenOf(block)])
    expect(await appender.commit(refAt(chain, block.header.number - 1))).toBe('committed')
  }
  expect((await store.heads.upkeep(CHAIN_ID)).sweptTo).toBeGreaterThan(whole.head.number)
  stdout.resume()
  const result = await done
  store.close()
  expect(result).toMatchObject({ code: 0, stderr: '' })
  expect(result.stdout.trim().split('\n')).toHaveLength(swaps)
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
