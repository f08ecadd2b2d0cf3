import { existsSync } from 'node:fs'
import { listedPools, toQuoteSettings } from '#adapters/config-file/quote-settings.ts'
import { loadSettings, type Settings, type StoreSetting } from '#adapters/config-file/load.ts'
import { environment } from '#adapters/env/environment.ts'
import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { openMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import { createRpcGasPrice } from '#adapters/rpc/gas-price.ts'
import { createLens } from '#adapters/rpc/lens.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { createRpcStateReader } from '#adapters/rpc/state-reader.ts'
import { createRpcSwapTrials } from '#adapters/rpc/swap-trials.ts'
import { createRpcTaxReader } from '#adapters/rpc/tax-reader.ts'
import { createRpcTokenReader } from '#adapters/rpc/token-reader.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { openThreadedSqliteChainStore } from '#adapters/sqlite/threaded-chain-store.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import type { TokenReader } from '#core/dex/ports.ts'
import { createQuoter, type Quoter } from '#core/dex/quoter.ts'
import { AppError, isAppError } from '#core/errors.ts'
import type { ChainTip, HistoryPorts } from '#core/history/ports.ts'
import { createViews, type Views } from '#core/history/view.ts'
import type { IndexPorts } from '#core/indexing/backfill.ts'
import { commitPorts } from '#core/indexing/commit.ts'
import type { BlockSource, ChainWriter } from '#core/indexing/ports.ts'

/** What reading history takes. */
export type HistoryApp = AsyncDisposable & {
  readonly settings: Settings
  readonly history: HistoryPorts & { readonly views: Views }
}

/** What indexing takes. */
export type IndexApp = AsyncDisposable & {
  readonly settings: Settings
  readonly ports: IndexPorts
}

/** What quoting takes. */
export type QuoteApp = AsyncDisposable & {
  readonly quoter: Quoter
  readonly tokens: TokenReader
}

type Warn = (message: string) => void

const toStderr: Warn = (message) => void process.stderr.write(`halyard: ${message}\n`)

/** The configuration that a command names. */
export const readSettings = (path: string): Settings => loadSettings(path, environment)

/** A run of hours is not given up for an outage of a minute. */
const BACKFILL_PATIENCE_MS = 180_000

export async function wireHistory(settings: Settings, warn: Warn = toStderr): Promise<HistoryApp> {
  refuseMissing(settings.store)
  const store = await openStore(settings.store)
  for (const warning of store.warnings ?? []) warn(warning)
  return {
    settings,
    history: { ...store, views: createViews(store.heads, settings.chain.id) },
    [Symbol.asyncDispose]: async () => store.close(),
  }
}

/** @param stop ends what waits for the chain when aborted */
export async function wireIndexing(
  settings: Settings,
  stop?: AbortSignal,
  warn: Warn = toStderr,
): Promise<IndexApp> {
  const { chain } = settings
  const store = await openForWriting(settings.store)
  for (const warning of store.warnings ?? []) warn(warning)
  const rpc = createRpc(chain.rpc, {
    chainId: chain.id,
    patienceMs: BACKFILL_PATIENCE_MS,
    ...(stop && { stop }),
    warn,
    onWait: (reason, ms) => warn(`${reason}; it is tried again in ${Math.ceil(ms / 1_000)} s`),
  })
  const source = createRpcBlockSource(rpc, {
    finality: chain.finality,
    warn,
    headerHash: chain.headerForm
      ? createHeaderHash(keccak, chain.headerForm, chain.commits.since)
      : undefined,
  })
  return {
    settings,
    ports: {
      ...commitPorts(store, systemClock, chain.id),
      sha256,
      newId,
      keccak,
      receiptsRoot: createReceiptsRoot(keccakBytes),
      source,
    },
    async [Symbol.asyncDispose]() {
      await rpc.close()
      await store.close()
    },
  }
}

/** Somebody waits for the answer, which can be made from the index too. */
const QUOTE_RPC = { timeoutMs: 10_000, rounds: 1 } as const
/** A quote is asked for once. */
const GAS_PRICE_MS = 60_000

/** Before anything is indexed, quotes are of the pools that the configuration lists. */
export async function wireQuotes(settings: Settings, warn: Warn = toStderr): Promise<QuoteApp> {
  const { chain } = settings
  const isMissing = isMissingFile(settings.store)
  const store = isMissing ? emptyStore() : await openStore(settings.store)
  if (isMissing)
    warn('the store is not there yet: only pools that the configuration lists are looked at')
  for (const warning of store.warnings ?? []) warn(warning)
  const rpc = createRpc(chain.rpc, { chainId: chain.id, warn, ...QUOTE_RPC })
  const lens = createLens(rpc)
  const tokens = createRpcTokenReader(rpc, settings.quotes.nativeSymbol)
  const quoting = toQuoteSettings(settings, keccak)
  return {
    tokens,
    quoter: createQuoter(
      {
        ...store,
        views: createViews(store.heads, chain.id),
        tip: createTipOnce(createRpcBlockSource(rpc, { finality: 0 })),
        tokens,
        states: createRpcStateReader(lens),
        trials: createRpcSwapTrials(lens, keccak),
        taxes: createRpcTaxReader(lens),
        gasPrice: createRpcGasPrice(rpc, GAS_PRICE_MS),
        clock: systemClock,
      },
      isMissing ? { ...quoting, pools: [...quoting.pools, ...listedPools(settings)] } : quoting,
    ),
    async [Symbol.asyncDispose]() {
      await rpc.close()
      await store.close()
    },
  }
}

/** Asked for once, and waited for: a command has nothing else to do. */
function createTipOnce(source: Pick<BlockSource, 'head'>): ChainTip {
  const ask = async () => {
    try {
      return (await source.head()).latest
    } catch (error) {
      if (isAppError(error)) return undefined
      throw error
    }
  }
  let asked: ReturnType<typeof ask> | undefined
  return { newest: () => (asked ??= ask()) }
}

const emptyStore = (): ChainStore => ({
  ...createMemoryChainStore(createMemoryTables()),
  close: () => undefined,
})

/** Who only reads must not make an empty store where a path is misspelt. */
function refuseMissing(store: StoreSetting): void {
  if (isMissingFile(store))
    throw new AppError(
      'unavailable',
      `store: there is no file ${store.path} yet; run a backfill or the indexer first`,
      { details: { field: 'store' } },
    )
}

const isMissingFile = (
  store: StoreSetting,
): store is Extract<StoreSetting, { readonly kind: 'sqlite' }> =>
  store.kind === 'sqlite' && !existsSync(store.path)

type ChainStore = HistoryPorts & {
  readonly writer: ChainWriter
  /** What about its server an operator should know. */
  readonly warnings?: readonly string[]
  close(): void | Promise<void>
}

const openForWriting = (store: StoreSetting): ChainStore | Promise<ChainStore> =>
  store.kind === 'sqlite' ? openThreadedSqliteChainStore(store.path) : openStore(store)

function openStore(store: StoreSetting): ChainStore | Promise<ChainStore> {
  switch (store.kind) {
    case 'sqlite':
      return openSqliteChainStore(store.path)
    case 'mongodb':
      return openMongoChainStore(store.url)
    default:
      return store satisfies never
  }
}
