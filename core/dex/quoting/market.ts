import { createBatcher } from '#core/batch.ts'
import type { Address, BlockRef } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import { AppError } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { Views } from '#core/history/view.ts'
import { readAllPools, readPools, readPoolsBetween } from './pool-catalog.ts'
import { UNQUOTED_REASONS, type UnquotedReason } from '#core/dex/quotable.ts'
import type { PoolTerms, StateReader, StateWant, WordRange } from '#core/dex/ports.ts'
import type { PoolState } from '#core/dex/protocols/state.ts'
import { wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'
import { asTraded } from '#core/dex/native.ts'
import type { StateSource } from '#core/dex/quote.ts'
import type { QuoteSettings } from '#core/dex/quote-settings.ts'
import { createGraph, type RouteGraph } from '#core/dex/routing/graph.ts'
import type { RoutePool } from '#core/dex/routing/route.ts'
import { readHistoricalStates, readIndexedStates } from './stored-states.ts'

export type MarketPorts = HistoryPorts & {
  readonly views: Views
  readonly states: StateReader
  readonly clock: Clock
}

/** Where a market is looked at: the block, and whose states. */
export type MarketPlace = {
  readonly block: BlockRef
  /** What the pools are known from, and the states too unless they are live; undefined: nothing is indexed. */
  readonly view: View | undefined
  readonly source: StateSource
  /** Whether the chain can be asked about the block: for gas, taxes and confirmation. */
  readonly mayAskChain: boolean
  /** Whether states that are not stored are read from it. */
  readonly fillsLive: boolean
}

export type MarketPool = RoutePool & { readonly terms: PoolTerms; readonly source: StateSource }

/** A pool that cannot be quoted, and a clause that says why. */
type LeftOut = { readonly pool: PoolTerms; readonly reason: UnquotedReason; readonly text: string }

/**
 * Pools and their states as of one block, read when they are first needed and then kept. Two quotes of a block see the
 * very same market.
 */
export type Market = {
  readonly place: MarketPlace
  /** What the native currency is traded as; see `asTraded`. */
  readonly wrappedNative: Address | null
  /** How many quotes are about to read something of it. */
  readonly pending: () => number
  /** The pools that routes between two tokens may take. */
  graphOf(tokenIn: Address, tokenOut: Address): Promise<RouteGraph>
  /** Pools by id; undefined where there is no such pool, or it has no price. */
  poolsOf(ids: readonly string[]): Promise<(MarketPool | undefined)[]>
  pool(id: string): MarketPool | undefined
  /** Pools of these tokens that were looked at and cannot be quoted here, and why. */
  leftOut(tokens: readonly Address[]): LeftOut[]
  /** Why a pool that was looked at cannot be quoted here, where its design tells. */
  whyUnquoted(id: string): UnquotedReason | undefined
  /**
   * Has more ticks of these pools than they come with, reading them where nobody has yet; false where there are no more.
   */
  widen(pools: Iterable<Pick<RoutePool, 'id' | 'state'>>): Promise<boolean>
}

/** How long states that one quote needs may wait for others to need some too. */
const LINGER_MS_MAX = 100
const BATCH_MAX = 1_000

/** Where each two tokens have pools of their own; each graph is of hundreds of pools. */
const GRAPHS_MAX = 100

/** A first look covers about this many ticks each way, a price range from a seventh to seven times. */
const TICKS_AROUND = 20_000
const WORD_TICKS = 256
const SPACING_ASSUMED = 60

export function createMarket(
  ports: MarketPorts,
  place: MarketPlace,
  settings: Pick<QuoteSettings, 'hubs' | 'pools' | 'wrappedNative'>,
  /** How many quotes are about to need states. */
  pending: () => number,
): Market {
  const limits = { sizeMax: BATCH_MAX, pending, lingerMsMax: LINGER_MS_MAX }
  const { view, block, source } = place
  const known = new Map<string, Promise<MarketPool | undefined>>()
  const loaded = new Map<string, MarketPool>()
  const widening = new Map<string, Promise<void>>()
  const graphs = new Map<string, Promise<RouteGraph>>()
  const unquoted = new Map<string, LeftOut>()
  let everything: Promise<PoolTerms[] | undefined> | undefined

  const readLive = createBatcher<StateWant, PoolState | undefined>(
    ports.clock,
    (wants) => ports.states.read(block, wants),
    limits,
  )
  const readStored = createBatcher<PoolTerms, PoolState | undefined>(
    ports.clock,
    async (pools) => {
      if (!view) return pools.map(() => undefined)
      return source === 'historical'
        ? readHistoricalStates(ports, view, block.number, pools)
        : readIndexedStates(ports, view, pools)
    },
    limits,
  )

  async function readPool(terms: PoolTerms): Promise<MarketPool | undefined> {
    if (terms.isHooked) {
      unquoted.set(terms.id, { pool: terms, reason: 'hooked', text: UNQUOTED_REASONS.hooked })
      return undefined
    }
    const stored = source === 'live' ? undefined : await readStored(terms)
    if (stored) return keep(terms, stored, source)
    const live = place.fillsLive
      ? await readLive({ pool: terms, words: firstWords(terms) })
      : undefined
    if (live) return keep(terms, live, 'live')
    const reason = whyUnquoted(terms, place.fillsLive)
    if (reason !== undefined) unquoted.set(terms.id, { pool: terms, ...reason })
    return undefined
  }

  function keep(terms: PoolTerms, state: PoolState, from: StateSource): MarketPool {
    const { id, protocol } = terms
    const [token0, token1] = [terms.token0, terms.token1].map((token) =>
      asTraded(token, settings.wrappedNative),
    ) as [Address, Address]
    const pool: MarketPool = { id, protocol, token0, token1, state, terms, source: from }
    loaded.set(id, pool)
    return pool
  }

  async function load(pools: readonly PoolTerms[]): Promise<(MarketPool | undefined)[]> {
    return Promise.all(
      pools.map((terms) => {
        let reading = known.get(terms.id)
        if (!reading) {
          reading = readPool(terms)
          known.set(terms.id, reading)
          reading.catch(() => known.delete(terms.id))
        }
        return reading
      }),
    )
  }

  async function readWider({ id, terms }: MarketPool, words: WordRange): Promise<void> {
    const state = await readLive({ pool: terms, words })
    if (!state) throw new AppError('unavailable', `the chain no longer tells the state of ${id}`)
    known.set(id, Promise.resolve(keep(terms, state, 'live')))
    graphs.clear()
  }

  /** Quotes that need more ticks of the same pool wait for the same ones. */
  function widenPool(pool: MarketPool, words: WordRange): Promise<void> {
    let reading = widening.get(pool.id)
    if (!reading) {
      reading = readWider(pool, words).finally(() => widening.delete(pool.id))
      widening.set(pool.id, reading)
    }
    return reading
  }

  function readEverything(): Promise<PoolTerms[] | undefined> {
    if (!everything) {
      everything = view ? readAllPools(ports, view) : Promise.resolve([])
      everything.catch(() => (everything = undefined))
    }
    return everything
  }

  async function buildGraph(tokenIn: Address, tokenOut: Address): Promise<RouteGraph> {
    const all = await readEverything()
    const some =
      all ?? (view ? await readPoolsBetween(ports, view, tokenIn, tokenOut, settings.hubs) : [])
    const terms = new Map([...settings.pools, ...some].map((each) => [each.id, each]))
    const pools = await load([...terms.values()])
    return createGraph(pools.flatMap((pool) => (pool ? [loaded.get(pool.id) ?? pool] : [])))
  }

  return {
    place,
    wrappedNative: settings.wrappedNative,
    pending,
    async graphOf(tokenIn, tokenOut) {
      const key = (await readEverything()) ? '' : [tokenIn, tokenOut].toSorted().join()
      let graph = graphs.get(key)
      if (!graph) {
        graph = buildGraph(tokenIn, tokenOut)
        graphs.set(key, graph)
        graph.catch(() => graphs.delete(key))
        const [oldest] = graphs.keys()
        if (graphs.size > GRAPHS_MAX && oldest !== undefined) graphs.delete(oldest)
      }
      return graph
    },
    async poolsOf(ids) {
      const listed = new Map(settings.pools.map((terms) => [terms.id, terms]))
      const stored = view ? await readPools(ports, view, ids) : []
      const terms = ids.map((id, index) => stored[index] ?? listed.get(id))
      const pools = await load(terms.flatMap((each) => each ?? []))
      const byId = new Map(pools.flatMap((pool) => (pool ? [[pool.id, pool]] : [])))
      return ids.map((id) => loaded.get(id) ?? byId.get(id))
    },
    pool: (id) => loaded.get(id),
    leftOut: (tokens) =>
      [...unquoted.values()].filter(({ pool }) =>
        [pool.token0, pool.token1].some((token) =>
          tokens.includes(asTraded(token, settings.wrappedNative)),
        ),
      ),
    whyUnquoted: (id) => unquoted.get(id)?.reason,
    async widen(pools) {
      const wanted = [...pools].flatMap(({ id, state }) => {
        const pool = loaded.get(id)
        // Another quote has had them read since.
        if (pool && pool.state !== state) return Promise.resolve()
        if (!pool || pool.source !== 'live' || pool.state.kind !== 'concentrated') return []
        const words = widerWords(pool.state)
        return words ? [widenPool(pool, words)] : []
      })
      if (wanted.length === 0) return false
      await Promise.all(wanted)
      return true
    },
  }
}

/** Undefined for designs that any store of events tells, and whose pools have no state only before their first price. */
function whyUnquoted(
  { protocol }: PoolTerms,
  wasRead: boolean,
): Pick<LeftOut, 'reason' | 'text'> | undefined {
  if (protocol === 'uniswap-v2' || protocol === 'uniswap-v3') return undefined
  if (!wasRead)
    return {
      reason: 'chain-not-asked',
      text: 'its state is read from the chain, at the newest block only',
    }
  return protocol === 'uniswap-v4'
    ? undefined
    : {
        reason: 'other-design',
        text: `its contracts do not answer, or do not quote, as those of ${protocol} do`,
      }
}

function firstWords({ protocol, tickSpacing: told }: PoolTerms): WordRange {
  // Its bitmap has a bit for every tick.
  const tickSpacing = protocol === 'algebra-integral' ? 1 : told
  const words = Math.ceil(TICKS_AROUND / (WORD_TICKS * (tickSpacing ?? SPACING_ASSUMED)))
  return { centred: true, from: -words, to: words }
}

/** Three times as many, around the same middle; undefined where all are known. */
function widerWords({
  tickSpacing,
  ticks,
}: Extract<PoolState, { kind: 'concentrated' }>): WordRange | undefined {
  const { fromWord: lowest, toWord: highest } = wordsOfSpacing(tickSpacing)
  if (ticks.fromWord <= lowest && ticks.toWord >= highest) return undefined
  const size = ticks.toWord - ticks.fromWord + 1
  return {
    centred: false,
    from: Math.max(lowest, ticks.fromWord - size),
    to: Math.min(highest, ticks.toWord + size),
  }
}
