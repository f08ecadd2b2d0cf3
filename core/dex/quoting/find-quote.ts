import type { Address } from '#core/chain.ts'
import { AppError, assert, hasReason, invalidField } from '#core/errors.ts'
import { asTraded, NATIVE } from '#core/dex/native.ts'
import { PARTS_MAX, type RouteOutcome } from '#core/dex/routing/request.ts'
import type { QuoteInput, QuoteOutcome, QuoteRefusal, QuoteWarning } from '#core/dex/quote.ts'
import type { QuoteSettings } from '#core/dex/quote-settings.ts'
import type { TokenReader } from '#core/tokens/ports.ts'
import { routeSteps } from '#core/dex/routing/find-route.ts'
import { createGraph, type RouteGraph } from '#core/dex/routing/graph.ts'
import { simulateRoute } from '#core/dex/routing/simulate.ts'
import { completeQuote, type Filled } from './complete.ts'
import { isReachable } from './confirm.ts'
import type { QuoteContext } from './context.ts'
import { ratesOf } from './costs.ts'
import type { Market } from './market.ts'
import { counted, type Session, WIDENINGS_MAX } from './session.ts'

/** The best route for a request, as a quote. */
export async function findQuote(
  { ports, settings, costs, slices }: QuoteContext,
  session: Session,
  input: QuoteInput,
): Promise<QuoteOutcome> {
  const { market } = session
  const { exact } = input
  const traded = tradedOf(input, settings)
  const { tokenIn, tokenOut } = traded
  const quoted = exact === 'in' ? tokenOut : tokenIn
  const [refused, gasPrice, [first, ofEnds]] = await counted(session.busy, 'reading', () => {
    session.announce(input.tokenIn)
    return Promise.all([
      findUnknown(ports.tokens, session, input),
      costs.gasPriceIn(market, quoted),
      market
        .graphOf(tokenIn, tokenOut)
        .then(
          async (known) =>
            [known, await costs.taxesOf(market, known, [tokenIn, tokenOut])] as const,
        ),
    ])
  })
  if (refused?.status === 'unknown-token') return { ...refused, block: market.place.block }
  const search = (known: RouteGraph, taxesBps: ReadonlyMap<Address, number>) =>
    searchWidening(market, known, (wider) =>
      slices(
        routeSteps(wider, {
          tokenIn,
          tokenOut,
          exact,
          amount: input.amountRaw,
          taxesBps,
          parts: input.maxParts ?? PARTS_MAX,
          alternatives: input.alternatives ?? 0,
          ...(input.maxHops !== undefined && { maxHops: input.maxHops }),
          ...(gasPrice && { gasPrice }),
        }),
      ),
    )
  let taxesBps = ratesOf(traded, ofEnds)
  let { graph, found } = await search(reachableFrom(market, settings, first, input), taxesBps)
  // Prices of a token with a tax differ by it from pool to pool, so that ways through it look good.
  const measured = new Map(ofEnds)
  for (let detour = 0; detour < DETOURS_MAX; detour++) {
    const passed = tokensOf(found).filter((token) => !measured.has(token))
    // oxlint-disable-next-line no-await-in-loop -- which tokens are passed is known from the search before
    const taxes = await costs.taxesOf(market, graph, passed)
    for (const [token, tax] of taxes) measured.set(token, tax)
    taxesBps = ratesOf(traded, measured)
    if (!passed.some((token) => (taxesBps.get(token) ?? 0) > 0)) break
    // oxlint-disable-next-line no-await-in-loop -- as above
    ;({ graph, found } = await search(graph, taxesBps))
  }
  const leftOut = leftOutOf(market, [tokenIn, tokenOut])
  if (found.status !== 'filled') {
    // Whether the tokens are any could not be asked: that there is no route would then be said too soon.
    const refusal =
      refused?.status === 'busy' ? refused : refuse(found, [...session.notes, ...leftOut])
    return { ...refusal, block: market.place.block }
  }
  const legs = found.route.legs.map(({ path, amountIn, amountOut }) => ({
    path,
    amount: exact === 'in' ? amountIn : amountOut,
  }))
  const done = simulateRoute(legs, exact, { taxesBps })
  assert(done.status === 'filled', 'a route that was found can be filled')
  const paths = done.legs.map((filled, index): Filled => ({
    path: (legs[index] as (typeof legs)[number]).path,
    filled,
  }))
  const notes = market.place.fillsLive ? session.notes : [...session.notes, ...leftOut]
  return completeQuote(ports, settings, { ...session, notes }, input, paths, {
    gas: found.route.gas,
    gasPrice,
    taxes: new Map(
      [tokenIn, tokenOut, ...tokensOf({ ...found, alternatives: [] })].map((token) => [
        token,
        measured.get(token),
      ]),
    ),
    taxesBps,
    alternatives: found.alternatives,
  })
}

/** @throws AppError `invalid` naming the token that is not traded as such */
function tradedOf<T extends Pick<QuoteInput, 'tokenIn' | 'tokenOut'>>(
  input: T,
  { wrappedNative, pools }: Pick<QuoteSettings, 'wrappedNative' | 'pools'>,
): T {
  const isTraded = wrappedNative !== null || pools.some(({ token0 }) => token0 === NATIVE)
  for (const field of ['tokenIn', 'tokenOut'] as const)
    if (input[field] === NATIVE && !isTraded)
      throw invalidField(
        field,
        'the native currency is traded as its wrapped token; name that one in quotes.wrappedNative',
      )
  const traded = {
    ...input,
    tokenIn: asTraded(input.tokenIn, wrappedNative),
    tokenOut: asTraded(input.tokenOut, wrappedNative),
  }
  if (traded.tokenIn === traded.tokenOut)
    throw invalidField(
      'tokenOut',
      'the native currency and its wrapped token change one for one: call deposit or withdraw of the token',
    )
  return traded
}

