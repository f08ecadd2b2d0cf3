import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { type RunningServer, startServer } from '#api/server.ts'
import { readConfig } from '#api/config.ts'
import { type Api, wire } from '#api/wire.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import type { HeadEntry } from '#core/history/head.ts'
import { type ChainStore, openToRead } from '#wiring/open-chain-store.ts'
import { readSettings } from '#wiring/settings.ts'
import {
  createFakeChain,
  type FakeChain,
  fakeListedPool,
  fakeSources,
  provenOf,
  refAt,
} from '../fakes/fake-chain.ts'
import { type FakeNode, refusingContracts, startFakeNode } from '../fakes/fake-node.ts'
import { eventually } from '../fakes/eventually.ts'
import { freshDatabase, type MongoServer, openMongoServer } from '../servers/mongo.ts'
import { temporaryFolder } from '../servers/programs.ts'
import { configuredFakeSources } from './fake-chain-config.ts'
import { runCli } from './run-cli.ts'
import { type App, spawnNode } from './spawn-app.ts'

/*
 * Two chains with the same contracts at the same addresses, and other things in them. What the one has must be as if the
 * other were not there.
 */

const IDS = { main: 31_337, side: 31_338 } as const
type Name = keyof typeof IDS
const NAMES = Object.keys(IDS) as Name[]
const FINALITY = 3
const server: MongoServer | undefined = await openMongoServer()
const folder = temporaryFolder('several-chains')
afterAll(async () => {
  await server?.stop()
  folder.remove()
})

/** Brings all blocks of a chain into a store. */
async function fill(store: ChainStore, chain: FakeChain, chainId: number): Promise<HeadEntry> {
  const ports = { ...commitPorts(store, systemClock, chainId), sha256, newId }
  const appender = createChainAppender(ports, chainId, fakeSources)
  await appender.open()
  for (const block of chain.blocks) {
    await appender.take([provenOf(block)])
    await appender.commit(refAt(chain, Math.max(block.header.number - FINALITY, -1)))
  }
  return (await store.heads.latest(chainId)) as HeadEntry
}

/** The digest that a chain has where it is the only one. */
const digestAlone = async (chain: FakeChain, chainId: number): Promise<HeadEntry['digest']> =>
  (await fill(openSqliteChainStore(':memory:'), chain, chainId)).digest

/** Two chains that are served by nodes, and a configuration of both. */
async function openWorld(store: string, name: string) {
  const chains = {
    main: createFakeChain(501, { maxLogs: 5 }),
    side: createFakeChain(502, { maxLogs: 5 }),
  }
  await chains.main.mine(30)
  await chains.side.mine(24)
  const nodes = {} as Record<Name, FakeNode>
  for (const each of NAMES)
    // oxlint-disable-next-line no-await-in-loop -- two of them
    nodes[each] = await startFakeNode({
      blocks: () => chains[each].blocks,
      chainId: IDS[each],
      finality: FINALITY,
      hooks: refusingContracts,
    })
  const write = (file: string, more: Partial<Record<Name, object>> = {}): string => {
    const path = join(folder.path, `${name}-${file}.json`)
    const ofChain = (each: Name): object => ({
      chain: { id: IDS[each], rpc: [nodes[each].url], poll: 50 },
      sources: configuredFakeSources,
      ...more[each],
    })
    writeFileSync(
      path,
      JSON.stringify({
        chains: { main: ofChain('main'), side: ofChain('side') },
        store,
        indexer: { metricsPort: 0, audit: 'off' },
        api: { port: 0, metricsPort: 0, ratePerSecond: 0 },
      }),
    )
    return path
  }
  return {
    chains,
    nodes,
    write,
    config: write('both'),
    /** Where a node goes away, `null` is put in its place. */
    away(each: Name, isAway: boolean) {
      nodes[each].hooks = isAway
        ? {
            http(_body, response) {
              response.destroy()
              return true
            },
          }
        : refusingContracts
    },
    async [Symbol.asyncDispose]() {
      for (const each of NAMES) await nodes[each].close()
    },
  }
}
type World = Awaited<ReturnType<typeof openWorld>>

