import type { Address } from '#core/chain.ts'
import { asTraded, NATIVE } from '#core/dex/native.ts'
import type { QuoteOutcome, SimulateInput } from '#core/dex/quote.ts'
import type { Hop, Path } from '#core/dex/routing/route.ts'
import { largestThrough, simulateRoute } from '#core/dex/routing/simulate.ts'
import { assert, invalidField } from '#core/errors.ts'
import { completeQuote, type FilledPath } from './complete.ts'
import type { QuoteContext } from './context.ts'
import { ratesOf } from './costs.ts'
import { REASON_TAXED } from './find-quote.ts'
import type { MarketPool } from './market.ts'
import { type Session, WIDENINGS_MAX } from './session.ts'

/** A route that the caller chose, as a quote. */
export async function simulateSwap(
  { ports, settings, costs }: QuoteContext,
  session: Session,
  input: SimulateInput,
): Promise<QuoteOutcome> {
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
      path: pathOf(
        { ...leg, tokenIn: asTraded(leg.tokenIn, settings.wrappedNative) },
        index,
        pools,
      ),
    }))
    const { tokenIn, tokenOut } = endsOf(legs.map(({ path }) => path))
    const graph = await market.graphOf(tokenIn, tokenOut)
    const touched = legs.flatMap(({ path }) =>
      path.flatMap(({ pool }) => [pool.token0, pool.token1]),
    )
    const tokens = [...new Set([tokenIn, tokenOut, ...touched])]
    const taxes = await costs.taxesOf(market, graph, tokens)
    const taxesBps = ratesOf({ tokenIn, tokenOut }, taxes)
    if (legs.some(({ path }) => isRefusedByTax(path, input.exact, taxesBps)))
      return { status: 'no-route', block, reason: REASON_TAXED }
    const simulated = simulateRoute(legs, input.exact, { taxesBps })
    if (simulated.status === 'filled') {
      const gasPrice = await costs.gasPriceIn(market, input.exact === 'in' ? tokenOut : tokenIn)
      const paths = legs.map(({ path }, index) => ({
        path,
        filled: simulated.legs[index] as FilledPath,
      }))
      const ends = {
        tokenIn: soldBy(input, tokenIn),
        tokenOut: boughtBy(input, tokenOut, settings.wrappedNative),
      }
      return completeQuote(ports, settings, session, { ...input, ...ends }, paths, {
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
      const short = pools.get(stopped)
      if (short && (await market.widen([short]))) continue
    }
    const before = simulateRoute(legs.slice(0, simulated.leg), input.exact, { taxesBps })
    assert(before.status === 'filled', 'the legs before the one that is stopped are filled')
    const { path, amount } = legs[simulated.leg] as (typeof legs)[number]
    return {
      status: 'insufficient-liquidity',
      block,
      reason: `pool ${stopped} cannot do its part of leg ${simulated.leg}; \`largest\` is the most that this leg carries`,
      largest: largestThrough(path, input.exact, amount, { taxesBps, states: before.states }),
    }
  }
}

/** @throws AppError `invalid` where some legs are paid with the native currency and others with its wrapped token */
function soldBy({ legs }: SimulateInput, traded: Address): Address {
  const native = legs.filter(({ tokenIn }) => tokenIn === NATIVE)
  if (native.length === 0) return traded
  if (native.length < legs.length)
    throw invalidField(
      'legs',
      'are all paid with the native currency, or all with its wrapped token',
    )
  return NATIVE
}

/** @throws AppError `invalid` where the legs lead to another token */
function boughtBy(
  { tokenOut }: SimulateInput,
  traded: Address,
  wrappedNative: Address | null,
): Address {
  if (tokenOut === undefined) return traded
  if (asTraded(tokenOut, wrappedNative) !== traded)
    throw invalidField('tokenOut', `the legs lead to ${traded}; leave it out, or name that token`)
  return tokenOut
}

/** As `findRoute` does, for a path that is given. */
function isRefusedByTax(
  path: Path,
  exact: 'in' | 'out',
  taxesBps: ReadonlyMap<Address, number>,
): boolean {
  const isTaxed = ({ pool: { token0, token1 } }: Hop, side: boolean): boolean =>
    (taxesBps.get(side ? token0 : token1) ?? 0) > 0
  const [first, last] = [path[0] as Hop, path.at(-1) as Hop]
  const sold = isTaxed(first, first.zeroForOne)
  const bought = isTaxed(last, !last.zeroForOne)
  if (exact === 'out') return sold || bought
  return (
    (sold && first.pool.protocol !== 'uniswap-v2') ||
    (bought && last.pool.protocol !== 'uniswap-v2')
  )
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
    if (!pool) throw invalidField(field, `no pool with a price is known by ${id}`)
    if (pool.token0 !== token && pool.token1 !== token)
      throw invalidField(field, `pool ${id} does not trade ${token}`)
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
      throw invalidField(`legs[${index}]`, 'leads between other tokens than the first leg')
  if (first.tokenIn === first.tokenOut)
    throw invalidField('legs[0].pools', 'lead back to where they begin')
  return first
}
