import DataLoader from 'dataloader'
import type { KnownPrincipal } from '#core/access/ports.ts'
import type { Address } from '#core/chain.ts'
import type { TokenInfo } from '#core/tokens/ports.ts'
import { isUnsettled } from '#core/tokens/token-words.ts'
import type { QuoteInput, QuoteOutcome } from '#core/dex/quote.ts'
import type { OwnershipChecker } from '#core/ownership/checker.ts'
import type { Snapshots } from '#core/ownership/snapshots.ts'
import type { Quoter } from '#core/dex/quoter.ts'
import { createHistoryFeed } from '#core/history/feed.ts'
import type { View } from '#core/history/head.ts'
import type { ChainConfig } from '#api/config.ts'
import { watchQuote } from '#api/quote-updates.ts'
import { watchSwaps } from '#api/swap-updates.ts'
import { expectKnown } from '#api/principals.ts'
import { ACT_POINTS, CHECK_POINTS, QUOTE_POINTS, SNAPSHOT_POINTS } from '#api/rate-limit.ts'
import { type Status, statusAt } from '#api/status.ts'
import { swapContractsOf } from '#api/swap-contracts.ts'
import type { CollectionSummaries } from '#core/nft/collection-summaries.ts'
import type { TokenMetadata } from '#core/nft/metadata/metadata.ts'
import type { TokenKey } from '#core/nft/metadata/ports.ts'
import { readTokens } from '#api/tokens.ts'
import { readSpendOf, type Spends } from '#api/points/spends.ts'
import { watchSpend } from '#api/points/watch-spend.ts'
import type { Intent } from '#core/relay/intent.ts'
import type { SwapContracts } from '#resources/swap-contracts.ts'
import type { SwapUpdate } from '#resources/swap-updates.ts'
import type { Api, Ports, ServedChain } from '#api/wire.ts'
import { ROWS_MAX } from './cost.ts'
import { tooMuch } from './limits.ts'

/** Each is a search of some milliseconds. */
const QUOTES_MAX = 20

/** What fields of one chain share in one attempt to answer a request. */
export type GraphqlContext = {
  readonly api: Api
  readonly ports: Ports
  /** Where the whole answer is read at. @throws AppError `unavailable` where nothing is indexed yet */
  view(): View
  /** What tokens say of themselves, all that an answer needs in one read. */
  readonly tokens: DataLoader<Address, TokenInfo>
  /** What tokens of NFTs say of themselves, likewise; undefined for those that nobody has seen. */
  readonly metadata: DataLoader<TokenKey, TokenMetadata | undefined, string>
  status(): Promise<Status>
  /** For one quote. @throws AppError `invalid` when the request has asked for too many */
  quoter(): Promise<Quoter>
  /** For one snapshot of a collection. */
  snapshots(): Promise<Snapshots>
  /** For one decision on who owns what. */
  ownership(): Promise<OwnershipChecker>
  /** For what is counted of a whole collection. */
  summaries(): Promise<CollectionSummaries>
  /** The quote now, and again whenever it changes, until the client leaves. */
  quoteUpdates(input: QuoteInput): AsyncIterableIterator<QuoteOutcome, void>
  /** Trades as they are committed, of a pool or of all, until the client leaves. */
  swapUpdates(of: Parameters<typeof watchSwaps>[1]): AsyncIterableIterator<SwapUpdate, void>
  /** The changes of a spend of whoever asks. */
  spendUpdates(spends: Spends, key: string): AsyncIterableIterator<Intent, void>
  readonly swapContracts: SwapContracts
  /** Pools that no event tells of. */
  readonly listedPools: ChainConfig['quotes']['pools']
  /** Counts rows that a field asks for. @throws AppError `invalid` when they are too many */
  spend(rows: number, argument: string): void
  /**
   * Who asks. The answer is nobody else's, and is not kept.
   *
   * @throws AppError `unauthenticated` where nobody has said so, or what was said proves nothing
   */
  who(): Promise<KnownPrincipal>
  /** The same for whoever wants something done, which costs more than to read. */
  act(): Promise<KnownPrincipal>
  /** The field is answered otherwise when it is asked for again at the same block. */
  live(): void
}

/** One attempt to answer an operation, whose fields may be of several chains. */
export type Attempt = {
  /** What fields of a chain share. */
  of(chain: ServedChain): GraphqlContext
  /** Whether the answer holds anything that asking again at the same block could answer otherwise. */
  isLive(): boolean
  /** Whether the answer is somebody's own. */
  isPersonal(): boolean
  readonly api: Api
}