/** So many pools are named; who sees these knows where to look. */
const LEFT_OUT_NAMED = 3

/** Pools of the tokens that are not quoted, in one sentence. */
function leftOutOf(market: Market, tokens: readonly Address[]): QuoteWarning[] {
  const all = market.leftOut(tokens)
  if (all.length === 0) return []
  const named = all.slice(0, LEFT_OUT_NAMED).map(({ pool, text }) => `pool ${pool.id}: ${text}`)
  const more = all.length > named.length ? [`${all.length - named.length} more pools`] : []
  return [{ code: 'pools-left-out', message: `not quoted: ${[...named, ...more].join('; ')}` }]
}

/** Who names a recipient wants a transaction: then only pools count that the router reaches. */
function reachableFrom(
  market: Market,
  { router }: QuoteSettings,
  graph: RouteGraph,
  { recipient }: QuoteInput,
): RouteGraph {
  if (!router || recipient === undefined) return graph
  const pools = graph.pools.filter((pool) =>
    isReachable(market, router, [{ path: [{ pool, zeroForOne: true }] }]),
  )
  return pools.length === graph.pools.length ? graph : createGraph(pools)
}

/** So often a search is repeated that found a way through a token with a tax. */
const DETOURS_MAX = 8

/** All that the paths of an answer touch. */
function tokensOf(found: RouteOutcome): Address[] {
  if (found.status !== 'filled') return []
  const paths = [...found.route.legs, ...found.alternatives].flatMap(({ path }) => path)
  return [...new Set(paths.flatMap(({ pool }) => [pool.token0, pool.token1]))]
}

/** Why there is no quote where something failed for now. */
export const refusalOf = (failure: AppError) =>
  ({
    status: hasReason(failure, 'busy') ? 'busy' : 'unavailable',
    reason: failure.message,
    failure,
  }) as const satisfies QuoteRefusal

/** A token that no pool has and whose contract does not speak for itself, or one whose decimals are absurd. */
async function findUnknown(
  tokens: TokenReader,
  { market }: Session,
  { tokenIn, tokenOut }: QuoteInput,
): Promise<QuoteRefusal | undefined> {
  if (!market.place.mayAskChain) return undefined
  const asked = [tokenIn, tokenOut].filter((token) => token !== NATIVE)
  const infos = new Map((await tokens.read(asked)).map((info) => [info.address, info]))
  if ([...infos.values()].some(({ unknownBecause }) => unknownBecause === 'busy'))
    return refusalOf(tooManyTokens())
  for (const [field, token] of [
    ['tokenIn', tokenIn],
    ['tokenOut', tokenOut],
  ] as const) {
    const info = infos.get(token)
    // Where the chain could not be asked nothing is known of it, not that it is no token.
    if (info?.decimals === null && info.unknownBecause === 'refused')
      return {
        status: 'unknown-token',
        field,
        reason: `${field}: at ${token} is no token that tells its decimals, from 0 to 36`,
      }
  }
  return undefined
}

const tooManyTokens = (): AppError =>
  new AppError('unavailable', 'too many tokens are being asked for; ask again later', {
    details: { reason: 'busy' },
    audience: 'client',
  })

/** Searches again with more ticks while the swap leaves those that are known. */
async function searchWidening(
  market: Market,
  first: RouteGraph,
  search: (graph: RouteGraph) => Promise<RouteOutcome>,
): Promise<{ readonly graph: RouteGraph; readonly found: RouteOutcome }> {
  let graph = first
  for (let widening = 0; ; widening++) {
    // oxlint-disable-next-line no-await-in-loop -- each round needs what the one before has found
    const found = await search(graph)
    if (found.beyond.size === 0 || widening === WIDENINGS_MAX) return { graph, found }
    // oxlint-disable-next-line no-await-in-loop -- each round needs what the one before has found
    const short = graph.pools.filter(({ id }) => found.beyond.has(id))
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (!(await market.widen(short))) return { graph, found }
    graph = createGraph(graph.pools.map((pool) => market.pool(pool.id) ?? pool))
  }
}

function refuse(
  found: Exclude<RouteOutcome, { readonly status: 'filled' }>,
  notes: Session['notes'],
): QuoteRefusal {
  const leftOut = notes.flatMap(({ code, message }) => (code === 'pools-left-out' ? message : []))
  const reasonOf = (reason: string): string => [reason, ...leftOut].join('; ')
  if (found.status === 'insufficient-liquidity')
    return {
      status: 'insufficient-liquidity',
      reason: reasonOf(
        'no route within the hops carries so much; `largest` is the most that one does',
      ),
      largest: found.largest,
    }
  return { status: 'no-route', reason: reasonOf(REASONS[found.reason]) }
}

export const REASON_TAXED =
  'a token that keeps a share of transfers is traded by Uniswap V2 pools and exact in only, and there is no such route'

const REASONS = {
  'not-connected': 'no pools with liquidity lead from one token to the other within the hops',
  taxed: REASON_TAXED,
  'too-small': 'the amount is so small that it buys nothing',
} as const
