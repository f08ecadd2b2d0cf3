import { catalogue } from '#core/catalogue.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { afterAll, expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { createMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { createIndexes } from '#adapters/mongo/collections.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import type { Address, Hash } from '#core/chain.ts'
import { encodeDocument, keyText } from '#core/history/document.ts'
import {
  type ChainEvent,
  encodeEventBody,
  type EventBody,
  type EventSpec,
} from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import { scanDocuments } from '#core/history/resolve.ts'
import { createViews } from '#core/history/view.ts'
import type { HistoryPorts, WorkingTree } from '#core/history/ports.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { createDerivation } from '#core/indexing/derive.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import type { ChainWriter } from '#core/indexing/ports.ts'
import type { Source } from '#core/catalogue.ts'
import { digestAt } from '../../contracts/everything.ts'
import { createFakeChain, fakeSources, provenOf } from '../../fakes/fake-chain.ts'
import { createRandom } from '../../fakes/random.ts'
import { createFakeClock } from '../../fakes/index-app.ts'
import { freshDatabase, openMongoServer } from '../../servers/mongo.ts'
import { loadRecording } from '../../tools/recorded-chain/recording.ts'

/**
 * The digests of known histories, written down. People compare digests of stores that were filled years apart, so one of
 * these changes only together with what a history says: a new projection, another form of a row, another fold.
 */
const GOLDEN = {
  mainnet: '0xcace3fdcd33df7c7da1c9b683af2533834eb854ca5d056ff6c551148cf7f3366',
  generated: '0xa62f1d4144838fdfc39621e269b4b66e0a5e95d6604961b843a1ca3903a5179e',
  others: '0x835f6dc741463e629b8617ab42df8186c6eab3e8c7ec1f4b121ddf0bed9d3c47',
} as const

/**
 * What each version of a projection makes of both histories, its tables of fields included. A projection whose line
 * changes gets another version and a line of its own: stores that the old one filled are then not built upon.
 */
const PROJECTIONS: Readonly<Record<string, string>> = {
  'activity 1': '0x567ffe16b30657ee',
  'balances 1': '0x452b93371023ed6f',
  'holdings 1': '0x56c0d0d4ef9c8ce4',
  'holdings 2': '0xad28a5abb8cdbca8',
  'pools 2': '0x92a50a8d7a6d72b3',
  'pools 3': '0xf69a2428c9896216',
  'pools 4': '0xaed21290a0dbf747',
  'pools 5': '0xb7fdbc1653b81565',
  'positions 1': '0x088b86727a69c1ea',
  'tickPages 1': '0x9e5a7c60f6726d5f',
  'ticks 1': '0xfc1a09ca0634ee27',
  'trades 2': '0xc7ff0f2a3043a417',
  'trades 3': '0xc7ff0f2a3043a417',
  'trades 4': '0xc7ff0f2a3043a417',
}

