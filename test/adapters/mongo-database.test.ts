import { Binary, type CommandStartedEvent, type Db, MongoClient } from 'mongodb'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createMongoChainStore, openMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { collectionIndexes, createIndexes } from '#adapters/mongo/collections.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { isAppError } from '#core/errors.ts'
import { catalogue } from '#core/catalogue.ts'
import type { Swap } from '#core/dex/events.ts'
import { type Pool, poolDocuments } from '#core/dex/pool.ts'
import { type Candle, candleDocuments } from '#core/dex/trading/candle.ts'
import { type DocumentSpec, keyOf, orderKey } from '#core/history/document.ts'
import { valueOfRow } from '#core/history/stored-row.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { Transfer } from '#core/nft/transfer.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import type { Waypoint } from '#core/history/window.ts'
import { documentsOf } from '#core/history/resolve.ts'
import { createViews } from '#core/history/view.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { readEverything } from '../contracts/everything.ts'
import { addressOf } from '../fakes/encode.ts'
import {
  createFakeChain,
  fakeListedPool,
  fakeSources,
  provenOf,
  refAt,
} from '../fakes/fake-chain.ts'
import { commandsOf, indexOf, misfit, stagesOf } from '../servers/mongo-commands.ts'
import { freshDatabase, type MongoServer, openMongoServer } from '../servers/mongo.ts'

const server = await openMongoServer()
afterAll(() => server?.stop())

if (server) suiteOver(server)
else test.skip('MongoDB as its operator sees it: no server to run on', () => {})

