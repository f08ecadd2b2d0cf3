import type { IdempotentAnswers, PrincipalResolver, RateLimiter } from '#core/access/ports.ts'
import { type ChainName, chosenChain } from '#core/chain-choice.ts'
import type { Clock } from '#core/clock.ts'
import type { TokenReader } from '#core/tokens/ports.ts'
import type { Quoter } from '#core/dex/quoter.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { BranchPorts } from '#core/history/branch.ts'
import type { ChainTip, HistoryPorts } from '#core/history/ports.ts'
import { type IndexedCollections, indexedCollections } from '#core/nft/indexed-collections.ts'
import { type DeclaredContracts, declaredContracts } from '#core/events/declared-contracts.ts'
import { type IndexedTokens, indexedTokens } from '#core/tokens/indexed-tokens.ts'
import type { QuarantineTable } from '#core/indexing/ports.ts'
import type { RoleStore } from '#core/guild/ports.ts'
import type { SignatureVerifier } from '#core/identity/ports.ts'
import {
  type CollectionSummaries,
  createCollectionSummaries,
} from '#core/nft/collection-summaries.ts'
import type { MetadataTable } from '#core/nft/metadata/ports.ts'
import type { OwnershipChecker } from '#core/ownership/checker.ts'
import type { Snapshots } from '#core/ownership/snapshots.ts'
import { createViews, type Views } from '#core/history/view.ts'
import { type HistoryStore, openAtLeisure, openOnceThere } from '#wiring/open-chain-store.ts'
import { openIdempotentAnswers } from '#wiring/open-idempotent-answers.ts'
import { openNewHeads } from '#wiring/open-new-heads.ts'
import { openLedger } from '#wiring/open-ledger.ts'
import { openMetadataIfKept } from '#wiring/open-metadata.ts'
import { openNode } from '#wiring/open-node.ts'
import { type Identity, openIdentity } from '#wiring/open-identity.ts'
import { openOwnership, openSignatures, openSnapshots } from '#wiring/open-ownership.ts'
import { openSpends } from '#wiring/open-spends.ts'
import { openRoleStore } from '#wiring/open-roles.ts'
import { openQuoter } from '#wiring/open-quoter.ts'
import { type OpenWebhooks, openWebhooks } from '#wiring/open-webhooks.ts'
import { openTokens } from '#wiring/open-tokens.ts'
import { openRateLimiter } from '#wiring/open-rate-limiter.ts'
import { openTip } from '#wiring/open-tip.ts'
import { placeOf } from '#wiring/settings.ts'
import { sha256, systemClock } from '#wiring/system.ts'
import { createLogger, createMetrics, type Logger } from '#wiring/telemetry.ts'
import { watchCommits } from '#wiring/watch-commits.ts'
import { type AnswerBudget, createAnswerBudget } from './answer-budget.ts'
import { type AnswerCache, createAnswerCache } from './answer-cache.ts'
import { type CommitSignal, createCommitSignal } from './commit-signal.ts'
import type { ChainConfig, Config } from './config.ts'
import { type ApiMetrics, createApiMetrics } from './metrics.ts'
import { type Interactions, openInteractions } from './interactions.ts'
import type { Points } from './points/service.ts'
import type { Spends } from './points/spends.ts'
import { knownBy } from './principals.ts'
import { createPublicQuoter } from './public-quoter.ts'
import { createSubscriptions, type Subscriptions } from './subscriptions.ts'
import { createTurns, type Turns } from './turns.ts'

/** Everything that answers about one chain are made of. */
export type Ports = HistoryPorts & {
  /** What the configuration says of the chain. */
  readonly settings: ChainConfig
  /** Stands for what of it answers tell, so that none of another configuration passes for one of this. */
  readonly settingsTag: string
  readonly views: Views
  readonly quarantine: QuarantineTable
  readonly collections: IndexedCollections
  readonly indexedTokens: IndexedTokens
  readonly declaredContracts: DeclaredContracts
  readonly tokens: TokenReader
  readonly tip: ChainTip
  readonly hashAt: BranchPorts['hashAt']
  /** What wakes subscriptions. */
  readonly commits: CommitSignal
  readonly quoter: Quoter
  readonly ownership: OwnershipChecker
  readonly snapshots: Snapshots
  readonly summaries: CollectionSummaries
  /** What tokens of NFTs say of themselves; undefined where it is not kept. */
  readonly metadata: MetadataTable | undefined
  /** Signatures of the chain's accounts. */
  readonly signatures: SignatureVerifier
  readonly clock: Clock
  readonly sha256: Sha256
  readonly log: Logger
  readonly metrics: ApiMetrics
}