/** Fills the file of a chain as an indexer does. */
async function fillFile(file: string, name: Name, { chains }: World): Promise<void> {
  const store = openSqliteChainStore(join(folder.path, `${file}-${name}.db`))
  await fill(store, chains[name], IDS[name])
  store.close()
}

const started: App[] = []
async function endAll(): Promise<void> {
  for (const { child, end } of started.splice(0)) {
    child.kill('SIGTERM')
    await end
  }
}

async function runIndexer(config: string, ...more: string[]) {
  const app = spawnNode('apps/indexer/main.ts', '--config', config, ...more)
  started.push(app)
  await app.said(/health and metrics listen.*\n/)
  const { url } = JSON.parse(app.stdout().split('\n')[0] as string)
  return {
    app,
    async get(path: string): Promise<{ status: number; body: any }> {
      const response = await fetch(`${url}${path}`)
      return { status: response.status, body: await response.json() }
    },
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
  }
}

/** What the store of a configuration has of a chain. */
async function headOf(config: string, name: Name): Promise<HeadEntry | undefined> {
  const store = await openToRead(readSettings(config, name).store)
  try {
    return await store.heads.latest(IDS[name])
  } finally {
    await store.close()
  }
}

/** Waits until the store has all that the chain has, and compares it with what it has where it is alone. */
async function expectAsAlone({ chains, config }: World, name: Name): Promise<void> {
  const chain = chains[name]
  const { hash } = refAt(chain, chain.blocks.length - 1)
  const store = await eventually(() => openToRead(readSettings(config, name).store))
  try {
    await eventually(async () => expect((await store.heads.latest(IDS[name]))?.hash).toBe(hash))
    const alone = await digestAlone(chain, IDS[name])
    expect((await store.heads.latest(IDS[name]))?.digest).toEqual(alone)
  } finally {
    await store.close()
  }
}

const stores = [
  { kind: 'sqlite', url: (name: string) => `sqlite:./${name}.db` },
  ...(server ? [{ kind: 'mongodb', url: () => server.url(freshDatabase()) }] : []),
]

/** A machine that runs everything at once takes its time, and a process to start. */
const PATIENT = { timeout: 90_000 }

describe('two chains', () => {
  afterEach(endAll)

  test.each(stores)(
    'are indexed side by side into $kind by one process, whatever befalls one of them',
    PATIENT,
    async ({ kind, url }) => {
      await using world = await openWorld(url('together'), `together-${kind}`)
      const { chains, config } = world
      const indexer = await runIndexer(config)
      await expectAsAlone(world, 'main')
      await expectAsAlone(world, 'side')
      await eventually(async () => expect((await indexer.get('/ready')).body.status).toBe('ready'))
      expect((await indexer.get('/status')).body.chains).toMatchObject([
        { name: 'main', id: IDS.main, status: 'ready', block: 29, lag: 0 },
        { name: 'side', id: IDS.side, status: 'ready', block: 23, lag: 0 },
      ])
      const metrics = await indexer.metrics()
      expect(metrics).toContain('\nhalyard_head_block{chain="main"} 29\n')
      expect(metrics).toContain('\nhalyard_head_block{chain="side"} 23\n')

      const before = await headOf(config, 'side')
      await chains.main.fork(2, 4)
      // A node has to tell of the other branch twice, with a head that moves on.
      await eventually(async () => {
        await chains.main.mine(1)
        expect(await indexer.metrics()).toContain('\nhalyard_reorgs_total{chain="main"} 1\n')
      })
      await expectAsAlone(world, 'main')
      expect(await headOf(config, 'side')).toEqual(before)

      world.away('side', true)
      await chains.main.mine(3)
      await expectAsAlone(world, 'main')
      await eventually(async () =>
        expect(await indexer.get('/ready')).toMatchObject({
          status: 503,
          body: {
            status: 'degraded',
            chains: [
              { name: 'main', status: 'ready' },
              { name: 'side', status: 'degraded', reason: expect.any(String) },
            ],
          },
        }),
      )
      expect((await indexer.get('/live')).status).toBe(200)
      world.away('side', false)
      await chains.side.mine(2)
      await expectAsAlone(world, 'side')
    },
  )

  test.skipIf(!server)(
    'are indexed side by side into one database by a process each',
    PATIENT,
    async () => {
      const database = (server as MongoServer).url(freshDatabase())
      await using world = await openWorld(database, 'apart')
      const [main] = await Promise.all([
        runIndexer(world.config, '--chain', 'main', '--chain', String(IDS.main)),
        runIndexer(world.config, '--chain', String(IDS.side)),
      ])
      await expectAsAlone(world, 'main')
      await expectAsAlone(world, 'side')
      expect((await main.get('/status')).body.chains).toMatchObject([{ name: 'main' }])
      expect(await main.metrics()).not.toContain('chain="side"')
    },
  )

  test(
    'go on alone where the other cannot, and where none can the process ends',
    PATIENT,
    async () => {
      await using world = await openWorld('sqlite:./stopped.db', 'stopped')
      for (const name of NAMES) await fillFile('stopped', name, world)
      const others = { sources: configuredFakeSources.slice(1) }
      const second = await runIndexer(world.write('one-wrong', { side: others }))
      await world.chains.main.mine(2)
      await expectAsAlone(world, 'main')
      await eventually(async () =>
        expect((await second.get('/ready')).body.chains).toMatchObject([
          { status: 'ready' },
          { status: 'degraded', reason: expect.stringContaining('filled from other sources') },
        ]),
      )
      expect(await second.metrics()).toContain('\nhalyard_chain_stopped{chain="side"} 1\n')
      second.app.child.kill('SIGTERM')
      expect(await second.app.end).toBe(0)
      const third = spawnNode(
        'apps/indexer/main.ts',
        '--config',
        world.write('both-wrong', { main: others, side: others }),
      )
      expect(await third.end).toBe(78)
      expect(third.stderr()).toContain('filled from other sources')
    },
  )
})