function suiteOver({ url, kind }: MongoServer): void {
  const client = new MongoClient(url('admin'), { monitorCommands: true })
  afterAll(() => client.close())

  async function open(): Promise<Db> {
    const db = client.db(freshDatabase())
    onTestFinished(async () => {
      await db.dropDatabase()
    })
    await createIndexes(db, catalogue)
    return db
  }

  describe('what the database holds', () => {
    test('a pool', async () => {
      const db = await open()
      const id = { tree: TREE, kind: 'pool', key: keyOf(poolDocuments, pool) }
      const change = { id, version: { ...ref, value: pool }, previous: null, expected: null }
      await createMongoChainStore(db).writer.replace([change])
      expect(readable(await db.collection('pools').findOne())).toMatchInlineSnapshot(`
        {
          "_id": "31337-0123456789abcdef:pool:0x00000000000000000000000000000000000088e6",
          "address": "0x00000000000000000000000000000000000088e6",
          "at": {
            "commit": "commit-1",
            "move": 7,
            "number": 19000000,
          },
          "createdAt": null,
          "createdBlock": 12376729,
          "factory": "0x00000000000000000000000000000000000000f3",
          "feePips": 500,
          "feePipsOfToken1": null,
          "hooks": null,
          "isFeeDynamic": false,
          "lastTradeAt": 1705000000,
          "lastTradePriceX192": "Binary(40) 00000000000000000000000000000001000000000000000000000000000000000000000000000000",
          "liquidity": "Binary(32) 00000000000000000000000000000000000000000000000000000000000003e8",
          "previous": null,
          "protocol": "uniswap-v3",
          "protocolParts0": 0,
          "protocolParts1": 4,
          "reserve0": "Binary(32) 0000000000000000000000000000000100000000000000000000000000000000",
          "reserve1": null,
          "sqrtPriceX96": "Binary(32) 0000000000000000000000000000000000000001000000000000000000000000",
          "swapCount": 3,
          "tick": -201960,
          "tickSpacing": 10,
          "token0": "0x00000000000000000000000000000000000000a0",
          "token1": "0x00000000000000000000000000000000000000c0",
          "tree": "31337-0123456789abcdef",
        }
      `)
    })

    test('a candle', async () => {
      const db = await open()
      const id = { tree: TREE, kind: 'candle', key: keyOf(candleDocuments, candle) }
      const change = { id, version: { ...ref, value: candle }, previous: null, expected: null }
      await createMongoChainStore(db).writer.replace([change])
      expect(readable(await db.collection('candles').findOne())).toMatchInlineSnapshot(`
        {
          "_id": "31337-0123456789abcdef:candle:0x00000000000000000000000000000000000088e6:1h:1704999600",
          "at": {
            "commit": "commit-1",
            "move": 7,
            "number": 19000000,
          },
          "close": "Binary(40) 00000000000000000000000000000001000000000000000000000000000000000000000000000000",
          "high": "Binary(40) 00000000000000000000000000000002000000000000000000000000000000000000000000000000",
          "interval": "1h",
          "low": "Binary(40) 00000000000000000000000000000000800000000000000000000000000000000000000000000000",
          "open": "Binary(40) 00000000000000000000000000000001000000000000000000000000000000000000000000000000",
          "pool": "0x00000000000000000000000000000000000088e6",
          "previous": null,
          "start": 1704999600,
          "trades": 2,
          "tree": "31337-0123456789abcdef",
          "volume0": "Binary(32) 0000000000000000000000000000000000000000000000000000000000000005",
          "volume1": "Binary(32) 0000000000000000000000000000000000000000000000000000000000000006",
        }
      `)
    })

    test('a swap', async () => {
      const db = await open()
      await createMongoChainStore(db).writer.putEvents(31_337, 'commit-1', [
        { block: swap.block, events: [swap], rows: '', offsets: new Int32Array() },
      ])
      expect(readable(await db.collection('events').findOne())).toMatchInlineSnapshot(`
        {
          "_id": "31337:19000000:12:commit-1",
          "address": "0x00000000000000000000000000000000000088e6",
          "amount0": "Binary(32) 00000000000000000000000000000000000000000000000000000000000003e8",
          "amount1": "Binary(32) ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
          "chainId": 31337,
          "commit": "commit-1",
          "family": "swap",
          "hash": "0xabababababababababababababababababababababababababababababababab",
          "kind": "swap/uniswap-v3",
          "liquidity": "Binary(32) 00000000000000000000000000000000000000000000000000000000000003e8",
          "logIndex": 12,
          "number": 19000000,
          "recipient": "0x000000000000000000000000000000000000000b",
          "sender": "0x000000000000000000000000000000000000000a",
          "sqrtPriceX96": "Binary(32) 0000000000000000000000000000000000000001000000000000000000000000",
          "tick": -201960,
          "timestamp": 1705000000,
          "transactionHash": "0xcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
        }
      `)
    })
  })

  describe('an answer', () => {
    test('reads in one session from the head on, and leaves none open', async () => {
      const db = await open()
      const { heads, tree } = createMongoChainStore(db)
      const seen: string[] = []
      const listen = ({ databaseName, command }: CommandStartedEvent): void => {
        if (databaseName === db.databaseName) seen.push(command.lsid?.id.toString('hex') ?? 'none')
      }
      client.on('commandStarted', listen)
      onTestFinished(() => void client.off('commandStarted', listen))
      await heads.asOneAnswer(async () => {
        await heads.latest(1)
        await Promise.all([heads.upkeep(1), tree.read(POOLS, [[POOL]])])
        await heads.asOneAnswer(() => tree.scan(POOLS, { order: 'identity', prefix: [], limit: 3 }))
      })
      expect(seen).toHaveLength(4)
      expect(new Set(seen).size).toBe(1)
      // What goes on behind the answer does so without it.
      let late: Promise<unknown> = Promise.resolve()
      await heads.asOneAnswer(async () => {
        late = new Promise((resolve) => setTimeout(resolve, 20)).then(() => heads.latest(1))
      })
      await late
    })
  })

  test('a transfer of more tokens than a document holds is stored in parts, read whole, and removed', async () => {
    const db = await open()
    const { events, writer } = createMongoChainStore(db)
    const tokenIds = Array.from({ length: 120_000 }, (_, token) => 2n ** 200n + BigInt(token))
    const body: Transfer = {
      type: 'transfer',
      protocol: 'erc1155',
      operator: addressOf(1),
      from: addressOf(2),
      to: addressOf(3),
      tokenIds,
      amounts: tokenIds.map((_, token) => BigInt(token)),
    }
    const event: ChainEvent<Transfer> = { ...swap, body }
    const block = { block: swap.block, events: [event], rows: '', offsets: new Int32Array() }
    for (let times = 0; times < 2; times++) await writer.putEvents(31_337, 'commit-1', [block])
    const parts = await db.collection('eventParts').find().toArray()
    expect(parts.length).toBeGreaterThan(4)
    const [stored] = await events.list(31_337, { family: 'transfer', limit: 2 })
    expect(stored && valueOfRow(stored)).toEqual(event)
    await writer.deleteBlocks(31_337, [{ number: swap.block.number, commit: 'commit-1' }])
    expect(await events.list(31_337, { family: 'transfer', limit: 2 })).toEqual([])
    expect(await db.collection('eventParts').countDocuments()).toBe(0)
  }, 60_000)

  describe('indexes', () => {
    test('are made when a store is opened; opening it again changes nothing', async () => {
      const db = await open()
      await createIndexes(db, catalogue)
      for (const [name, indexes] of Object.entries(collectionIndexes(catalogue))) {
        if (indexes.length === 0) continue
        const found = await db.collection(name).indexes()
        const keys = found.map((index) => [index.name, Object.keys(index.key)])
        const declared = indexes.map((index) => [index.name, index.fields])
        expect(Object.fromEntries(keys)).toEqual({ _id_: ['_id'], ...Object.fromEntries(declared) })
      }
    })

    test('serve every condition and order of every query, update and delete, and each is used', async () => {
      const db = await open()
      const commands = await commandsOf(client, db.databaseName, () => useEverything(db))
      const used = new Set<string>()
      for (const { collection, filters, sort, hint } of commands)
        for (const filter of filters) {
          used.add(`${collection}.${hint ?? '_id_'}`)
          const text = JSON.stringify({ collection, filter, sort, hint })
          expect(misfit(indexOf(collection, hint), filter, sort), text).toBeUndefined()
        }
      const declared = Object.entries(collectionIndexes(catalogue)).flatMap(
        ([collection, indexes]) => indexes.map((index) => `${collection}.${index.name}`),
      )
      expect([...used]).toEqual(expect.arrayContaining(declared))
    })

    test.skipIf(kind === 'ferretlite')(
      'are what the planner takes, without a sort in memory (mongod-only)',
      async () => {
        const db = await open()
        const commands = await commandsOf(client, db.databaseName, () => useEverything(db))
        for (const { find } of commands) {
          if (!find) continue
          const { queryPlanner } = await db.command({ explain: find, verbosity: 'queryPlanner' })
          const stages = stagesOf(queryPlanner.winningPlan)
          const text = `${JSON.stringify(find)}: ${stages.join()}`
          expect(
            stages.some((stage) => /IXSCAN|IDHACK/.test(stage)),
            text,
          ).toBe(true)
          expect(
            stages.filter((stage) => /COLLSCAN|^SORT$/.test(stage)),
            text,
          ).toEqual([])
        }
      },
    )
  })

  describe('how the server is run', () => {
    test('a standalone is warned of, a replica set is not', async () => {
      const db = await open()
      const { setName } = await db.command({ hello: 1 })
      const store = await openMongoChainStore(url(db.databaseName))
      await store.close()
      expect(store.warnings).toEqual(setName ? [] : [expect.stringContaining('standalone')])
    })

    test.skipIf(kind === 'ferretlite').each(['w=1', 'w=0', 'journal=false'])(
      'a URL with %s is refused on a replica set (mongod-only)',
      async (option) => {
        const base = url((await open()).databaseName)
        const asking = `${base}${base.includes('?') ? '&' : '?'}${option}`
        await expect(openMongoChainStore(asking)).rejects.toSatisfy((error) =>
          isAppError(error, 'invalid'),
        )
      },
    )
  })
}