/** The same of kinds of events, with the version of their family: fields, and what logs of both are decoded into. */
const FAMILIES: Readonly<Record<string, string>> = {
  'burn/algebra-integral 1': '0xf5876689a6f945af',
  'burn/algebra-v1 1': '0x8d91b78e5caef377',
  'burn/solidly 1': '0xf123a1b760a1a30d',
  'burn/uniswap-v2 1': '0xfda8a3beb155c517',
  'burn/uniswap-v3 1': '0x55c98a1d73cb8a15',
  'burn/velodrome-v2 1': '0x91f485e8d2bbd0e6',
  'collect/algebra-integral 1': '0xbb574e0fed4b28e7',
  'collect/algebra-v1 1': '0x3787ba8d2b1d030f',
  'collect/uniswap-v3 1': '0x26a83506b0583ade',
  'collectPosition/uniswap-v3 1': '0xccfd2094c07a7bc7',
  'collectProtocol/uniswap-v3 1': '0xc66ba593980959f3',
  'contractEvent/declared 1': '0x0ba1bb27f7e8155c',
  'decreasePosition/uniswap-v3 1': '0x857b31c56d0504b2',
  'donate/uniswap-v4 1': '0xf76494edfb4177cb',
  'fees/solidly 1': '0xbd5d37fac63551df',
  'fees/velodrome-v2 1': '0xe558baaf99c09436',
  'flash/algebra-integral 1': '0xb91b18fca64bc29b',
  'flash/algebra-v1 1': '0x0a91689631afd326',
  'flash/uniswap-v3 1': '0x9894c80075d750a6',
  'increasePosition/uniswap-v3 1': '0xf272ff895997e612',
  'initialize/algebra-integral 1': '0x6ee086ab876f0ba3',
  'initialize/algebra-v1 1': '0xc5cc8e97eb652b21',
  'initialize/uniswap-v3 1': '0x256ad8d0c54e299c',
  'metadataUpdate/erc1155 1': '0x049c7b57e05cf8ab',
  'metadataUpdate/erc721 1': '0x2a0897be508b5447',
  'mint/algebra-integral 1': '0xa5f71dacdfb17372',
  'mint/algebra-v1 1': '0x986a6c77c10a9004',
  'mint/solidly 1': '0x53ebfd52ca2e1191',
  'mint/uniswap-v2 1': '0xcb4c01986423e25b',
  'mint/uniswap-v3 1': '0x7268d5ac471bf4b0',
  'mint/velodrome-v2 1': '0x153c2bc313aea789',
  'modifyLiquidity/uniswap-v4 1': '0xff476c187bea8d59',
  'poolCreated/algebra-integral 1': '0x7cf0694ed29e1d7d',
  'poolCreated/algebra-v1 1': '0xe61b0d873a06b73f',
  'poolCreated/solidly 1': '0x03edbf9deef3812a',
  'poolCreated/uniswap-v2 1': '0x0c5815df72149545',
  'poolCreated/uniswap-v3 1': '0x41532927df1480fb',
  'poolCreated/uniswap-v4 1': '0x7078be230a0096f6',
  'poolCreated/velodrome-v2 1': '0x3105549685a64528',
  'setCommunityFee/algebra-integral 1': '0x6fe8f704ef9d873b',
  'setCommunityFee/algebra-v1 1': '0x1e9c4940f352b683',
  'setFee/algebra-integral 1': '0x0988b74f920565e9',
  'setFee/algebra-v1 1': '0x5b8b94b45504cceb',
  'setFeeProtocol/uniswap-v3 1': '0x4ab02397721051bb',
  'setFees/algebra-v1 1': '0xc55c37775211f9ad',
  'setProtocolFee/uniswap-v4 1': '0x99d88ca987266416',
  'setTickSpacing/algebra-integral 1': '0xf406c75dfbbd4fb8',
  'setTickSpacing/algebra-v1 1': '0xbd0aac5bcf07bc50',
  'swap/algebra-integral 1': '0x1d9e2ca01ca70a96',
  'swap/algebra-v1 1': '0xa3f74927e2965fc3',
  'swap/pancakeswap-v3 1': '0x32f7940985fc63a6',
  'swap/solidly 1': '0x3c79af1ebf75b329',
  'swap/uniswap-v2 1': '0xb3207e40a4bbcd0c',
  'swap/uniswap-v3 1': '0xc4260aac493e8c57',
  'swap/uniswap-v4 1': '0x0ceb7a51d7916bc8',
  'swap/velodrome-v2 1': '0x865ad1ab7f1335cc',
  'swapFee/algebra-integral 1': '0x120a261c795016f1',
  'sync/solidly 1': '0x62970fe269d1b4f4',
  'sync/uniswap-v2 1': '0x81600ae6ce4e8513',
  'sync/velodrome-v2 1': '0x02ea8533ae37e24a',
  'tokenRebase/erc20 1': '0xce98696fb5e81448',
  'tokenTransfer/erc20 1': '0x0fd19db0e2367552',
  'transfer/erc1155 1': '0x5b20225d51a7341c',
  'transfer/erc721 1': '0xd7d38f67bb5e91df',
  'transferPosition/uniswap-v3 1': '0x87135847c61f9943',
}

