import { existsSync } from 'node:fs'
import { loadSettings, type Settings, type StoreSetting } from '#adapters/config-file/load.ts'
import { environment } from '#adapters/env/environment.ts'
import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { openMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { openThreadedSqliteChainStore } from '#adapters/sqlite/threaded-chain-store.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import { AppError } from '#core/errors.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import { createViews, type Views } from '#core/history/view.ts'
import type { IndexPorts } from '#core/indexing/backfill.ts'
import { commitPorts } from '#core/indexing/commit.ts'
import type { ChainWriter } from '#core/indexing/ports.ts'

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

type Warn = (message: string) => void

const toStderr: Warn = (message) => void process.stderr.write(`halyard: ${message}\n`)

/** The configuration that a command names. */
export const readSettings = (path: string): Settings => loadSettings(path, environment)

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

export async function wireIndexing(settings: Settings, warn: Warn = toStderr): Promise<IndexApp> {
  const { chain } = settings
  const store = await openForWriting(settings.store)
  for (const warning of store.warnings ?? []) warn(warning)
  const rpc = createRpc(chain.rpc, { chainId: chain.id, warn })
  const source = createRpcBlockSource(rpc, {
    finality: chain.finality,
    headerHash: chain.headerHash ? createHeaderHash(keccak) : undefined,
  })
  return {
    settings,
    ports: {
      ...commitPorts(store, systemClock, chain.id),
      sha256,
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

/** Who only reads must not make an empty store where a path is misspelt. */
function refuseMissing(store: StoreSetting): void {
  if (store.kind === 'sqlite' && !existsSync(store.path))
    throw new AppError(
      'unavailable',
      `store: there is no file ${store.path} yet; run a backfill or the indexer first`,
      { details: { field: 'store' } },
    )
}

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