describe('a command', PATIENT, () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld('sqlite:./commands.db', 'commands')
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('is about the chain that it names, else about the default one', async () => {
    const { config } = world
    await fillFile('commands', 'side', world)
    const exported = await runCli('export', 'pools', '--config', config, '--chain', 'SIDE')
    expect(exported.stdout).toContain(`"chainId":${IDS.side}`)
    const none = await runCli('export', 'pools', '--config', config)
    expect([none.code, none.stderr]).toEqual([69, expect.stringContaining('commands-main.db yet')])
    const unknown = await runCli('status', '--config', config, '--chain', 'base')
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining(
        '--chain: it takes the name or the id of a chain: main (31337), side (31338); here is "base"',
      ),
    ])
  })

  test('status tells of every chain, and of one that cannot be read why', async () => {
    const { code, stdout } = await runCli('status', '--config', world.config, '--json')
    expect(code).toBe(69)
    expect(JSON.parse(stdout)).toMatchObject({
      chains: [
        { name: 'main', chainId: IDS.main, failure: expect.stringContaining('no file') },
        { name: 'side', chainId: IDS.side, block: { number: 23 }, proofLevel: expect.any(String) },
      ],
    })
  })
})

describe('the API over two chains', () => {
  let world: World
  let api: Api
  let running: RunningServer

  beforeAll(async () => {
    world = await openWorld('sqlite:./api.db', 'api')
    for (const name of NAMES) await fillFile('api', name, world)
    api = await wire(readConfig(world.config))
    running = await startServer(api)
  })
  afterAll(async () => {
    await running[Symbol.asyncDispose]()
    await api[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
  })

  const get = (path: string): Promise<Response> => fetch(`${running.url}${path}`)
  const json = async (path: string): Promise<any> => (await get(path)).json()
  async function query(text: string, variables: object = {}): Promise<any> {
    const response = await fetch(`${running.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text, variables }),
    })
    return response.json()
  }

  test('answers about the one that is named, else about the default one', async () => {
    const { data } = await query(
      '{ both: _meta { block { number } } side: _meta(chain: "side") { block { number hash } } byId: _meta(chain: "31338") { block { number } } }',
    )
    expect(data).toMatchObject({
      both: { block: { number: 29 } },
      side: { block: { number: 23, hash: refAt(world.chains.side, 23).hash } },
      byId: { block: { number: 23 } },
    })
    expect((await json('/v1/status')).item.chainId).toBe(IDS.main)
    expect((await json('/v1/status?chain=side')).item.chainId).toBe(IDS.side)
    expect((await json('/v1/swaps/contracts?chain=31338')).item.chainId).toBe(IDS.side)
  })

  test('gives fields below a field at the root those of its chain, and keeps them apart in what it keeps', async () => {
    const swaps = `swaps(first: 50) { nodes { block { hash } pool { address swapCount token0 { address } } amount0 } }`
    const text = `query Both($side: String) { main: pools(first: 5) { nodes { address swapCount ${swaps} } } side: pools(first: 5, chain: $side) { nodes { address swapCount ${swaps} } } }`
    const once = await query(text, { side: 'side' })
    const again = await query(text, { side: 'side' })
    const alone = async (chain: string) =>
      (
        await query(
          `{ pools(first: 5, chain: "${chain}") { nodes { address swapCount ${swaps} } } }`,
        )
      ).data.pools
    expect(once.errors).toBeUndefined()
    expect(again).toEqual(once)
    expect(once.data).toEqual({ main: await alone('main'), side: await alone('side') })
    expect(once.data.main).not.toEqual(once.data.side)
    const hashes = new Set(world.chains.side.blocks.map(({ header }) => header.hash))
    const told = once.data.side.nodes.flatMap((pool: any) => pool.swaps.nodes)
    expect(told.length).toBeGreaterThan(5)
    for (const swap of told) expect(hashes).toContain(swap.block.hash)
    // Nothing that differs: with other variables the same text asks for another chain.
    expect((await query(text, { side: 'main' })).data.side).toEqual(once.data.main)
  })

  test('refuses a chain that there is not, and names those that there are', async () => {
    const rule =
      'it takes the name or the id of a chain: main (31337), side (31338); here is "base"'
    const { data, errors } = await query(
      '{ main: _meta { block { number } } pools(chain: "base") { nodes { address } } }',
    )
    expect(data).toEqual({ main: { block: { number: 29 } }, pools: null })
    expect(errors).toMatchObject([
      { message: `chain: ${rule}`, extensions: { code: 'BAD_USER_INPUT', argument: 'chain' } },
    ])
    for (const path of ['/v1/pools?chain=base', '/v1/status?chain=base', '/ready?chain=base'])
      expect(await json(path), path).toMatchObject({
        status: 400,
        errors: [{ field: 'chain', message: rule }],
      })
    expect((await json('/v1/pools?chain=main&chain=side')).errors).toMatchObject([
      { field: 'chain', message: 'given more than once; give it once' },
    ])
  })

  test('refuses the cursor of one chain on the other', async () => {
    const page = await json(`/v1/pools/${fakeListedPool}/swaps?limit=1&chain=side`)
    const next = `/v1/pools/${fakeListedPool}/swaps?limit=1&after=${page.nextCursor}`
    expect((await get(`${next}&chain=side`)).status).toBe(200)
    expect(await json(next)).toMatchObject({
      status: 400,
      errors: [{ field: 'after', message: expect.stringContaining('a cursor of chain 31338') }],
    })
    const { data } = await query('{ swaps(first: 1, chain: "side") { pageInfo { endCursor } } }')
    const after = data.swaps.pageInfo.endCursor
    const same =
      'query ($after: String!) { swaps(first: 1, after: $after, chain: "side") { nodes { logIndex } } }'
    expect((await query(same, { after })).errors).toBeUndefined()
    for (const other of [
      'query ($after: String!) { swaps(first: 1, after: $after) { nodes { logIndex } } }',
      `query ($after: String!) { pool(address: "${fakeListedPool}") { swaps(first: 1, after: $after) { nodes { logIndex } } } }`,
      'query ($after: String!) { swaps(last: 1, before: $after) { nodes { logIndex } } }',
    ])
      expect((await query(other, { after })).errors, other).toMatchObject([
        {
          message: expect.stringContaining('a cursor of chain 31338'),
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ])
    // Without its chain in front it is none: the same place may be in both lists.
    expect((await json(`/v1/pools?after=${after.split('.')[1]}`)).status).toBe(400)
  })

  test('streams the trades of the chain that is asked for', async () => {
    const stop = new AbortController()
    const response = await fetch(`${running.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({
        query:
          'subscription ($after: String) { swapUpdates(chain: "side", after: $after) { cursor swaps { block { hash } pool } } }',
        // The beginning of the history.
        variables: {
          after: `${IDS.side}.${Buffer.from(`-1.${'0'.repeat(64)}.origin.all.1.-1`).toString('base64url')}`,
        },
      }),
      signal: stop.signal,
    })
    let text = ''
    for await (const part of response.body ?? []) {
      text += Buffer.from(part as Uint8Array).toString()
      if (text.includes('"cursor"')) break
    }
    stop.abort()
    const line = text.split('\n').find((each) => each.startsWith('data: {')) as string
    const update = JSON.parse(line.slice('data: '.length)).data.swapUpdates
    expect(update.cursor).toMatch(/^31338\./)
    const hashes = new Set(world.chains.side.blocks.map(({ header }) => header.hash))
    expect(update.swaps.length).toBeGreaterThan(0)
    for (const swap of update.swaps) expect(hashes).toContain(swap.block.hash)
  })

  test('lists its chains, and is ready while one of them is', async () => {
    const listed =
      '{ chains { name id state finalityBlocks block { number } lag finalized proofLevel } }'
    await eventually(async () =>
      expect((await query(listed)).data.chains).toEqual([
        {
          name: 'main',
          id: IDS.main,
          state: 'READY',
          finalityBlocks: null,
          block: { number: 29 },
          lag: 0,
          finalized: 26,
          proofLevel: 'RECEIPTS',
        },
        {
          name: 'side',
          id: IDS.side,
          state: 'READY',
          finalityBlocks: null,
          block: { number: 23 },
          lag: 0,
          finalized: 20,
          proofLevel: 'RECEIPTS',
        },
      ]),
    )
    expect((await json('/ready')).status).toBe('ready')
    world.away('side', true)
    await eventually(async () =>
      expect((await json('/v1/chains')).items).toMatchObject([
        { name: 'main', state: 'ready', lag: 0 },
        { name: 'side', state: 'lagging', lag: null, block: { number: 23 } },
      ]),
    )
    expect(await json('/ready')).toMatchObject({
      status: 'degraded',
      chains: [
        { name: 'main', status: 'ready' },
        {
          name: 'side',
          status: 'lagging',
          reason: expect.stringContaining('the chain cannot be asked'),
        },
      ],
    })
    expect((await get('/ready')).status).toBe(200)
    expect((await get('/ready?chain=main')).status).toBe(200)
    expect((await get('/ready?chain=side')).status).toBe(503)
    expect((await get('/v1/pools')).status).toBe(200)
    expect((await get('/v1/pools?chain=side')).status).toBe(200)
    world.away('main', true)
    await eventually(async () => expect((await get('/ready')).status).toBe(503))
    world.away('main', false)
    world.away('side', false)
  })

  test('answers about one whose file is whole where that of the other is damaged', async () => {
    const broken = world.write('broken', { side: { store: 'sqlite:./damaged.db' } })
    writeFileSync(
      join(folder.path, 'damaged.db'),
      'this is no database at all, though it has its name',
    )
    await using other = await wire(readConfig(broken))
    await using served = await startServer(other)
    const at = (path: string): Promise<Response> => fetch(`${served.url}${path}`)
    expect((await at('/v1/pools')).status).toBe(200)
    expect((await at('/v1/pools?chain=side')).status).toBe(503)
    expect(await (await at('/v1/chains')).json()).toMatchObject({
      items: [
        { name: 'main', state: 'ready' },
        { name: 'side', state: 'unavailable', block: null },
      ],
    })
    const both = await fetch(`${served.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query:
          '{ main: pool(address: "0x0000000000000000000000000000000000000011") { address } side: pool(chain: "side", address: "0x0000000000000000000000000000000000000011") { address } }',
      }),
    })
    expect(await both.json()).toMatchObject({
      data: { main: { address: fakeListedPool }, side: null },
      errors: [{ path: ['side'], extensions: { code: 'UNAVAILABLE' } }],
    })
  })
})