const CHAIN_ID = 31_337
const NOWHERE: Address = `0x${'bad'.padStart(40, '0')}`
const NO_HASH: Hash = `0x${'0'.repeat(64)}`
const SWAP_V2 = '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822'
const SWAP_V3 = '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67'
const MINT_V3 = '0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde'
const POSITION_MANAGER = '0xc36442b4a4522e871399cd717abdd847ab11fe88'
/** WETH, and another one. */
const TOKENS = [
  '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
  '0x95ad61b0a150d79219dcf64e1e6cc01f0b64c4ce',
] as const
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

type LogOfMainnet = { readonly address: Address; readonly topics: readonly Hash[] }
type History = { readonly sources: readonly Source[]; readonly blocks: readonly ProvenBlock[] }
type Store = HistoryPorts & { readonly writer: ChainWriter }

/** The recorded mainnet blocks, put one behind the other, with sources for their logs. */
async function recorded(sourcesOf: (logs: readonly LogOfMainnet[]) => Source[]): Promise<History> {
  const vectors = new URL('../../vectors/mainnet-blocks.json.br', import.meta.url)
  const { blocks: all } = await loadRecording(vectors)
  let parentHash = NO_HASH
  const blocks = all.map(({ block, logs }, number): ProvenBlock => {
    const hash = block.hash
    const header = {
      number,
      hash,
      parentHash,
      timestamp: Number(block.timestamp),
      receiptsRoot: NO_HASH,
      logsBloom: '0x',
      hashProven: true,
    } as const
    parentHash = hash
    return {
      header,
      level: 'receipts',
      logs: logs.map((log, logIndex) => ({
        address: log.address,
        topics: log.topics,
        data: log.data,
        blockNumber: number,
        blockHash: hash,
        transactionHash: log.transactionHash,
        transactionIndex: Number(log.transactionIndex),
        logIndex,
      })),
    }
  })
  return { sources: sourcesOf(all.flatMap(({ logs }) => logs)), blocks }
}

/** With every pool and collection that they name as a source. */
const mainnet = (): Promise<History> =>
  recorded((logs) => {
    const sources = new Map<string, Source>()
    for (const { address, topics } of logs) {
      const isV2 = topics[0] === SWAP_V2
      if (isV2 || topics[0] === SWAP_V3) sources.set(address, poolSource(address, isV2))
      if (topics[0] === TRANSFER && topics.length === 4)
        sources.set(address, { kind: 'erc721', address, startBlock: null })
    }
    return [...sources.values()]
  })

/** With the position manager of Uniswap V3 and all pools of that design, and with some tokens. */
const others = (): Promise<History> =>
  recorded((logs) =>
    [
      ...new Set(
        logs
          .filter(({ topics }) => topics[0] === SWAP_V3 || topics[0] === MINT_V3)
          .map(({ address }) => address),
      ),
    ]
      .map((address) => poolSource(address, false))
      .concat([
        { kind: 'uniswap-v3-positions', address: POSITION_MANAGER, startBlock: null },
        ...TOKENS.map(
          (address, index) =>
            ({ kind: 'erc20', address, wrapsNative: index === 0, startBlock: null }) as const,
        ),
      ]),
  )

const poolSource = (address: Address, isV2: boolean): Source => ({
  kind: 'pool',
  protocol: isV2 ? 'uniswap-v2' : 'uniswap-v3',
  address,
  token0: `0x${'1'.repeat(40)}`,
  token1: `0x${'2'.repeat(40)}`,
  feePips: 3_000,
  startBlock: null,
})

async function generated(): Promise<History> {
  const chain = createFakeChain(2_026, { maxLogs: 12 })
  await chain.mine(40)
  return { sources: fakeSources, blocks: chain.blocks.map(provenOf) }
}

function appendPorts(store: Store) {
  let ids = 0
  const newId = () => `c${(ids += 1)}`
  return { ...commitPorts(store, createFakeClock(), CHAIN_ID), catalogue, sha256, newId }
}

