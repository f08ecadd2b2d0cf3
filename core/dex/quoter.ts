import { createBatcher } from '#core/batch.ts'
import type { Address, BlockRef } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import { AppError, assert, isAppError } from '#core/errors.ts'
import { expectView } from '#core/history/at-head.ts'
import { blockAt } from '#core/history/block-at.ts'
import { isEmpty } from '#core/history/head.ts'
import type { ChainTip, HistoryPorts } from '#core/history/ports.ts'
import type { Views } from '#core/history/view.ts'
import { buysExactly, confirmSwap, limitSwap, prepareSwap } from './confirm-quote.ts'
import { explainAlternative, explainRoute } from './explain-quote.ts'
import { createMarket, type Market, type MarketPlace, type MarketPool } from './market.ts'
import type {
  GasPriceReader,
  StateReader,
  SwapTrials,
  TaxReader,
  TokenReader,
  TransferTax,
  Trial,
  TrialOutcome,
} from './ports.ts'
import {
  DEADLINE_SECONDS_DEFAULT,
  type QuoteInput,
  type QuoteOutcome,
  type QuoteRefusal,
  type QuoteWarning,
  type SimulateInput,
  SLIPPAGE_BPS_DEFAULT,
} from './quote.ts'
import type { QuoteSettings } from './quote-settings.ts'
import { createCosts } from './quote-costs.ts'
import type { Rational } from './protocols/protocols.ts'
import { findRoute } from './routing/find-route.ts'
import { createGraph, type RouteGraph } from './routing/graph.ts'
import { divideUp } from './routing/ratio.ts'
import { type Alternative, PARTS_MAX, type RouteOutcome } from './routing/request.ts'
import type { Hop, Path } from './routing/route.ts'
import { simulatePath, simulateRoute, type SimulatedPath } from './routing/simulate.ts'

/** What quotes are made of. While the chain cannot be asked they are made from the index alone, and say so. */
export type QuotePorts = HistoryPorts & {
  readonly views: Views
  readonly tip: ChainTip
  readonly tokens: TokenReader
  readonly states: StateReader
  readonly trials: SwapTrials
  readonly taxes: TaxReader
  readonly gasPrice: GasPriceReader
  readonly clock: Clock
}

export type Quoter = {
  /** @throws AppError `invalid` naming the field */
  quote(input: QuoteInput): Promise<QuoteOutcome>
  /** The same for a route that the caller chose. @throws AppError `invalid` naming the field */
  simulate(input: SimulateInput): Promise<QuoteOutcome>
}

/** Markets that are kept: the newest block's, and those that quotes of the last blocks still look at. */
const MARKETS_MAX = 4
/** Quotes of a market that are kept for whoever asks the same. */
const ANSWERS_MAX = 5_000
/** A search is repeated with more ticks this often: each time three times as many. */
const WIDENINGS_MAX = 8
const TRIALS_MAX = 50
const LINGER_MS_MAX = 100
const LEGS_MAX = 20
const POOLS_PER_LEG_MAX = 4

type Session = {
  readonly market: Market
  readonly staleness: QuoteWarning[]
  readonly answers: Map<string, Promise<QuoteOutcome>>
  /** How many computations are before the end of a stage: what one asks of the chain waits for the others. */
  readonly busy: { reading: number; trying: number }
  readonly tryOut: (trial: Trial) => Promise<TrialOutcome>
}

type FilledPath = Extract<SimulatedPath, { readonly status: 'filled' }>
type Filled = { readonly path: Path; readonly filled: FilledPath }

