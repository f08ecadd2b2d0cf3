import type { Address } from '#core/chain.ts'
import type { QuotePorts, TransferTax } from '#core/dex/ports.ts'
import type { Rational } from '#core/dex/protocols/protocols.ts'
import {
  DEADLINE_SECONDS_DEFAULT,
  type QuoteInput,
  type QuoteOutcome,
  type QuoteWarning,
  SLIPPAGE_BPS_DEFAULT,
} from '#core/dex/quote.ts'
import type { QuoteSettings } from '#core/dex/quote-settings.ts'
import { divideUp } from '#core/dex/routing/ratio.ts'
import type { Alternative } from '#core/dex/routing/request.ts'
import type { Path } from '#core/dex/routing/route.ts'
import { simulatePath, simulateRoute, type SimulatedPath } from '#core/dex/routing/simulate.ts'
import { asTraded, NATIVE } from '#core/dex/native.ts'
import { confirmSwap, expectedFailure, missingFloor, prepareSwap, routerData } from './confirm.ts'
import { estimateGas, gasAfterTrial } from './estimate-gas.ts'
import { buysExactly, type ExecutedLeg, limitSwap } from './limit-swap.ts'
import { isMixed } from './swap-router-02.ts'
import { explainAlternative, explainRoute } from './explain.ts'
import type { Session } from './session.ts'

export type FilledPath = Extract<SimulatedPath, { readonly status: 'filled' }>
export type Filled = { readonly path: Path; readonly filled: FilledPath }

/** A quote from the paths that were found or given: its numbers, its transaction, and what the chain says to it. */
export async function completeQuote(
  ports: Pick<QuotePorts, 'clock'>,
  settings: QuoteSettings,
  { market, notes, tryOut }: Session,
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
  const { gasPrice, taxes, taxesBps } = costOf
  const { legs, numbers, source, warnings } = explainRoute(market, exact, paths, taxes, taxesBps)
  const executed = executedLegs(exact, paths)
  const amountIn = executed.reduce((total, leg) => total + leg.amountIn, 0n)
  const amountOut = executed.reduce((total, leg) => total + leg.amountOut, 0n)
  const [taxIn, taxOut] = [tokenIn, tokenOut].map((token) =>
    taxes.get(asTraded(token, settings.wrappedNative)),
  )
  const arrivesWhole = taxOut?.buyBps === 0
  const limits = limitSwap(exact, executed, slippageBps, {
    arrivesWhole,
    isNativeOut: tokenOut === NATIVE,
  })
  const deadline =
    Math.floor(ports.clock.nowMs() / 1_000) + (input.deadlineSeconds ?? DEADLINE_SECONDS_DEFAULT)
  const swap = { exact, tokenIn, tokenOut, limits, recipient: input.recipient, deadline }
  const confirmation = await confirmSwap(market, settings.router, tryOut, swap)
  const failure =
    expectedFailure(confirmation, limits) ??
    (input.recipient && missingFloor(confirmation, limits, arrivesWhole))
  const terms = {
    exact,
    paths: paths.map(({ path }) => path),
    output: limits.output,
    isNativeIn: tokenIn === NATIVE,
  }
  const gas =
    confirmation.status !== 'unconfirmed' && confirmation.by === 'router'
      ? gasAfterTrial(confirmation.gas, routerData(swap), terms)
      : estimateGas(costOf.gas, terms)
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
    taxInBps: taxIn?.sellBps ?? null,
    taxOutBps: taxOut?.buyBps ?? null,
    gas,
    gasCost: gasPrice ? divideUp(gas * gasPrice.numerator, gasPrice.denominator) : null,
    legs,
    alternatives: costOf.alternatives.map((each) => explainAlternative(market, each)),
    transaction: failure ? null : prepareSwap(market, settings.router, swap),
    confirmation,
    warnings: [...(failure ? [failure] : []), ...notes, ...warnings, ...intolerance(exact, paths)],
  }
}

/** What legs give when they are executed one after the other (see `ExecutedLeg`). */
function executedLegs(exact: 'in' | 'out', paths: readonly Filled[]): ExecutedLeg[] {
  // The pools themselves are sold every leg's input, and a leg finds what the sales before it have left.
  const sale =
    exact === 'out' &&
    simulateRoute(
      paths.map(({ path, filled }) => ({ path, amount: filled.amountIn })),
      'in',
    )
  return paths.map(({ path, filled }, index) => {
    const { amountIn, amountOut, hops } = filled
    const leg = { path, amountIn, amountOut }
    if (exact === 'in') return { ...leg, delivered: amountOut, sold: amountOut }
    const states = new Map(hops.map(({ hop, before }) => [hop.pool.id, before]))
    const alone = simulatePath(path, 'in', amountIn, { states })
    const delivered = buysExactly(path) || alone.status !== 'filled' ? amountOut : alone.amountOut
    const sold = sale && sale.status === 'filled' ? sale.legs[index]?.amountOut : undefined
    return { ...leg, delivered, sold: sold ?? amountOut }
  })
}

const intolerance = (exact: 'in' | 'out', paths: readonly Filled[]): QuoteWarning[] =>
  exact === 'out' && paths.some(({ path }) => isMixed(path))
    ? [
        {
          code: 'no-tolerance',
          message:
            'a leg through both V2 and V3 spends what was quoted and no more: the transaction fails if the price moves against it',
        },
      ]
    : []
