import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { createLogger, type Logger } from '#adapters/log/logger.ts'
import { createMetrics } from '#adapters/metrics/metrics.ts'
import { openMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { describeCapabilities } from '#adapters/rpc/capabilities.ts'
import { createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { openThreadedSqliteChainStore } from '#adapters/sqlite/threaded-chain-store.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { IndexPorts } from '#core/indexing/backfill.ts'
import { commitPorts } from '#core/indexing/commit.ts'
import type { ChainWriter } from '#core/indexing/ports.ts'
import type { Config } from './config.ts'
import { createIndexerMetrics, type IndexerMetrics } from './metrics.ts'

export type Indexer = AsyncDisposable & {
  readonly config: Config
  readonly ports: IndexPorts
  readonly log: Logger
  readonly metrics: IndexerMetrics
  /** How each endpoint is doing and what has been learned of it, as JSON. */
  readonly endpoints: () => readonly object[]
}

type ChainStore = HistoryPorts & {
  readonly writer: ChainWriter
  /** What about its server an operator should know. */
  readonly warnings?: readonly string[]
  close(): void | Promise<void>
}

export type Overrides = {
  readonly log?: Logger
  readonly store?: ChainStore
  /** Ends what waits for the chain when aborted. */
  readonly stop?: AbortSignal
}

/** A follower tells of trouble soon, and then goes on by itself. */
const PATIENCE = { rounds: 6, patienceMs: 4_000 } as const

/** Gives what following a chain takes. Disposing closes it. */
export async function wire(config: Config, overrides: Overrides = {}): Promise<Indexer> {
  const { chain } = config
  const log = overrides.log ?? createLogger({ secrets: config.secrets })
  const metrics = createIndexerMetrics(createMetrics(), () => systemClock.nowMs())
  const store = overrides.store ?? (await openStore(config.store))
  for (const warning of store.warnings ?? []) log.warn({}, warning)
  const rpc = createRpc(chain.rpc, {
    chainId: chain.id,
    ...PATIENCE,
    ...(overrides.stop && { stop: overrides.stop }),
    warn(message, details) {
      metrics.distrusted()
      log.warn(details, message)
    },
  })
  const source = createRpcBlockSource(rpc, {
    finality: chain.finality,
    warn: (message, details) => log.warn(details, message),
    seen: metrics.sawHead,
    headerHash: chain.headerForm
      ? createHeaderHash(keccak, chain.headerForm, chain.commits.since)
      : undefined,
  })
  return {
    config,
    log,
    metrics,
    endpoints: () =>
      rpc.status().map(({ learned, ...rest }) => ({ ...rest, ...describeCapabilities(learned) })),
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

function openStore(store: Config['store']): Promise<ChainStore> {
  switch (store.kind) {
    case 'sqlite':
      return openThreadedSqliteChainStore(store.path)
    case 'mongodb':
      return openMongoChainStore(store.url)
    default:
      return store satisfies never
  }
}