export function createQuoter(ports: QuotePorts, settings: QuoteSettings): Quoter {
  const costs = createCosts(ports, settings.wrappedNative)
  const sessions = new Map<string, Session>()
  const hubs = [
    ...new Set([...(settings.wrappedNative ? [settings.wrappedNative] : []), ...settings.hubs]),
  ]

  /** Which block, and whose states. */
  async function placeOf(input: Pick<QuoteInput, 'at' | 'state'>): Promise<MarketPlace> {
    const stored = await ports.views.current()
    const view = stored && !isEmpty(stored) ? stored : undefined
    if (input.at !== undefined) {
      if (input.state !== undefined)
        throw invalid('state', 'a past block has one state only; leave out either at or state')
      const past = expectView(view)
      const block = await blockAt(ports.heads, past, input.at, 'at')
      return { block, view: past, source: 'historical', mayAskChain: false, fillsLive: false }
    }
    const tip = await ports.tip.newest()
    if (!tip && input.state === 'live') throw unavailable('no node of the chain can be asked')
    if (input.state === 'indexed' || !tip) {
      const { head } = expectView(view)
      const block = { number: head.number, hash: head.hash }
      return { block, view, source: 'indexed', mayAskChain: tip !== undefined, fillsLive: false }
    }
    const isThere = view?.head.hash === tip.hash && input.state !== 'live'
    return {
      block: tip,
      view,
      source: isThere ? 'indexed' : 'live',
      mayAskChain: true,
      fillsLive: true,
    }
  }

  async function openSession(input: Pick<QuoteInput, 'at' | 'state'>): Promise<Session> {
    const place = await placeOf(input)
    const { source, block, view, mayAskChain } = place
    const key = `${source} ${mayAskChain} ${block.hash} ${view?.head.move}`
    const known = sessions.get(key)
    if (known) return known
    const busy = { reading: 0, trying: 0 }
    const session: Session = {
      market: createMarket(ports, place, { hubs, pools: settings.pools }, () => busy.reading),
      busy,
      staleness: await stalenessOf(place),
      answers: new Map(),
      tryOut: createBatcher<Trial, TrialOutcome>(
        ports.clock,
        (trials) => ports.trials.run(block, trials),
        { sizeMax: TRIALS_MAX, pending: () => busy.trying, lingerMsMax: LINGER_MS_MAX },
      ),
    }
    sessions.set(key, session)
    const [oldest] = sessions.keys()
    if (sessions.size > MARKETS_MAX && oldest !== undefined) sessions.delete(oldest)
    return session
  }

  async function stalenessOf({ source, block }: MarketPlace): Promise<QuoteWarning[]> {
    if (source !== 'indexed') return []
    const tip = await ports.tip.newest()
    if (tip?.hash === block.hash) return []
    const message = tip
      ? `it is of block ${block.number}, the newest that is indexed; the chain is at ${tip.number}`
      : `it is of block ${block.number}, the newest that is indexed; no node of the chain can be asked`
    return [{ code: 'stale-state', message }]
  }

  /** One computation for all who ask the same of the same market. */
  async function answer(
    input: Pick<QuoteInput, 'at' | 'state'>,
    key: string,
    compute: (session: Session) => Promise<QuoteOutcome>,
  ): Promise<QuoteOutcome> {
    const session = await openSession(input)
    const { answers } = session
    let result = answers.get(key)
    if (!result) {
      result = counted(session.busy, 'trying', () => compute(session))
      result.catch(() => answers.delete(key))
      answers.set(key, result)
      const [oldest] = answers.keys()
      if (answers.size > ANSWERS_MAX && oldest !== undefined) answers.delete(oldest)
    }
    return result
  }

  /** The index answers in the place of a chain that has gone away; whoever insists on live states is told why not. */
  async function withFallback(
    input: Pick<QuoteInput, 'at' | 'state'>,
    attempt: (input: Pick<QuoteInput, 'at' | 'state'>) => Promise<QuoteOutcome>,
  ): Promise<QuoteOutcome> {
    try {
      return await attempt(input)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      if (input.state !== undefined || input.at !== undefined) return refusal(undefined, error)
    }
    try {
      return await attempt({ ...input, state: 'indexed' })
    } catch (error) {
      if (!isUnavailable(error)) throw error
      return refusal(undefined, error)
    }
  }

  async function computeQuote(session: Session, input: QuoteInput): Promise<QuoteOutcome> {
    const { market } = session
    const { tokenIn, tokenOut, exact } = input
    const quoted = exact === 'in' ? tokenOut : tokenIn
    const [unknown, gasPrice, [graph, taxes]] = await counted(session.busy, 'reading', () =>
      Promise.all([
        findUnknown(session, input),
        costs.gasPriceIn(market, quoted),
        market
          .graphOf(tokenIn, tokenOut)
          .then(
            async (known) =>
              [known, await costs.taxesOf(market, known, [tokenIn, tokenOut])] as const,
          ),
      ]),
    )
    if (unknown) return { ...unknown, block: market.place.block }
    const taxesBps = ratesOf(input, taxes)
    const { found } = await searchWidening(market, graph, (wider) =>
      findRoute(wider, {
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
    )
    if (found.status !== 'filled') return { ...refuse(found), block: market.place.block }
    const paths = found.route.legs.map(({ path, amountIn, amountOut }): Filled => {
      const filled = simulatePath(path, exact, exact === 'in' ? amountIn : amountOut, { taxesBps })
      assert(filled.status === 'filled', 'a route that was found can be filled')
      return { path, filled }
    })
    return complete(session, input, paths, {
      gas: found.route.gas,
      gasPrice,
      taxes,
      taxesBps,
      alternatives: found.alternatives,
    })
  }

  /** A token that no pool has and whose contract does not speak for itself, or one whose decimals are absurd. */
  async function findUnknown(
    { market }: Session,
    { tokenIn, tokenOut }: QuoteInput,
  ): Promise<QuoteRefusal | undefined> {
    if (!market.place.mayAskChain) return undefined
    let infos
    try {
      infos = await ports.tokens.read([tokenIn, tokenOut])
    } catch (error) {
      // Names are extras where the chain is away.
      if (isAppError(error)) return undefined
      throw error
    }
    for (const [index, field] of (['tokenIn', 'tokenOut'] as const).entries())
      if (infos[index]?.decimals === null)
        return {
          status: 'unknown-token',
          field,
          reason: `${field}: at ${infos[index].address} is no token that tells its decimals, from 0 to 36`,
        }
    return undefined
  }

  async function complete(
    { market, staleness, tryOut }: Session,
    input: Omit<QuoteInput, 'amountRaw'>,
    paths: readonly Filled[],
    costOf: {
      readonly gas: bigint
      readonly gasPrice: Rational | undefined
      readonly taxes: ReadonlyMap<Address, TransferTax | undefined>
      readonly taxesBps: ReadonlyMap<Address, number>
      readonly alternatives: readonly Alternative[]
    },
  ): Promise<QuoteOutcome> {
    const { exact, tokenIn, tokenOut, slippageBps = SLIPPAGE_BPS_DEFAULT } = input
    const { gas, gasPrice, taxes, taxesBps } = costOf
    const { legs, numbers, source, warnings } = explainRoute(market, exact, paths, taxes, taxesBps)
    const executed = paths.map(({ path, filled }) => ({
      path,
      amountIn: filled.amountIn,
      amountOut: filled.amountOut,
      delivered: exact === 'in' ? filled.amountOut : deliveredBy(path, filled),
    }))
    const amountIn = executed.reduce((total, leg) => total + leg.amountIn, 0n)
    const amountOut = executed.reduce((total, leg) => total + leg.amountOut, 0n)
    const limits = limitSwap(exact, executed, slippageBps)
    const deadline =
      Math.floor(ports.clock.nowMs() / 1_000) + (input.deadlineSeconds ?? DEADLINE_SECONDS_DEFAULT)
    const swap = { exact, tokenIn, tokenOut, limits, recipient: input.recipient, deadline }
    return {
      status: 'filled',
      block: market.place.block,
      stateSource: source,
      exact,
      tokenIn,
      tokenOut,
      amountIn,
      amountOut,
      amountInConsumed: amountIn,
      minimumReceived: limits.minimumReceived,
      maximumSent: limits.maximumSent,
      slippageBps,
      executionPrice: numbers.executionPrice,
      midPrice: numbers.midPrice,
      priceImpactBps: numbers.impactBps,
      lpFeeBps: numbers.feeShareBps,
      taxInBps: taxes.get(tokenIn)?.sellBps ?? null,
      taxOutBps: taxes.get(tokenOut)?.buyBps ?? null,
      gas,
      gasCost: gasPrice ? divideUp(gas * gasPrice.numerator, gasPrice.denominator) : null,
      legs,
      alternatives: costOf.alternatives.map((each) => explainAlternative(market, each)),
      transaction: prepareSwap(market, settings.router, swap),
      confirmation: await confirmSwap(market, settings.router, tryOut, swap),
      warnings: [...staleness, ...warnings],
    }
  }

  async function computeSimulation(session: Session, input: SimulateInput): Promise<QuoteOutcome> {
    const { market } = session
    const { block } = market.place
    const ids = [...new Set(input.legs.flatMap(({ pools }) => pools))]
    for (let widening = 0; ; widening++) {
      // oxlint-disable-next-line no-await-in-loop -- each round needs what the one before has found
      const pools = new Map(
        (await market.poolsOf(ids)).flatMap((pool) => (pool ? [[pool.id, pool]] : [])),
      )
      const legs = input.legs.map((leg, index) => ({
        amount: leg.amountRaw,
        path: pathOf(leg, index, pools),
      }))
      const { tokenIn, tokenOut } = endsOf(legs.map(({ path }) => path))
      const graph = await market.graphOf(tokenIn, tokenOut)
      const taxes = await costs.taxesOf(market, graph, [tokenIn, tokenOut])
      const taxesBps = ratesOf({ ...input, tokenIn, tokenOut }, taxes)
      const simulated = simulateRoute(legs, input.exact, { taxesBps })
      if (simulated.status === 'filled') {
        const gasPrice = await costs.gasPriceIn(market, input.exact === 'in' ? tokenOut : tokenIn)
        const paths = legs.map(({ path }, index) => ({
          path,
          filled: simulated.legs[index] as FilledPath,
        }))
        return complete(session, { ...input, tokenIn, tokenOut }, paths, {
          gas: simulated.gas,
          gasPrice,
          taxes,
          taxesBps,
          alternatives: [],
        })
      }
      const { outcome } = simulated
      const stopped = legs[simulated.leg]?.path[simulated.at]?.pool.id ?? ''
      if (outcome.status === 'beyond-window' && widening < WIDENINGS_MAX) {
        if (await market.widen([stopped])) continue
      }
      const reached =
        outcome.status === 'partial'
          ? { amountIn: outcome.amountIn, amountOut: outcome.amountOut }
          : { amountIn: 0n, amountOut: 0n }
      return {
        status: 'insufficient-liquidity',
        block,
        reason: `pool ${stopped} cannot do its part of leg ${simulated.leg}`,
        largest: reached,
      }
    }
  }

  return {
    async quote(input) {
      const normal = normalQuote(input)
      return withFallback(normal, (place) =>
        answer(place, keyOf(normal), (session) => computeQuote(session, normal)),
      )
    },
    async simulate(input) {
      refuseSimulation(input)
      return withFallback(input, (place) =>
        answer(place, keyOf(input), (session) => computeSimulation(session, input)),
      )
    },
  }
}

/** What an exact-out leg gives when it is executed (see `ExecutedLeg`). */
function deliveredBy(path: Path, { amountIn, amountOut, hops }: FilledPath): bigint {
  if (buysExactly(path)) return amountOut
  const states = new Map(hops.map(({ hop, before }) => [hop.pool.id, before]))
  const sold = simulatePath(path, 'in', amountIn, { states })
  return sold.status === 'filled' ? sold.amountOut : amountOut
}

/** Searches again with more ticks while the swap leaves those that are known. */
async function searchWidening(
  market: Market,
  first: RouteGraph,
  search: (graph: RouteGraph) => RouteOutcome,
): Promise<{ readonly graph: RouteGraph; readonly found: RouteOutcome }> {
  let graph = first
  for (let widening = 0; ; widening++) {
    const found = search(graph)
    if (found.beyond.size === 0 || widening === WIDENINGS_MAX) return { graph, found }
    // oxlint-disable-next-line no-await-in-loop -- each round needs what the one before has found
    if (!(await market.widen(found.beyond))) return { graph, found }
    graph = createGraph(graph.pools.map((pool) => market.pool(pool.id) ?? pool))
  }
}

async function counted<T>(
  busy: Session['busy'],
  stage: keyof Session['busy'],
  work: () => Promise<T>,
): Promise<T> {
  busy[stage]++
  try {
    return await work()
  } finally {
    busy[stage]--
  }
}

const keyOf = (input: object): string =>
  JSON.stringify(input, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))

const invalid = (field: string, rule: string): AppError =>
  new AppError('invalid', `${field}: ${rule}`, { details: { field } })

const unavailable = (reason: string): AppError => new AppError('unavailable', reason)

const isUnavailable = (error: unknown): error is AppError =>
  isAppError(error) && error.kind === 'unavailable'

const refusal = (block: BlockRef | undefined, error: AppError): QuoteOutcome => ({
  status: 'unavailable',
  block: block ?? null,
  reason: error.message,
})

const ratesOf = (
  { tokenIn, tokenOut }: { readonly tokenIn: Address; readonly tokenOut: Address },
  taxes: ReadonlyMap<Address, TransferTax | undefined>,
): Map<Address, number> =>
  new Map([
    [tokenIn, taxes.get(tokenIn)?.sellBps ?? 0],
    [tokenOut, taxes.get(tokenOut)?.buyBps ?? 0],
  ])

function refuse(found: Exclude<RouteOutcome, { readonly status: 'filled' }>): QuoteRefusal {
  if (found.status === 'insufficient-liquidity')
    return {
      status: 'insufficient-liquidity',
      reason: 'no route within the hops carries so much; `largest` is the most that one does',
      largest: found.largest,
    }
  return { status: 'no-route', reason: REASONS[found.reason] }
}

const REASONS = {
  'not-connected': 'no pools with liquidity lead from one token to the other within the hops',
  taxed:
    'a token that keeps a share of transfers is traded by Uniswap V2 pools and exact in only, and there is no such route',
  'too-small': 'the amount is so small that it buys nothing',
} as const

const SLIPPAGE_BPS_MAX = 10_000
const DEADLINE_SECONDS_MAX = 30 * 24 * 3_600

function normalQuote(input: QuoteInput): QuoteInput {
  if (input.tokenIn === input.tokenOut)
    throw invalid('tokenOut', 'the same token as tokenIn; name another one')
  refuseAmount(input.amountRaw, 'amount')
  refuseTerms(input)
  return input
}

function refuseAmount(amount: bigint, field: string): void {
  if (amount <= 0n) throw invalid(field, 'must be more than 0')
  if (amount >= 1n << 255n) throw invalid(field, 'does not fit int256, as pools count')
}

function refuseTerms({
  slippageBps = 0,
  deadlineSeconds = 1,
}: Pick<QuoteInput, 'slippageBps' | 'deadlineSeconds'>): void {
  const whole = (value: number, min: number, max: number): boolean =>
    Number.isInteger(value) && value >= min && value <= max
  if (!whole(slippageBps, 0, SLIPPAGE_BPS_MAX))
    throw invalid('slippageBps', `not a whole number from 0 to ${SLIPPAGE_BPS_MAX}`)
  if (!whole(deadlineSeconds, 1, DEADLINE_SECONDS_MAX))
    throw invalid('deadlineSeconds', `not a whole number from 1 to ${DEADLINE_SECONDS_MAX}`)
}

function refuseSimulation(input: SimulateInput): void {
  refuseTerms(input)
  if (input.legs.length === 0 || input.legs.length > LEGS_MAX)
    throw invalid('legs', `1 to ${LEGS_MAX} are needed`)
  for (const [index, { amountRaw, pools }] of input.legs.entries()) {
    const field = `legs[${index}]`
    refuseAmount(amountRaw, `${field}.amount`)
    if (pools.length === 0 || pools.length > POOLS_PER_LEG_MAX)
      throw invalid(`${field}.pools`, `1 to ${POOLS_PER_LEG_MAX} are needed`)
    if (new Set(pools).size !== pools.length)
      throw invalid(`${field}.pools`, 'a path names a pool once')
  }
}

/** @throws AppError `invalid` naming the pool that is not known, or does not have the token that reaches it */
function pathOf(
  { tokenIn, pools }: SimulateInput['legs'][number],
  leg: number,
  known: ReadonlyMap<string, MarketPool>,
): Path {
  let token = tokenIn
  return pools.map((id, index): Hop => {
    const field = `legs[${leg}].pools[${index}]`
    const pool = known.get(id)
    if (!pool) throw invalid(field, `no pool with a price is known by ${id}`)
    if (pool.token0 !== token && pool.token1 !== token)
      throw invalid(field, `pool ${id} does not trade ${token}`)
    const zeroForOne = pool.token0 === token
    token = zeroForOne ? pool.token1 : pool.token0
    return { pool, zeroForOne }
  })
}

function endsOf(paths: readonly Path[]): { tokenIn: Address; tokenOut: Address } {
  const ends = paths.map((path) => {
    const [first, last] = [path[0] as Hop, path.at(-1) as Hop]
    return {
      tokenIn: first.zeroForOne ? first.pool.token0 : first.pool.token1,
      tokenOut: last.zeroForOne ? last.pool.token1 : last.pool.token0,
    }
  })
  const [first] = ends
  assert(first !== undefined, 'a route has legs')
  for (const [index, { tokenIn, tokenOut }] of ends.entries())
    if (tokenIn !== first.tokenIn || tokenOut !== first.tokenOut)
      throw invalid(`legs[${index}]`, 'leads between other tokens than the first leg')
  if (first.tokenIn === first.tokenOut)
    throw invalid('legs[0].pools', 'lead back to where they begin')
  return first
}