/** Indexes all blocks in batches of a size; the last block of each is final. */
async function digestOf(store: Store, history: History, batch: number): Promise<Hash | undefined> {
  const appender = createChainAppender(appendPorts(store), CHAIN_ID, history.sources)
  await appender.open()
  for (let start = 0; start < history.blocks.length; start += batch) {
    const blocks = history.blocks.slice(start, start + batch)
    const { number, hash } = (blocks.at(-1) as ProvenBlock).header
    await appender.take(blocks)
    expect(await appender.commit({ number, hash })).toBe('committed')
  }
  return digestAt(appender.view())
}

const histories = { mainnet, generated, others }

test.each(['mainnet', 'generated', 'others'] as const)(
  'of each batch of the %s history a fold that lasts makes what a new one makes, whatever became of those before',
  async (name) => {
    const { sources, blocks } = await histories[name]()
    const told: ChainEvent[] = []
    const ports = {
      ...appendPorts(createMemoryChainStore(createMemoryTables())),
      committed: {
        wants: () => true,
        tell: (events: readonly ChainEvent[]) => void told.push(...events),
      },
    }
    const appender = createChainAppender(ports, CHAIN_ID, sources)
    const lasting = createDerivation(ports, sources)
    /** What is derived, its values such that nobody changes them any more. */
    const derive = async (base: View, events: readonly ChainEvent[], by = lasting) => {
      await by.fold(base, events)
      const batch = by.finish()
      const { changes, state } = by.changes(base, batch)
      for (const { version } of changes) Object.freeze(version?.value)
      const made = changes.map(({ id: { kind, key }, version, before }) => {
        const was = before && { number: before.number, value: { ...before.value } }
        const now = { number: version?.number, value: { ...version?.value } }
        return [keyText(kind, key), { was, now }] as const
      })
      return { batch, derived: { state, made: new Map(made) } }
    }
    await appender.open()
    for (const [index, block] of blocks.entries()) {
      const base = appender.view()
      await appender.take([block])
      const { number, hash } = block.header
      expect(await appender.commit({ number, hash })).toBe('committed')
      const events = told.splice(0)
      if (!base || events.length === 0) continue
      const { derived: fresh } = await derive(base, events, createDerivation(ports, sources))
      const one = events.filter(
        ({ transactionHash }) => transactionHash === events[0]?.transactionHash,
      )
      // One that fails, one that is given up, and one that is committed.
      if (index % 3 === 0) {
        const foreign = { type: 'sync', protocol: 'uniswap-v2', reserve0: 1n, reserve1: 1n }
        const last = { ...(events.at(-1) as ChainEvent), address: NOWHERE, body: foreign }
        await expect(lasting.fold(base, [...events, last])).rejects.toThrow(/which no source names/)
        lasting.forget()
      }
      if (index % 3 === 1) {
        const { derived: first } = await derive(base, one)
        lasting.forget()
        expect((await derive(base, one)).derived).toEqual(first)
        lasting.forget()
      }
      const { batch, derived } = await derive(base, events)
      expect(derived).toEqual(fresh)
      const { commit, move } = (appender.view() as View).head
      lasting.accept(batch, { commit, move })
    }
  },
)

test.each(['mainnet', 'generated', 'others'] as const)(
  'blocks of the %s history that are taken while those before are being committed leave the same documents',
  async (name) => {
    const { sources, blocks } = await histories[name]()
    for (const [seed, size] of [1, 3, 10].entries()) {
      const random = createRandom(seed)
      const late = async (turnsMax = 4): Promise<void> => {
        for (let turns = random.int(turnsMax); turns > 0; turns--) await setImmediate()
      }
      const documents = async (isLate: boolean) => {
        const tables = createMemoryTables()
        const plain = createMemoryChainStore(tables, isLate ? () => late() : undefined)
        const tree: WorkingTree = {
          ...plain.tree,
          async read(...wanted) {
            if (isLate) await late()
            return plain.tree.read(...wanted)
          },
        }
        const store = { ...plain, tree }
        const appender = createChainAppender(appendPorts(store), CHAIN_ID, sources)
        await appender.open()
        const commits: Promise<string>[] = []
        for (let from = 0; from < blocks.length;) {
          // What is committed together is taken in parts.
          for (let parts = 0; parts < 2 && from < blocks.length; parts++, from += size)
            await appender.take(blocks.slice(from, from + size))
          const { number, hash } = (blocks[Math.min(from, blocks.length) - 1] as ProvenBlock).header
          commits.push(appender.commit({ number, hash }))
          // Some of them end while those behind are folded.
          await (isLate ? late(200) : commits.at(-1))
        }
        expect(new Set(await Promise.all(commits))).toEqual(new Set(['committed']))
        await appender.tidied()
        expect(digestAt(appender.view())).toBe(GOLDEN[name])
        return tables.documents
      }
      expect(await documents(true)).toEqual(await documents(false))
    }
  },
)

