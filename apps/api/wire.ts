import type { IdempotentAnswers, PrincipalResolver, RateLimiter } from '#core/access/ports.ts'
import type { Clock } from '#core/clock.ts'
import type { TokenReader } from '#core/tokens/ports.ts'
import type { Quoter } from '#core/dex/quoter.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { BranchPorts } from '#core/history/branch.ts'
import type { ChainTip, HistoryPorts } from '#core/history/ports.ts'
import { type IndexedCollections, indexedCollections } from '#core/nft/indexed-collections.ts'
import type { QuarantineTable } from '#core/indexing/ports.ts'
import type { OwnershipChecker } from '#core/ownership/checker.ts'
import { createViews, type Views } from '#core/history/view.ts'
import { type HistoryStore, openOnceThere } from '#wiring/open-chain-store.ts'
import { openIdempotentAnswers } from '#wiring/open-idempotent-answers.ts'
import { openNode } from '#wiring/open-node.ts'
import { openOwnership } from '#wiring/open-ownership.ts'
import { openQuoter } from '#wiring/open-quoter.ts'
import { openTokens } from '#wiring/open-tokens.ts'
import { openRateLimiter } from '#wiring/open-rate-limiter.ts'
import { openTip } from '#wiring/open-tip.ts'
import { sha256, systemClock } from '#wiring/system.ts'
import { createLogger, createMetrics, type Logger } from '#wiring/telemetry.ts'
import { type AnswerBudget, createAnswerBudget } from './answer-budget.ts'
import { type AnswerCache, createAnswerCache } from './answer-cache.ts'
import type { Config } from './config.ts'
import { type ApiMetrics, createApiMetrics } from './metrics.ts'
import { nobodyKnown } from './principals.ts'
import { createPublicQuoter } from './public-quoter.ts'
import { createSubscriptions, type Subscriptions } from './subscriptions.ts'
import { createTurns, type Turns } from './turns.ts'

/** Everything that answers are made of. */
export type Ports = HistoryPorts & {
  readonly views: Views
  readonly quarantine: QuarantineTable
  readonly collections: IndexedCollections
  readonly tokens: TokenReader
  readonly tip: ChainTip
  readonly hashAt: BranchPorts['hashAt']
  readonly quoter: Quoter
  readonly ownership: OwnershipChecker
  readonly clock: Clock
  readonly sha256: Sha256
  readonly log: Logger
  readonly metrics: ApiMetrics
}

export type Api = AsyncDisposable & {
  readonly config: Config
  readonly ports: Ports
  readonly answers: AnswerCache
  readonly budget: AnswerBudget
  readonly subscriptions: Subscriptions
  readonly turns: Turns
  readonly limiter: RateLimiter
  readonly principals: PrincipalResolver
  readonly idempotent: IdempotentAnswers
}

export type Overrides = Partial<
  Pick<Ports, 'tokens' | 'tip' | 'hashAt' | 'quoter' | 'ownership' | 'clock' | 'log'>
> & {
  readonly store?: HistoryStore
  readonly principals?: PrincipalResolver
}

/** Live answers of the chain are extras: one that is slow is done without. */
const NODE = { timeoutMs: 2_000, rounds: 1 } as const
/** Routes are ranked after gas; what it costs moves by an eighth a block at most (EIP-1559). */
const GAS_PRICE_MS = 5_000

/** Gives the ports that `config` asks for; those of `overrides` instead of their own kind. Disposing closes them. */
export async function wire(config: Config, overrides: Overrides = {}): Promise<Api> {
  const { chain } = config
  const log = overrides.log ?? createLogger({ secrets: config.secrets })
  const store = overrides.store ?? (await openOnceThere(config.store))
  for (const warning of store.warnings ?? []) log.warn({}, warning)
  const node = openNode(chain, { ...NODE, warn: (message, details) => log.warn(details, message) })
  const standing = openTip(node, chain.pollMs)
  const clock = overrides.clock ?? systemClock
  const views = createViews(store.heads, chain.id)
  const history = {
    heads: store.heads,
    tree: store.tree,
    events: store.events,
    views,
    clock,
    tokens: overrides.tokens ?? openTokens(node, { views, clock, tokens: store.tokens }, config),
    tip: overrides.tip ?? standing.tip,
    hashAt: overrides.hashAt ?? standing.hashAt,
  }
  const quoter = overrides.quoter ?? openQuoter(node, history, config, { gasPriceMs: GAS_PRICE_MS })
  const { ratePerSecond: perSecond, rateBurst: burst, redis } = config.api
  const limiter = await openRateLimiter({ perSecond, burst }, redis, () => clock.monotonicMs(), log)
  return {
    config,
    answers: createAnswerCache(),
    budget: createAnswerBudget(),
    subscriptions: createSubscriptions(),
    turns: createTurns(),
    principals: overrides.principals ?? nobodyKnown,
    idempotent: openIdempotentAnswers(() => clock.monotonicMs()),
    limiter,
    ports: {
      ...history,
      quarantine: store.quarantine,
      quoter: createPublicQuoter(quoter, log, config.api.development),
      ownership: overrides.ownership ?? openOwnership(node, history, config, chain.pollMs),
      collections: indexedCollections(config.sources),
      sha256,
      log,
      metrics: createApiMetrics(createMetrics()),
    },
    async [Symbol.asyncDispose]() {
      limiter.close()
      await node[Symbol.asyncDispose]()
      await store.close()
    },
  }
}
