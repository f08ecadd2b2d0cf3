import { createBatcher } from '#core/batch.ts'
import type { Address } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import { isAppError } from '#core/errors.ts'
import { NATIVE } from '#core/dex/native.ts'
import type { Market } from './market.ts'
import type { GasPriceReader, TaxReader, TransferTax } from '#core/dex/ports.ts'
import type { Rational } from '#core/dex/protocols/protocols.ts'
import type { PoolState } from '#core/dex/protocols/state.ts'
import { findRoute } from '#core/dex/routing/find-route.ts'
import type { RouteGraph } from '#core/dex/routing/graph.ts'

/** What a swap costs besides its price: taxes of the tokens, and gas. */
export type Costs = {
  /** Of each token; undefined where it cannot be told. */
  taxesOf(
    market: Market,
    graph: RouteGraph,
    tokens: readonly Address[],
  ): Promise<Map<Address, TransferTax | undefined>>
  /** Raw units of the token that a unit of gas costs; undefined where there is no price. */
  gasPriceIn(market: Market, token: Address): Promise<Rational | undefined>
}

type CostPorts = {
  readonly taxes: TaxReader
  readonly gasPrice: GasPriceReader
  readonly clock: Clock
}

/** Taxes are changed by their tokens' owners, now and then. */
const TAX_MS = 10 * 60_000
/** What could not be told is asked again sooner: the node may have been at fault. */
const TAX_UNKNOWN_MS = 60_000
const TOKENS_KEPT_MAX = 10_000
const BATCH_MAX = 50
const LINGER_MS_MAX = 100
/** Gas of a usual swap: what the native token is priced by. */
const USUAL_GAS = 200_000n
const HOPS_TO_NATIVE = 2

type Taxed = { readonly tax: Promise<TransferTax | undefined>; until: number }

export function createCosts(ports: CostPorts, wrappedNative: Address | null): Costs {
  const { clock } = ports
  const known = new Map<Address, Taxed>()
  const batchers = new WeakMap<Market, ReturnType<typeof batcherFor>>()
  const prices = new WeakMap<Market, Map<Address, Promise<Rational | undefined>>>()

  const batcherFor = (market: Market) =>
    createBatcher<{ token: Address; holder: Address }, TransferTax | undefined>(
      clock,
      (tokens) => ports.taxes.read(market.place.block, tokens),
      { sizeMax: BATCH_MAX, pending: market.pending, lingerMsMax: LINGER_MS_MAX },
    )

  function taxOf(
    market: Market,
    graph: RouteGraph,
    token: Address,
  ): Promise<TransferTax | undefined> {
    if (token === NATIVE) return Promise.resolve({ buyBps: 0, sellBps: 0 })
    // Today's taxes say nothing about a past block.
    if (market.place.source === 'historical') return Promise.resolve(undefined)
    const now = clock.monotonicMs()
    const cached = known.get(token)
    if (cached && cached.until > now) return cached.tax
    const holder = largestHolder(market, graph, token)
    if (!holder || !market.place.mayAskChain) return Promise.resolve(undefined)
    let ask = batchers.get(market)
    if (!ask) {
      ask = batcherFor(market)
      batchers.set(market, ask)
    }
    const tax = ask({ token, holder }).catch((error: unknown) => {
      if (!isAppError(error)) throw error
      return undefined
    })
    const entry: Taxed = { tax, until: now + TAX_MS }
    void shortenUnknown(entry, now)
    known.delete(token)
    known.set(token, entry)
    const [oldest] = known.keys()
    if (known.size > TOKENS_KEPT_MAX && oldest) known.delete(oldest)
    return tax
  }

  async function priceOf(market: Market, token: Address): Promise<Rational | undefined> {
    if (!market.place.mayAskChain || (wrappedNative === null && token !== NATIVE)) return undefined
    const native = wrappedNative ?? NATIVE
    try {
      const wei = await ports.gasPrice.weiPerGas()
      if (token === native) return { numerator: wei, denominator: 1n }
      const amount = wei * USUAL_GAS
      if (amount === 0n) return undefined
      const graph = await market.graphOf(native, token)
      const found = findRoute(graph, {
        tokenIn: native,
        tokenOut: token,
        exact: 'in',
        amount,
        maxHops: HOPS_TO_NATIVE,
      })
      if (found.status !== 'filled') return undefined
      return { numerator: found.route.amountOut, denominator: USUAL_GAS }
    } catch (error) {
      if (!isAppError(error)) throw error
      return undefined
    }
  }

  return {
    async taxesOf(market, graph, tokens) {
      const taxes = await Promise.all(tokens.map((token) => taxOf(market, graph, token)))
      return new Map(tokens.map((token, index) => [token, taxes[index]]))
    },
    gasPriceIn(market, token) {
      let ofMarket = prices.get(market)
      if (!ofMarket) {
        ofMarket = new Map()
        prices.set(market, ofMarket)
      }
      let price = ofMarket.get(token)
      if (!price) {
        price = priceOf(market, token)
        ofMarket.set(token, price)
      }
      return price
    },
  }
}

async function shortenUnknown(entry: Taxed, now: number): Promise<void> {
  if (!(await entry.tax)) entry.until = now + TAX_UNKNOWN_MS
}

/**
 * Who holds most of a token, as far as states tell: a V2 pair its reserve, a V3 pool some of what its liquidity is worth
 * at its price, the V4 manager that of all its pools.
 */
function largestHolder(market: Market, graph: RouteGraph, token: Address): Address | undefined {
  let best: { readonly holder: Address; readonly held: bigint } | undefined
  for (const { id, protocol, token0, token1, state } of graph.pools) {
    if (token0 !== token && token1 !== token) continue
    const holder =
      protocol === 'uniswap-v4' ? market.pool(id)?.terms.origin : (id as Address | undefined)
    if (!holder) continue
    const held = heldOf(state, token0 === token)
    if (!best || held > best.held) best = { holder, held }
  }
  return best?.holder
}

/** Liquidity in range may be in the other token, or narrow: this part of it counts. */
const CONCENTRATED_PART = 1_000n

function heldOf(state: PoolState, isToken0: boolean): bigint {
  if (state.kind !== 'concentrated') return isToken0 ? state.reserve0 : state.reserve1
  const { liquidity, sqrtPriceX96 } = state
  const virtual = isToken0 ? (liquidity << 96n) / sqrtPriceX96 : (liquidity * sqrtPriceX96) >> 96n
  return virtual / CONCENTRATED_PART
}

/** What of a swap's transfers its tokens keep, in basis points; what cannot be told counts as nothing. */
export const ratesOf = (
  { tokenIn, tokenOut }: { readonly tokenIn: Address; readonly tokenOut: Address },
  taxes: ReadonlyMap<Address, TransferTax | undefined>,
): Map<Address, number> =>
  new Map(
    [...taxes].map(([token, { buyBps, sellBps } = NO_TAX]) => {
      if (token === tokenIn) return [token, sellBps]
      return [token, token === tokenOut ? buyBps : Math.max(buyBps, sellBps)]
    }),
  )

const NO_TAX: TransferTax = { buyBps: 0, sellBps: 0 }