/**
 * @param viewOf gives the view of a chain, or throws what is to be said where there is none
 * @param principal who is to pay for it
 * @param authorization what says who asks
 * @param isStream whether it serves one answer after the other, each with what tokens say then
 */
export function createAttempt(
  api: Api,
  viewOf: (chain: ServedChain) => View,
  principal: string,
  {
    authorization,
    isStream = false,
  }: { readonly authorization: string | undefined; readonly isStream?: boolean },
): Attempt {
  const { subscriptions, limiter } = api
  const contexts = new Map<ServedChain, GraphqlContext>()
  let rows = 0
  let quotes = 0
  let asking: Promise<KnownPrincipal> | undefined
  let isLive = false
  const who = (): Promise<KnownPrincipal> => {
    live()
    return (asking ??= expectKnown(api.principals, authorization))
  }
  const live = (): void => {
    isLive = true
  }

  function createContext(chain: ServedChain): GraphqlContext {
    const { ports } = chain
    const { settings } = ports
    const { pollMs } = settings.chain
    const view = (): View => viewOf(chain)
    let status: Promise<Status> | undefined
    return {
      api,
      ports,
      view,
      tokens: createTokenLoader(ports, !isStream, (infos) => {
        isLive ||= infos.some(isUnsettled)
      }),
      metadata: createMetadataLoader(ports, !isStream, live),
      status() {
        live()
        return (status ??= statusAt(ports, view()))
      },
      async quoter() {
        live()
        if (++quotes > QUOTES_MAX)
          throw tooMuch(
            'too-costly',
            `this request asks for more than ${QUOTES_MAX} quotes; ask for them in several requests`,
            'input',
          )
        await limiter.spend(principal, QUOTE_POINTS)
        return ports.quoter
      },
      async snapshots() {
        await limiter.spend(principal, SNAPSHOT_POINTS)
        return ports.snapshots
      },
      async ownership() {
        live()
        await limiter.spend(principal, CHECK_POINTS)
        return ports.ownership
      },
      async summaries() {
        await limiter.spend(principal, SNAPSHOT_POINTS)
        return ports.summaries
      },
      quoteUpdates: (input) =>
        subscriptions.open(principal, (signal) => watchQuote(ports, input, pollMs, signal)),
      swapUpdates: (of) =>
        subscriptions.open(principal, (signal) =>
          watchSwaps({ ...ports, feed: createHistoryFeed(ports) }, of, pollMs, signal),
        ),
      spendUpdates: (spends, key) =>
        subscriptions.open(principal, (signal) => {
          const read = async (): Promise<Intent> =>
            readSpendOf(spends, await expectKnown(api.principals, authorization), key)
          return watchSpend(ports, read, pollMs, signal)
        }),
      spend(more, argument) {
        rows += more
        if (rows > ROWS_MAX)
          throw tooMuch(
            'too-costly',
            `the lists of this request ask for more than ${ROWS_MAX} rows together; ask for less of each`,
            argument,
          )
      },
      swapContracts: swapContractsOf(settings),
      listedPools: settings.quotes.pools,
      who,
      async act() {
        await limiter.spend(principal, ACT_POINTS)
        return who()
      },
      live,
    }
  }

  return {
    api,
    of(chain) {
      const known = contexts.get(chain) ?? createContext(chain)
      contexts.set(chain, known)
      return known
    },
    isLive: () => isLive,
    isPersonal: () => asking !== undefined,
  }
}

const createTokenLoader = (
  ports: Ports,
  cache: boolean,
  seen: (infos: readonly TokenInfo[]) => void,
): DataLoader<Address, TokenInfo> =>
  new DataLoader(
    async (addresses) => {
      const infos = await readTokens(ports, addresses)
      seen(infos)
      return infos
    },
    { cache },
  )

/** A collection may be fetched anew without a new block. */
const createMetadataLoader = (
  { metadata, settings }: Ports,
  cache: boolean,
  seen: () => void,
): DataLoader<TokenKey, TokenMetadata | undefined, string> =>
  new DataLoader(
    async (keys) => {
      seen()
      return metadata ? metadata.read(settings.chain.id, keys) : keys.map(() => undefined)
    },
    { cache, cacheKeyFn: ({ collection, tokenId }) => `${collection} ${tokenId}` },
  )
