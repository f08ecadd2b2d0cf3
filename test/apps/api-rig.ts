import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger, LogFields } from '#adapters/log/logger.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { addressOf } from '../fakes/encode.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import type { ChainConfig, Config } from '#api/config.ts'
import type { RouteOf } from '#api/http/route.ts'
import { type RunningServer, startServer } from '#api/server.ts'
import { type Overrides, wire } from '#api/wire.ts'
import { catalogueOf, type Source } from '#core/catalogue.ts'
import type { Address, BlockRef } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import type { Operation } from '#core/ledger/operation.ts'
import type { TokenReader } from '#core/tokens/ports.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import type { Waypoint } from '#core/history/window.ts'
import { type ChainAppender, createChainAppender } from '#core/indexing/append-blocks.ts'
import { ETHEREUM_COMMITMENTS } from '#core/indexing/chain-profiles.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import {
  createFakeChain,
  type FakeBlock,
  type FakeChain,
  fakeSources,
  provenOf,
  refAt,
} from '../fakes/fake-chain.ts'

const CHAIN_ID = 31_337
const FINALITY = 3

type LogLine = {
  readonly level: string
  readonly message: string
  readonly fields: LogFields
}

/** An API over a store of its own, the writer that fills it, and the world around it, to be changed at will. */
export type Rig = AsyncDisposable & {
  readonly url: string
  readonly metricsUrl: string
  readonly path: string
  readonly chain: FakeChain
  readonly lines: LogLine[]
  /** What the chain tip says; undefined: the chain cannot be asked. */
  newest: BlockRef | undefined
  /** The time that the API sees. */
  nowMs: number
  /** Mines so many blocks and commits them one by one. */
  append(count: number, finality?: number): Promise<void>
  /** Replaces the newest `depth` blocks by `count` others, in the chain and then in the store. */
  reorg(depth: number, count: number): Promise<void>
  /** Does an operation of the ledger, where there is one. */
  points(operation: Operation): Promise<void>
  get(path: string, init?: RequestInit): Promise<Response>
  /** A REST answer that must be 200. */
  json(path: string): Promise<any>
  /** A GraphQL answer as it came. */
  query(query: string, variables?: object): Promise<{ data: any; errors?: GraphqlFault[] }>
}

type GraphqlFault = {
  readonly message: string
  readonly path?: readonly (string | number)[]
  readonly extensions: {
    readonly code: string
    readonly argument?: string
    readonly requestId?: string
  }
}

export type RigOptions = {
  readonly seed?: number
  readonly blocks?: number
  readonly maxLogs?: number
  readonly api?: Partial<Config['api']>
  readonly quotes?: Partial<ChainConfig['quotes']>
  readonly pollMs?: number
  readonly identity?: Config['identity']
  readonly discord?: Config['discord']
  /** Hosts with ports that webhooks may be at. */
  readonly receivers?: readonly string[]
  readonly metadata?: Config['metadata']
  /** A place of its own unless given. */
  readonly records?: Config['records']
  readonly points?: Config['points']
  readonly relay?: ChainConfig['relay']
  readonly overrides?: (path: string) => Overrides
  /** Beside those that the API has. */
  readonly routes?: readonly RouteOf[]
  /** Whether the store is there when the API starts; otherwise `append` makes it. */
  readonly late?: boolean
  /** As `chain.activity` says. */
  readonly keepsActivity?: boolean
}

/** Decimals by the number that a fake address is: a third of the tokens has none. */
const fakeTokens: TokenReader = {
  read: async (addresses) => addresses.map(fakeToken),
}

export const fakeToken = (address: Address) => {
  const number = Number(BigInt(address))
  return {
    address,
    symbol: `T${number}`,
    name: number % 3 === 0 ? null : `Token ${number}`,
    decimals: number % 3 === 0 ? null : number,
    unknownBecause: number % 3 === 0 ? ('refused' as const) : null,
  }
}

const quietContract = { address: addressOf(0xce), events: ['Staked(address,uint256)'] }