const server = await openMongoServer()
afterAll(() => server?.stop())

for (const name of ['mainnet', 'generated', 'others'] as const) {
  test(`the ${name} history has the digest that was written down, however it is batched`, async () => {
    const history = await histories[name]()
    for (const batch of name === 'others' ? [1, 100] : [1, 7, 100]) {
      const store = createMemoryChainStore(createMemoryTables())
      expect(await digestOf(store, history, batch)).toBe(GOLDEN[name])
    }
  })

  test(`the ${name} history has the same digest in SQLite`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-golden-'))
    const store = openSqliteChainStore(join(folder, 'store.db'))
    try {
      expect(await digestOf(store, await histories[name](), 7)).toBe(GOLDEN[name])
    } finally {
      store.close()
      rmSync(folder, { recursive: true })
    }
  })
  test.skipIf(!server)(
    `the ${name} history has the same digest over MongoDB's protocol`,
    { timeout: 120_000 },
    async () => {
      const client = new MongoClient(server?.url('admin') as string)
      const db = client.db(freshDatabase())
      try {
        await createIndexes(db, catalogue)
        const digest = await digestOf(createMongoChainStore(db), await histories[name](), 7)
        expect(digest).toBe(GOLDEN[name])
      } finally {
        await db.dropDatabase()
        await client.close()
      }
    },
  )
}

test('no projection makes something else of the same events without another version', async () => {
  const lines: Record<string, string[]> = {}
  for (const name of ['mainnet', 'generated'] as const) {
    const store = createMemoryChainStore(createMemoryTables())
    await digestOf(store, await histories[name](), 7)
    const history = { ...store, views: createViews(store.heads, CHAIN_ID) }
    const view = (await history.views.current()) as View
    for (const projection of catalogue.projections)
      for (const spec of projection.documents) {
        const scan = { order: 'identity', prefix: [], limit: 100_000 }
        const documents = await scanDocuments(history, view, spec, scan)
        const { identity, orders } = spec
        const of = (lines[`${projection.name} ${projection.version}`] ??= [])
        of.push(JSON.stringify([name, spec.kind, Object.entries(spec.fields), identity, orders]))
        of.push(...documents.map((value) => encodeDocument(spec, value)))
      }
  }
  const found = Object.entries(lines).map(([version, of]) => [
    version,
    sha256(of.join('\n')).slice(0, 18),
  ])
  expect(PROJECTIONS).toMatchObject(Object.fromEntries(found))
})

test('no family of events is decoded into something else without another version', async () => {
  const lines: Record<string, string[]> = {}
  for (const name of ['mainnet', 'generated'] as const) {
    const store = createMemoryChainStore(createMemoryTables())
    await digestOf(store, await histories[name](), 7)
    const history = { ...store, views: createViews(store.heads, CHAIN_ID) }
    const view = (await history.views.current()) as View
    for (const family of catalogue.families) {
      const linesOf = ({ kind }: EventSpec) => (lines[`${kind} ${family.version}`] ??= [])
      for (const spec of family.events)
        linesOf(spec).push(JSON.stringify([spec.number, Object.entries(spec.fields)]))
      const events = await listEvents<EventBody>(history, view, family, { limit: 100_000 })
      for (const { body, logIndex } of events) {
        const spec = catalogue.kindOf(body)
        linesOf(spec).push(`${logIndex} ${encodeEventBody(spec, body)}`)
      }
    }
  }
  const found = Object.entries(lines).map(([version, of]) => [
    version,
    sha256(of.join('\n')).slice(0, 18),
  ])
  expect(FAMILIES).toMatchObject(Object.fromEntries(found))
})