/** Writes, reorganises and sweeps a chain, and reads it in every way there is. */
async function useEverything(db: Db): Promise<void> {
  const store = createMongoChainStore(db)
  const chainId = 31_337
  const ports = { ...commitPorts(store, systemClock, chainId), sha256, newId }
  const appender = createChainAppender(ports, chainId, fakeSources)
  const history = { ...store, views: createViews(store.heads, chainId) }
  const chain = createFakeChain(31, { maxLogs: 10 })
  const follow = async (from: number): Promise<void> => {
    for (const block of chain.blocks.slice(from)) {
      await appender.take([provenOf(block)])
      await appender.commit(refAt(chain, block.header.number - 3))
    }
  }
  await appender.open()
  await chain.mine(8)
  await follow(0)
  const old = appender.view() as View
  await appender.moveBack(waypointsOf(old).at(-3) as Waypoint)
  await readEverything(history, old)
  await chain.fork(2, 10)
  await follow(6)
  await appender.tidied()
  await readEverything(history, (await history.views.current()) as View)

  await store.heads.settledBlock(chainId, 2)
  for (const spec of catalogue.documents)
    for (const order of ['identity', ...Object.keys(spec.orders)]) {
      const set = documentsOf(old, spec)
      const [some] = await store.tree.scan(set, { order, prefix: [], limit: 1 })
      const after = orderKey(spec, order, some?.value ?? anyOf(spec))
      for (const descending of [false, true])
        for (let length = 0; length < after.length; length++) {
          const walk = { order, prefix: after.slice(0, length), descending, limit: 5 }
          const bound = after.slice(length, length + 1)
          await store.tree.scan(set, { ...walk, after })
          await store.tree.scan(set, { ...walk, from: bound, to: bound })
          await store.tree.scan(set, { ...walk, from: bound, after })
          await store.tree.scan(set, { ...walk, to: bound, after })
        }
    }
  const after = { number: 5, logIndex: 1 }
  for (const behind of [undefined, after, { ...after, commit: 'a-commit' }])
    await store.quarantine.list(chainId, { limit: 5, ...(behind && { after: behind }) })
  for (const query of [{ address: fakeListedPool }, {}])
    for (const descending of [false, true]) {
      const list = { ...query, family: 'swap', descending, limit: 5 } as const
      await store.events.list(chainId, list)
      await store.events.list(chainId, { ...list, after })
      await store.events.list(chainId, { ...list, from: 4, to: 9 })
      await store.events.list(chainId, { ...list, from: 4, to: 9, after })
    }
}

