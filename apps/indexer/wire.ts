import { createViews } from '#core/history/view.ts'
import type { FollowPorts } from '#core/indexing/follow-head.ts'
import { createAuditor } from '#core/indexing/audit-blocks.ts'
import type { SampleAuditPorts } from '#core/indexing/audit-sample.ts'
import type { TokenCollector } from '#core/tokens/collect-tokens.ts'
import { openToWrite } from '#wiring/open-chain-store.ts'
import { openIndexing } from '#wiring/open-indexing.ts'
import { openRaw } from '#wiring/open-raw.ts'
import { openNewHeads } from '#wiring/open-new-heads.ts'
import { openNode } from '#wiring/open-node.ts'
import { openTokenCollector } from '#wiring/open-tokens.ts'
import { newId, systemClock } from '#wiring/system.ts'
import { createLogger, createMetrics, type Logger } from '#wiring/telemetry.ts'
import type { Config } from './config.ts'
import { type ChainMetrics, createIndexerMetrics, type IndexerMetrics } from './metrics.ts'

export type Indexer = AsyncDisposable & {
  readonly config: Config
  readonly ports: FollowPorts
  readonly tokens: TokenCollector
  readonly audits: SampleAuditPorts
  readonly log: Logger
  readonly metrics: ChainMetrics
  /** How each endpoint is doing and what has been learned of it, as JSON. */
  readonly endpoints: () => readonly object[]
}

/** A follower tells of trouble soon, and then goes on by itself. */
const PATIENCE = { rounds: 6, patienceMs: 4_000 } as const

/** The metrics of this process, for all of its chains. */
export const openMetrics = (): IndexerMetrics =>
  createIndexerMetrics(createMetrics(), () => systemClock.nowMs())

/** The log of this process. Lines about a chain have its name. */
export const openLog = ({ secrets }: Pick<Config, 'secrets'>): Logger => createLogger({ secrets })

/** The same log, for what is about a chain. */
export const logOf = (log: Logger, { name }: Config['chain']): Logger => ({
  debug: (fields, message) => log.debug({ chain: name, ...fields }, message),
  info: (fields, message) => log.info({ chain: name, ...fields }, message),
  warn: (fields, message) => log.warn({ chain: name, ...fields }, message),
  error: (fields, message) => log.error({ chain: name, ...fields }, message),
})

/**
 * Gives what following a chain takes. Disposing closes it.
 *
 * @param stop ends what waits for the chain when aborted
 */
export async function wire(
  config: Config,
  log: Logger,
  metrics: ChainMetrics,
  stop: AbortSignal,
): Promise<Indexer> {
  const { chain } = config
  await using stack = new AsyncDisposableStack()
  const store = stack.adopt(await openToWrite(config.store), async (each) => each.close())
  const raw = stack.use(await openRaw(config.raw))
  for (const { warnings = [] } of [store, raw])
    for (const warning of warnings) log.warn({}, warning)
  const node = stack.use(
    openNode(chain, {
      ...PATIENCE,
      stop,
      warn(message, details) {
        metrics.distrusted()
        log.warn(details, message)
      },
    }),
  )
  const newHeads = openNewHeads(chain, { warn: (message, details) => log.warn(details, message) })
  stack.defer(() => newHeads?.[Symbol.dispose]())
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
  const opened = stack.move()
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
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
