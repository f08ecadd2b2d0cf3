import type { Address } from '#core/chain.ts'
import type { Market } from './market.ts'
import type { PoolTerms, TransferTax } from '#core/dex/ports.ts'
import type {
  QuotedAlternative,
  QuotedHop,
  QuotedLeg,
  QuoteWarning,
  StateSource,
} from '#core/dex/quote.ts'
import { routeNumbers, type RouteNumbers } from '#core/dex/routing/impact.ts'
import type { Alternative } from '#core/dex/routing/request.ts'
import type { Path, Route } from '#core/dex/routing/route.ts'
import type { SimulatedHop, SimulatedPath } from '#core/dex/routing/simulate.ts'

type FilledPath = Extract<SimulatedPath, { readonly status: 'filled' }>

/** From this impact on a quote is marked, in basis points. */
const HIGH_IMPACT_BPS = 300
/** A hop that takes this share of what the pool holds, or could give, in basis points. */
const THIN_IMPACT_BPS = 300
const BPS = 10_000n

export type ExplainedRoute = {
  readonly legs: readonly QuotedLeg[]
  readonly numbers: RouteNumbers
  readonly source: StateSource
  readonly warnings: QuoteWarning[]
}

/** What a route is made of, and what about it somebody should know before signing. */
export function explainRoute(
  market: Market,
  exact: 'in' | 'out',
  paths: readonly { readonly path: Path; readonly filled: FilledPath }[],
  taxes: ReadonlyMap<Address, TransferTax | undefined>,
  taxesBps: ReadonlyMap<Address, number>,
): ExplainedRoute {
  const amountOf = ({ amountIn, amountOut }: FilledPath): bigint =>
    exact === 'in' ? amountIn : amountOut
  const total = paths.reduce((sum, { filled }) => sum + amountOf(filled), 0n)
  const legs = paths.map(({ filled }): QuotedLeg => ({
    shareBps: Number((amountOf(filled) * BPS) / total),
    amountIn: filled.amountIn,
    amountOut: filled.amountOut,
    hops: filled.hops.map((hop) => quotedHop(market, hop)),
  }))
  const route: Route = {
    legs: paths.map(({ path, filled }) => ({
      path,
      amountIn: filled.amountIn,
      amountOut: filled.amountOut,
    })),
    amountIn: paths.reduce((sum, { filled }) => sum + filled.amountIn, 0n),
    amountOut: paths.reduce((sum, { filled }) => sum + filled.amountOut, 0n),
    gas: 0n,
  }
  const numbers = routeNumbers(route, taxesBps)
  const sources = new Set(
    paths.flatMap(({ path }) => path.map(({ pool }) => market.pool(pool.id)?.source ?? 'live')),
  )
  const [source] = sources
  return {
    legs,
    numbers,
    source: sources.size === 1 && source ? source : 'live',
    warnings: [
      ...impactWarnings(numbers),
      ...thinPools(paths.flatMap(({ filled }) => filled.hops)),
      ...taxWarnings(taxes),
    ],
  }
}

export const explainAlternative = (
  market: Market,
  { path, amountIn, amountOut, gas, loss }: Alternative,
): QuotedAlternative => ({
  pools: path.flatMap(({ pool }) => termsIn(market, pool.id)),
  amountIn,
  amountOut,
  gas,
  loss,
})

const termsIn = (market: Market, id: string): PoolTerms[] => {
  const pool = market.pool(id)
  return pool ? [pool.terms] : []
}

function quotedHop(market: Market, simulated: SimulatedHop): QuotedHop {
  const { hop, amountIn, amountOut, feeAmount, ticksCrossed } = simulated
  const { id, protocol, token0, token1, state } = hop.pool
  const pool = market.pool(id)?.terms ?? {
    id,
    protocol,
    token0,
    token1,
    feePips: state.feePips,
    tickSpacing: null,
    origin: null,
  }
  const [tokenIn, tokenOut] = hop.zeroForOne
    ? [pool.token0, pool.token1]
    : [pool.token1, pool.token0]
  return { pool, tokenIn, tokenOut, amountIn, amountOut, feeAmount, ticksCrossed }
}

const impactWarnings = ({ impactBps }: RouteNumbers): QuoteWarning[] =>
  impactBps < HIGH_IMPACT_BPS
    ? []
    : [
        {
          code: 'high-impact',
          message: `the size of the swap worsens its price by ${percent(impactBps)}; try a smaller one`,
        },
      ]

/** Legs that pass the same pool the same way count together. */
function thinPools(hops: readonly SimulatedHop[]): QuoteWarning[] {
  const together = new Map<string, SimulatedHop>()
  for (const one of hops) {
    const key = `${one.hop.pool.id} ${one.hop.zeroForOne}`
    const first = together.get(key)
    together.set(
      key,
      first
        ? {
            ...first,
            amountIn: first.amountIn + one.amountIn,
            amountOut: first.amountOut + one.amountOut,
          }
        : one,
    )
  }
  const thin = [...together.values()].filter(({ hop, before, amountIn, amountOut }) => {
    const pool = { ...hop.pool, state: before }
    const leg = { path: [{ ...hop, pool }], amountIn, amountOut }
    const alone = { legs: [leg], amountIn, amountOut, gas: 0n }
    return routeNumbers(alone).impactBps >= THIN_IMPACT_BPS
  })
  return thin.map(({ hop }) => ({
    code: 'thin-pool',
    message: `pool ${hop.pool.id} is small for what goes through it`,
  }))
}

const taxWarnings = (taxes: ReadonlyMap<Address, TransferTax | undefined>): QuoteWarning[] =>
  [...taxes].flatMap(([token, tax]): QuoteWarning[] => {
    if (!tax)
      return [
        {
          code: 'tax-unknown',
          message: `whether ${token} keeps a share of transfers could not be told`,
        },
      ]
    if (tax.buyBps === 0 && tax.sellBps === 0) return []
    const message = `${token} keeps ${percent(tax.buyBps)} when bought and ${percent(tax.sellBps)} when sold`
    return [{ code: 'tax', message }]
  })

const percent = (bps: number): string => `${bps / 100} %`