/** Numbers as their bytes, so that a golden shape shows what a shell would. */
function readable(value: unknown): unknown {
  if (value instanceof Binary) return `Binary(${value.length()}) ${value.toString('hex')}`
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, readable(field)]))
}

/** What orders a document of a kind that a short history has none of. */
const anyOf = ({ fields }: DocumentSpec): object =>
  Object.fromEntries(
    Object.entries(fields).map(([name, type]) => [name, type === 'int' ? 1 : addressOf(1)]),
  )

const TREE = '31337-0123456789abcdef'
const POOL = addressOf(0x88e6)
const POOLS = { tree: TREE, kind: 'pool' }
const ref = { number: 19_000_000, commit: 'commit-1', move: 7 } as const

const pool: Pool = {
  address: POOL,
  protocol: 'uniswap-v3',
  factory: addressOf(0xf3),
  token0: addressOf(0xa0),
  token1: addressOf(0xc0),
  feePips: 500,
  feePipsOfToken1: null,
  tickSpacing: 10,
  createdBlock: 12_376_729,
  hooks: null,
  isFeeDynamic: false,
  createdAt: null,
  reserve0: 2n ** 128n,
  reserve1: null,
  sqrtPriceX96: 2n ** 96n,
  tick: -201_960,
  liquidity: 1_000n,
  protocolParts0: 0,
  protocolParts1: 4,
  lastTradePriceX192: 2n ** 192n,
  lastTradeAt: 1_705_000_000,
  swapCount: 3,
}

const candle: Candle = {
  pool: POOL,
  interval: '1h',
  start: 1_704_999_600,
  open: 2n ** 192n,
  high: 2n ** 193n,
  low: 2n ** 191n,
  close: 2n ** 192n,
  volume0: 5n,
  volume1: 6n,
  trades: 2,
}

const swap: ChainEvent<Swap> = {
  block: { number: ref.number, hash: `0x${'ab'.repeat(32)}`, timestamp: 1_705_000_000 },
  transactionHash: `0x${'cd'.repeat(32)}`,
  logIndex: 12,
  address: POOL,
  body: {
    type: 'swap',
    protocol: 'uniswap-v3',
    sender: addressOf(0xa),
    recipient: addressOf(0xb),
    amount0: 1_000n,
    amount1: -1n,
    sqrtPriceX96: 2n ** 96n,
    liquidity: 1_000n,
    tick: -201_960,
  },
}