/** Those of the chain, a token that nobody moves, and a contract that says nothing. */
export const rigSources: readonly Source[] = [
  ...fakeSources,
  { kind: 'erc20', address: addressOf(0x20), wrapsNative: false, startBlock: 0 },
  { ...quietContract, kind: 'contract-events', startBlock: 0 },
]

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const { keepsActivity = true } = options
  const folder = mkdtempSync(join(tmpdir(), 'halyard-api-'))
  const path = join(folder, 'halyard.db')
  const chain = createFakeChain(options.seed ?? 1, { maxLogs: options.maxLogs ?? 8 })
  const lines: LogLine[] = []
  let writer:
    | { store: ReturnType<typeof openSqliteChainStore>; appender: ChainAppender }
    | undefined

  let appending = Promise.resolve()

  async function open() {
    const store = openSqliteChainStore(path)
    const catalogue = catalogueOf({ keepsActivity })
    const ports = { ...commitPorts(store, systemClock, CHAIN_ID), catalogue, sha256, newId }
    const appender = createChainAppender(ports, CHAIN_ID, rigSources)
    await appender.open()
    return (writer = { store, appender })
  }

  async function commit(block: FakeBlock, finality: number): Promise<void> {
    const { appender } = writer ?? (await open())
    await appender.take([provenOf(block)])
    const outcome = await appender.commit(
      refAt(chain, Math.max(block.header.number - finality, -1)),
    )
    if (outcome !== 'committed') throw new Error(`not committed: ${outcome}`)
  }

  async function mineAndCommit(count: number, finality: number): Promise<void> {
    const from = chain.blocks.length
    await chain.mine(count)
    for (const block of chain.blocks.slice(from)) await commit(block, finality)
  }

  if (!options.late) await open()
  const settings: ChainConfig = {
    chain: {
      name: String(CHAIN_ID),
      id: CHAIN_ID,
      rpc: [{ url: 'http://127.0.0.1:9' }],
      heads: [],
      finality: 'finalized',
      pollMs: options.pollMs ?? 1_000,
      proof: 'auto',
      commits: ETHEREUM_COMMITMENTS,
      headerForm: 'ethereum',
      keepsActivity,
    },
    store: { kind: 'sqlite', path },
    sources: rigSources,
    declarations: [quietContract],
    quotes: {
      router: null,
      wrappedNative: null,
      nativeSymbol: 'ETH',
      hubs: [],
      pools: [],
      ...options.quotes,
    },
    ownership: {
      escrows: [],
      delegations: { registry: addressOf(0xde1), rights: `0x${'0'.repeat(64)}` },
    },
    relay: options.relay ?? null,
  }
  const config: Config = {
    chains: [settings],
    byDefault: settings,
    identity: options.identity ?? null,
    discord: options.discord ?? null,
    webhooks: { allowed: options.receivers ?? [], metricsHost: '127.0.0.1', metricsPort: null },
    metadata: options.metadata ?? null,
    points: options.points ?? null,
    records: options.records ?? { kind: 'sqlite', path: join(folder, 'records.db') },
    secrets: [],
    api: {
      host: '127.0.0.1',
      port: 0,
      metricsHost: '127.0.0.1',
      metricsPort: 0,
      proxies: 0,
      ratePerSecond: 0,
      rateBurst: 1,
      redis: null,
      keys: [],
      development: false,
      lagSecondsMax: 60,
      ...options.api,
    },
  }
  const log = logInto(lines)
  const clock: Clock = { ...systemClock, nowMs: () => rig.nowMs }
  const api = await wire(config, {
    tokens: fakeTokens,
    tip: { newest: async () => rig.newest },
    clock,
    log,
    ...options.overrides?.(path),
  })
  let server: RunningServer
  try {
    server = await startServer(api, options.routes)
  } catch (error) {
    await api[Symbol.asyncDispose]()
    throw error
  }

  const rig: Rig = {
    url: server.url,
    metricsUrl: server.metricsUrl,
    path,
    chain,
    lines,
    newest: undefined,
    nowMs: 0,
    append(count, finality = FINALITY) {
      // One after the other, however many ask at once.
      appending = appending.then(() => mineAndCommit(count, finality))
      return appending
    },
    async reorg(depth, count) {
      const ancestor = chain.blocks.length - depth - 1
      await chain.fork(depth, count)
      const { appender } = writer ?? (await open())
      const view = appender.view() as View
      const to = waypointsOf(view).find(({ number }) => number === ancestor) as Waypoint
      await appender.moveBack(to)
      for (const block of chain.blocks.slice(ancestor + 1)) await commit(block, FINALITY)
    },
    async points(operation) {
      const key = newId()
      await api.points?.ports.clerk.submit({ scope: 'rig', key, actor: 'rig', operation })
    },
    get: (at, init) => fetch(`${server.url}${at}`, init),
    async json(at) {
      const response = await rig.get(at)
      if (response.status !== 200)
        throw new Error(`${at}: ${response.status} ${await response.text()}`)
      return response.json() as never
    },
    async query(query, variables = {}) {
      const response = await rig.get('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      })
      return response.json() as never
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
      writer?.store.close()
      const leaked = openFilesIn(folder)
      rmSync(folder, { recursive: true })
      if (leaked.length > 0) throw new Error(`left open: ${leaked.join(', ')}`)
    },
  }
  await rig.append(options.blocks ?? 0)
  const head = chain.blocks.at(-1)?.header
  if (head) {
    rig.newest = { number: head.number, hash: head.hash }
    rig.nowMs = (head.timestamp + 5) * 1_000
  }
  return rig
}

/** Files of a folder that this process holds open; none where the system does not tell. */
function openFilesIn(folder: string): string[] {
  if (!existsSync('/proc/self/fd')) return []
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return ''
      }
    })
    .filter((file) => file.startsWith(folder))
}

/** Sockets and servers that this process has open. */
export const openSockets = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))

function logInto(lines: LogLine[]): Logger {
  const at = (level: string) => (fields: LogFields, message: string) =>
    void lines.push({ level, message, fields })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
