import type { Address, Hex } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import type { Market } from './market.ts'
import type { PoolSale, Trial, TrialCall, TrialOutcome } from '#core/dex/ports.ts'
import type { Confirmation, QuoteWarning, SwapTransaction } from '#core/dex/quote.ts'
import type { RouterSetting } from '#core/dex/quote-settings.ts'
import { UINT256_MAX } from '#core/dex/protocols/rounding.ts'
import type { Path } from '#core/dex/routing/route.ts'
import { NATIVE } from '#core/dex/native.ts'
import { type ExecutedLeg, sumOf, type SwapLimits } from './limit-swap.ts'
import { canRoute, encodeSwap, type RouterSwap } from './swap-router-02.ts'

/** Stands in for a recipient that was not named. */
const NOBODY: Address = '0x68616c796172642d6e6f626f64792d3030303030'

export type ConfirmInput = {
  readonly exact: 'in' | 'out'
  readonly tokenIn: Address
  readonly tokenOut: Address
  readonly limits: SwapLimits
  readonly recipient: Address | undefined
  /** Seconds since 1970. */
  readonly deadline: number
}

/** The transaction, where there is a recipient and the router reaches every pool. */
export function prepareSwap(
  market: Market,
  router: RouterSetting | null,
  input: ConfirmInput,
): SwapTransaction | null {
  const { limits, recipient } = input
  if (!router || recipient === undefined || !isReachable(market, router, limits.legs)) return null
  const swap = routerSwap(input, recipient)
  return { to: router.address, data: encodeSwap(swap), value: valueOf(input) }
}

/** The native currency that the transaction carries: all that it may spend. What is left comes back. */
const valueOf = ({ tokenIn, limits }: ConfirmInput): bigint =>
  tokenIn === NATIVE ? (limits.maximumSent ?? sumOf(limits.legs, 'amountIn')) : 0n

/** What the router is to be called with, whether or not there is a recipient. */
export const routerData = (input: ConfirmInput): Hex =>
  encodeSwap(routerSwap(input, input.recipient ?? NOBODY))

const routerSwap = (
  { exact, tokenIn, limits, deadline }: ConfirmInput,
  recipient: Address,
): RouterSwap => ({
  exact,
  legs: limits.legs,
  recipient,
  deadline,
  isNativeIn: tokenIn === NATIVE,
  output: limits.output,
})

/** Tries the swap out on the state of the block that it was quoted at. */
export async function confirmSwap(
  market: Market,
  router: RouterSetting | null,
  run: (trial: Trial) => Promise<TrialOutcome>,
  input: ConfirmInput,
): Promise<Confirmation> {
  const { limits, exact } = input
  const notAsked = (reason: string): Confirmation => ({
    status: 'unconfirmed',
    cause: 'not-asked',
    by: null,
    reason,
  })
  if (market.place.source === 'historical') return notAsked('it is of a past block')
  if (!market.place.mayAskChain) return notAsked('no node of the chain can be asked')
  const recipient = input.recipient ?? NOBODY
  const isRouted = router !== null && isReachable(market, router, limits.legs)
  const by = isRouted ? 'router' : 'pools'
  const amountIn = sumOf(limits.legs, 'amountIn')
  const amountOut = sumOf(limits.legs, isRouted ? 'delivered' : 'sold')
  const call: TrialCall = isRouted
    ? {
        by: 'router',
        router: router.address,
        data: encodeSwap(free(routerSwap(input, recipient))),
      }
    : {
        by: 'pools',
        legs: limits.legs.map((leg) => saleOf(market, leg)),
        wrappedNative: market.wrappedNative,
      }
  try {
    const outcome = await run({
      tokenIn: input.tokenIn,
      tokenOut: input.tokenOut,
      // Enough that a higher price shows as such, and not as an empty account.
      amountIn: exact === 'in' ? amountIn : amountIn * 2n,
      recipient,
      call,
    })
    if (outcome.status === 'reverted')
      return { status: 'unconfirmed', cause: 'reverted', by, reason: outcome.reason }
    if (outcome.status === 'untried')
      return { status: 'unconfirmed', cause: 'not-tried', by: null, reason: outcome.reason }
    const { spent, received, gas } = outcome
    if (spent === amountIn && received === amountOut) return { status: 'confirmed', by, gas }
    return {
      status: 'differs',
      by,
      quoted: { amountIn, amountOut },
      executed: { amountIn: spent, amountOut: received },
      gas,
    }
  } catch (error) {
    if (!isAppError(error)) throw error
    return {
      status: 'unconfirmed',
      cause: 'not-tried',
      by: null,
      reason: error.message,
      failure: error,
    }
  }
}

/** What the trial says of the transaction: that it would fail, or break its own limits. Undefined: neither. */
export function expectedFailure(
  confirmation: Confirmation,
  limits: Pick<SwapLimits, 'minimumReceived' | 'maximumSent'>,
): QuoteWarning | undefined {
  if (confirmation.status === 'unconfirmed' && confirmation.cause === 'reverted')
    return {
      code: 'reverts',
      message: `the swap fails on the state of the block (${confirmation.reason}), so there is no transaction for it`,
    }
  if (confirmation.status !== 'differs') return undefined
  const { quoted, executed } = confirmation
  const isShort = executed.amountOut < (limits.minimumReceived ?? quoted.amountOut)
  const isDear = executed.amountIn > (limits.maximumSent ?? quoted.amountIn)
  if (!isShort && !isDear) return undefined
  return {
    code: 'beyond-limits',
    message: isShort
      ? 'on the state of the block the swap gives less than the least that is accepted, so there is no transaction for it'
      : 'on the state of the block the swap takes more than the most that may be spent, so there is no transaction for it',
  }
}

/**
 * That nothing would make sure of what arrives: the router looks at what a V3 pool gives, of which the token may keep a
 * share on the way, and no trial has shown that it does not.
 *
 * @param arrivesWhole whether the token that is bought is known to keep nothing
 */
export function missingFloor(
  confirmation: Confirmation,
  { legs, output }: Pick<SwapLimits, 'legs' | 'output'>,
  arrivesWhole: boolean,
): QuoteWarning | undefined {
  if (arrivesWhole || output.kind === 'collected' || confirmation.status !== 'unconfirmed')
    return undefined
  if (legs.every(({ path }) => path.at(-1)?.pool.protocol === 'uniswap-v2')) return undefined
  return {
    code: 'no-floor',
    message:
      'whether the token that is bought keeps a share of transfers is not known, and the router would not notice, so there is no transaction',
  }
}

/** Whether the router can execute all of these paths. */
export const isReachable = (
  market: Market,
  { factoryV2, factoryV3 }: RouterSetting,
  legs: readonly { readonly path: Path }[],
): boolean =>
  legs.every(({ path }) =>
    canRoute(path, ({ pool }) => market.pool(pool.id)?.terms.origin ?? null, {
      v2: factoryV2,
      v3: factoryV3,
    }),
  )

/** A trial is not held to the limits: a difference is to be seen, not to be refused. */
const free = ({ legs, output, ...swap }: RouterSwap): RouterSwap => ({
  ...swap,
  legs: legs.map((leg) => ({ ...leg, amountOutMinimum: 0n, amountInMaximum: UINT256_MAX })),
  output: output.kind === 'collected' ? { ...output, minimum: 0n } : output,
})

const saleOf = (market: Market, { path, amountIn }: ExecutedLeg): PoolSale => ({
  amountIn,
  hops: path.flatMap(({ pool, zeroForOne }) => {
    const terms = market.pool(pool.id)?.terms
    return terms ? [{ pool: terms, zeroForOne }] : []
  }),
})