/** A chain that requests may ask for. */
export type ServedChain = { readonly chain: ChainName; readonly ports: Ports }

export type Api = AsyncDisposable & {
  readonly config: Config
  /** In the order of the configuration. */
  readonly chains: readonly ServedChain[]
  /** The one that answers where a request names none. */
  readonly byDefault: ServedChain
  /** Of that one; `log`, `metrics`, `clock` and `sha256` are the same for all. */
  readonly ports: Ports
  readonly answers: AnswerCache
  readonly budget: AnswerBudget
  readonly subscriptions: Subscriptions
  readonly turns: Turns
  readonly limiter: RateLimiter
  readonly principals: PrincipalResolver
  /** How people sign in; undefined where the configuration says nothing of it. */
  readonly identity: Identity | undefined
  /** Webhooks of people; undefined where nobody can sign in. */
  readonly webhooks: OpenWebhooks['ports'] | undefined
  /** Roles of guilds; undefined where the configuration says nothing of Discord. */
  readonly roles: RoleStore | undefined
  /** Commands of Discord; undefined where the configuration says nothing of them. */
  readonly interactions: Interactions | undefined
  /** The ledger of points; undefined where the configuration says nothing of it. */
  readonly points: Points | undefined
  /** Spends of points on a chain, by its id, of those that have a points contract. */
  readonly spends: ReadonlyMap<number, Spends>
  readonly idempotent: IdempotentAnswers
}

