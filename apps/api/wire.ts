import { existsSync } from 'node:fs'
import { toQuoteSettings } from '#adapters/config-file/quote-settings.ts'
import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { createLogger, type Logger } from '#adapters/log/logger.ts'
import { createMetrics } from '#adapters/metrics/metrics.ts'
import { openMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import { createChainTip } from '#adapters/rpc/chain-tip.ts'
import { createRpcGasPrice } from '#adapters/rpc/gas-price.ts'
import { createHashAt } from '#adapters/rpc/hash-at.ts'
import { createLens } from '#adapters/rpc/lens.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { createRpcStateReader } from '#adapters/rpc/state-reader.ts'
import { createRpcSwapTrials } from '#adapters/rpc/swap-trials.ts'
import { createRpcTaxReader } from '#adapters/rpc/tax-reader.ts'
import { createRpcTokenReader } from '#adapters/rpc/token-reader.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import type { Clock } from '#core/clock.ts'
import type { TokenReader } from '#core/dex/ports.ts'
import { createQuoter, type Quoter } from '#core/dex/quoter.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { BranchPorts } from '#core/history/branch.ts'
import type { ChainTip, HistoryPorts } from '#core/history/ports.ts'
import { type IndexedCollections, indexedCollections } from '#core/nft/indexed-collections.ts'
import { createViews, type Views } from '#core/history/view.ts'
import { type AnswerCache, createAnswerCache } from './answer-cache.ts'
import type { Config } from './config.ts'
import { createLateStore, type HistoryStore } from './late-store.ts'
import { type ApiMetrics, createApiMetrics } from './metrics.ts'
import { createPublicQuoter } from './public-quoter.ts'
import { createRateLimiter, type RateLimiter, unlimited } from './rate-limit.ts'
import { createSubscriptions, type Subscriptions } from './subscriptions.ts'
import { createTurns, type Turns } from './turns.ts'

/** Everything that answers are made of. */
export type Ports = HistoryPorts & {
  readonly views: Views
  readonly collections: IndexedCollections
  readonly tokens: TokenReader
  readonly tip: ChainTip
  readonly hashAt: BranchPorts['hashAt']
  readonly quoter: Quoter
  readonly clock: Clock
  readonly sha256: Sha256
  readonly log: Logger
  readonly metrics: ApiMetrics
}

export type Api = AsyncDisposable & {
  readonly config: Config
  readonly ports: Ports
  readonly answers: AnswerCache
  readonly subscriptions: Subscriptions
  readonly turns: Turns
  readonly limiter: RateLimiter
}

export type Overrides = Partial<
  Pick<Ports, 'tokens' | 'tip' | 'hashAt' | 'quoter' | 'clock' | 'log'>
> & {
  readonly store?: HistoryStore
}

/** Live answers of the chain are extras: one that is slow is done without. */
const RPC_TIMEOUT_MS = 2_000
const RPC_ROUNDS = 1
/** Routes are ranked after gas; what it costs moves by an eighth a block at most (EIP-1559). */
const GAS_PRICE_MS = 5_000

/** Gives the ports that `config` asks for; those of `overrides` instead of their own kind. Disposing closes them. */
export async function wire(config: Config, overrides: Overrides = {}): Promise<Api> {
  const { chain } = config
  const log = overrides.log ?? createLogger({ secrets: config.secrets })
  const store = overrides.store ?? (await openStore(config.store))
  for (const warning of store.warnings ?? []) log.warn({}, warning)
  const rpc = createRpc(chain.rpc, {
    chainId: chain.id,
    timeoutMs: RPC_TIMEOUT_MS,
    rounds: RPC_ROUNDS,
    warn: (message, details) => log.warn(details, message),
  })
  // Only the newest block is asked for: the cheapest finality, and no header is proven.
  const source = createRpcBlockSource(rpc, { finality: 0 })
  const clock = overrides.clock ?? systemClock
  const lens = createLens(rpc)
  const history = {
    heads: store.heads,
    tree: store.tree,
    events: store.events,
    views: createViews(store.heads, chain.id),
    tokens: overrides.tokens ?? createRpcTokenReader(rpc, config.quotes.nativeSymbol),
    tip: overrides.tip ?? createChainTip(source, chain.pollMs),
    hashAt: overrides.hashAt ?? createHashAt(source, chain.pollMs),
    clock,
  }
  const live = {
    states: createRpcStateReader(lens),
    trials: createRpcSwapTrials(lens, keccak),
    taxes: createRpcTaxReader(lens),
    gasPrice: createRpcGasPrice(rpc, GAS_PRICE_MS),
  }
  const quoter =
    overrides.quoter ?? createQuoter({ ...history, ...live }, toQuoteSettings(config, keccak))
  return {
    config,
    answers: createAnswerCache(),
    subscriptions: createSubscriptions(),
    turns: createTurns(),
    limiter: limiterOf(config.api, () => clock.monotonicMs()),
    ports: {
      ...history,
      quoter: createPublicQuoter(quoter, log, config.api.development),
      collections: indexedCollections(config.sources),
      sha256,
      log,
      metrics: createApiMetrics(createMetrics()),
    },
    async [Symbol.asyncDispose]() {
      await rpc.close()
      await store.close()
    },
  }
}

const limiterOf = ({ ratePerSecond, rateBurst }: Config['api'], nowMs: () => number): RateLimiter =>
  ratePerSecond === 0
    ? unlimited
    : createRateLimiter({ perSecond: ratePerSecond, burst: rateBurst }, nowMs)

function openStore(store: Config['store']): HistoryStore | Promise<HistoryStore> {
  switch (store.kind) {
    case 'sqlite':
      return createLateStore(() =>
        existsSync(store.path) ? openSqliteChainStore(store.path) : undefined,
      )
    case 'mongodb':
      return openMongoChainStore(store.url)
    default:
      return store satisfies never
  }
}
