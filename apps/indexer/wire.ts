import { createViews } from '#core/history/view.ts'
import type { FollowPorts } from '#core/indexing/follow-head.ts'
import { createAuditor } from '#core/indexing/audit-blocks.ts'
import type { SampleAuditPorts } from '#core/indexing/audit-sample.ts'
import type { TokenCollector } from '#core/tokens/collect-tokens.ts'
import { type ChainStore, openToWrite } from '#wiring/open-chain-store.ts'
import { openIndexing } from '#wiring/open-indexing.ts'
import { openRaw } from '#wiring/open-raw.ts'
import { openNewHeads } from '#wiring/open-new-heads.ts'
import { openNode } from '#wiring/open-node.ts'
import { openTokenCollector } from '#wiring/open-tokens.ts'
import { newId, systemClock } from '#wiring/system.ts'
import { createLogger, createMetrics, type Logger } from '#wiring/telemetry.ts'
import type { Config } from './config.ts'
import { createIndexerMetrics, type IndexerMetrics } from './metrics.ts'

export type Indexer = AsyncDisposable & {
  readonly config: Config
  readonly ports: FollowPorts
  readonly tokens: TokenCollector
  readonly audits: SampleAuditPorts
  readonly log: Logger
  readonly metrics: IndexerMetrics
  /** How each endpoint is doing and what has been learned of it, as JSON. */
  readonly endpoints: () => readonly object[]
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
  const store = overrides.store ?? (await openToWrite(config.store))
  for (const warning of store.warnings ?? []) log.warn({}, warning)
  const raw = await openRaw(config.raw)
  for (const warning of raw.warnings) log.warn({}, warning)
  const node = openNode(chain, {
    ...PATIENCE,
    ...(overrides.stop && { stop: overrides.stop }),
    warn(message, details) {
      metrics.distrusted()
      log.warn(details, message)
    },
  })
  const newHeads = openNewHeads(chain, { warn: (message, details) => log.warn(details, message) })
  const tokens = openTokenCollector(
    node,
    { ...store, views: createViews(store.heads, chain.id), clock: systemClock },
    config,
  )
  const indexing = openIndexing(store, raw.place?.raw, node, chain, {
    warn: (message, details) => log.warn(details, message),
    seen: metrics.sawHead,
  })
  const { id: chainId, commits } = chain
  const { sources } = config
  return {
    config,
    log,
    tokens,
    audits: {
      auditor: createAuditor({ ...store, ...indexing }, { chainId, sources, commits }),
      views: indexing.views,
      clock: indexing.clock,
      newId,
      random: Math.random,
    },
    metrics,
    endpoints: () => node.endpoints(),
    ports: { ...indexing, committed: tokens.found, newHeads },
    async [Symbol.asyncDispose]() {
      newHeads?.[Symbol.dispose]()
      await node[Symbol.asyncDispose]()
      await raw[Symbol.asyncDispose]()
      await store.close()
    },
  }
}