/** Those of a chain are of every chain. */
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
  await using stack = new AsyncDisposableStack()
  const log = overrides.log ?? createLogger({ secrets: config.secrets })
  const clock = overrides.clock ?? systemClock
  const shared: SharedPorts = {
    clock,
    sha256,
    log,
    metrics: createApiMetrics(createMetrics()),
    metadata: await openMetadata(config, stack),
  }
  const storeOf = openStores(config, overrides, log, stack)
  const chains: ServedChain[] = []
  for (const settings of config.chains) {
    // oxlint-disable-next-line no-await-in-loop -- some chains share a store, which is opened for the first one
    const store = await storeOf(settings)
    chains.push(await serveChain(settings, store, shared, config, overrides, stack))
  }
  const byDefault = chosenChain(chains, config.byDefault.chain.name)
  const { ratePerSecond: perSecond, rateBurst: burst, redis } = config.api
  const limiter = stack.adopt(
    await openRateLimiter({ perSecond, burst }, redis, () => clock.monotonicMs(), log),
    (opened) => opened.close(),
  )
  const identity = await openIdentity(config, chains, clock)
  if (identity) stack.use(identity)
  const points = await openPoints(config, log, stack)
  const webhooks = identity ? stack.use(await openWebhooks(config)).ports : undefined
  const roles = config.discord
    ? stack.adopt(await openRoleStore(config.records), async (each) => each.close())
    : undefined
  const interactions = await openInteractions(config, chains, { identity, points, roles, clock })
  const spends = await openChainSpends(config, log, stack)
  const opened = stack.move()
  return {
    config,
    chains,
    byDefault,
    ports: byDefault.ports,
    answers: createAnswerCache(),
    budget: createAnswerBudget(),
    subscriptions: createSubscriptions(),
    turns: createTurns(),
    identity,
    points,
    webhooks,
    roles,
    interactions,
    spends,
    principals: overrides.principals ?? knownBy(config.api.keys, identity, sha256),
    idempotent: openIdempotentAnswers(() => clock.monotonicMs()),
    limiter,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function openPoints(
  { points, records }: Config,
  log: Logger,
  stack: AsyncDisposableStack,
): Promise<Points | undefined> {
  if (!points) return undefined
  const { store, clerk, warnings } = stack.use(await openLedger(records, points.ledger))
  for (const warning of warnings) log.warn({}, warning)
  return { ledger: points.ledger, ports: { store, clerk, sha256 } }
}

async function openChainSpends(
  { chains, records }: Config,
  log: Logger,
  stack: AsyncDisposableStack,
): Promise<ReadonlyMap<number, Spends>> {
  const spends = new Map<number, Spends>()
  for (const { chain, relay } of chains) {
    if (!relay) continue
    // oxlint-disable-next-line no-await-in-loop -- the first one makes the records
    const { ports, policy, warnings } = stack.use(await openSpends({ chain, records, relay }))
    for (const warning of warnings) log.warn({ chain: chain.name }, warning)
    spends.set(chain.id, { ports, policy })
  }
  return spends
}

async function openMetadata(
  config: Config,
  stack: AsyncDisposableStack,
): Promise<MetadataTable | undefined> {
  const opened = await openMetadataIfKept(config)
  return opened && stack.adopt(opened, async (each) => each.close())
}

/** Ports that know of no chain. */
type SharedPorts = Pick<Ports, 'clock' | 'sha256' | 'log' | 'metrics' | 'metadata'>

/** Opens the stores of chains; chains that are kept in one place share one. */
function openStores(
  { chains }: Config,
  overrides: Overrides,
  log: Logger,
  stack: AsyncDisposableStack,
): (settings: ChainConfig) => Promise<HistoryStore> {
  const opened = new Map<string, HistoryStore>()
  const isOne = new Set(chains.map(({ store }) => placeOf(store))).size === 1

  async function open({ chain, store: setting }: ChainConfig): Promise<HistoryStore> {
    if (!isOne) return openAtLeisure(setting, (text) => log.warn({ chain: chain.name }, text))
    const store = await openOnceThere(setting)
    for (const warning of store.warnings ?? []) log.warn({}, warning)
    return store
  }

  return async (settings) => {
    const place = placeOf(settings.store)
    const known = opened.get(place)
    if (known) return known
    const store = overrides.store ?? (await open(settings))
    opened.set(place, store)
    return stack.adopt(store, async (each) => each.close())
  }
}

async function serveChain(
  settings: ChainConfig,
  store: HistoryStore,
  shared: SharedPorts,
  { api }: Config,
  overrides: Overrides,
  stack: AsyncDisposableStack,
): Promise<ServedChain> {
  const { chain } = settings
  const { clock, log } = shared
  const node = stack.use(
    openNode(chain, {
      ...NODE,
      warn: (message, details) => log.warn({ chain: chain.name, ...details }, message),
    }),
  )
  const standing = openTip(node, chain.pollMs)
  const commits = createCommitSignal(store.heads, chain.id)
  const watching = await watchCommits(settings.store, chain.id, commits.hint)
  stack.defer(async () => {
    if (Symbol.asyncDispose in watching) await watching[Symbol.asyncDispose]()
    else watching[Symbol.dispose]()
  })
  stack.use(
    hearNewHeads(settings, log, () => {
      standing.tip.expire()
      commits.newBlock()
    }),
  )
  const views = createViews(store.heads, chain.id)
  const history = {
    heads: store.heads,
    tree: store.tree,
    events: store.events,
    views,
    clock,
    tokens: overrides.tokens ?? openTokens(node, { views, clock, tokens: store.tokens }, settings),
    tip: overrides.tip ?? standing.tip,
    hashAt: overrides.hashAt ?? standing.hashAt,
  }
  const quoter =
    overrides.quoter ?? openQuoter(node, history, settings, { gasPriceMs: GAS_PRICE_MS })
  return {
    chain,
    ports: {
      ...history,
      ...shared,
      settings,
      settingsTag: tagOfSettings(settings),
      commits,
      quarantine: store.quarantine,
      quoter: createPublicQuoter(quoter, log, api.development),
      ownership:
        overrides.ownership ??
        openOwnership(node, { ...history, ...shared }, settings, chain.pollMs),
      snapshots: openSnapshots(history, settings),
      summaries: createCollectionSummaries({ ...history, sources: settings.sources }),
      signatures: openSignatures(node, chain.id),
      collections: indexedCollections(settings.sources),
      indexedTokens: indexedTokens(settings.sources),
      declaredContracts: declaredContracts(settings.declarations),
    },
  }
}

function tagOfSettings({ chain, sources, declarations, quotes }: ChainConfig): string {
  const { id, name } = chain
  return sha256(JSON.stringify([id, name, sources, declarations, quotes])).slice(2, 10)
}

/** Where no block is told of for so long, it is looked all the same: that costs nothing. */
const QUIET_MS = 60_000

/** Calls `tell` at every block that a node tells of, where the configuration names one that does. */
function hearNewHeads({ chain }: ChainConfig, log: Logger, tell: () => void): Disposable {
  const newHeads = openNewHeads(chain, {
    warn: (message, details) => log.warn({ chain: chain.name, ...details }, message),
  })
  if (!newHeads) return { [Symbol.dispose]: () => undefined }
  const over = new AbortController()
  const listen = async (): Promise<void> => {
    while (!over.signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one block after the other
      await newHeads.wait(QUIET_MS, over.signal)
      tell()
    }
  }
  void listen()
  return {
    [Symbol.dispose]() {
      over.abort()
      newHeads[Symbol.dispose]()
    },
  }
}
