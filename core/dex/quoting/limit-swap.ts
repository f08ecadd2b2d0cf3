import type { Path } from '#core/dex/routing/route.ts'
import { maximumSent, minimumReceived } from '#core/dex/routing/slippage.ts'
import { isMixed, type RouterLeg, type RouterOutput } from './swap-router-02.ts'

export type ExecutedLeg = {
  readonly path: Path
  readonly amountIn: bigint
  readonly amountOut: bigint
  /**
   * What arrives when the router executes it. More than `amountOut`, by dust, for some legs of an exact-out swap: through
   * V2 pools SwapRouter02 computes the input and then sells it, whatever that gives.
   */
  readonly delivered: bigint
  /** What selling all of `amountIn` gives. */
  readonly sold: bigint
}

/** Whether the router buys exactly the output of an exact-out leg, and does not sell its input. */
export const buysExactly = (path: Path): boolean =>
  path.every(({ pool }) => pool.protocol === 'uniswap-v3')

export type SwapLimits = {
  readonly minimumReceived: bigint | null
  readonly maximumSent: bigint | null
  readonly legs: readonly (RouterLeg & ExecutedLeg)[]
  /** How the transaction enforces what it must give. */
  readonly output: RouterOutput
}

/** What decides how the least is enforced. */
export type OutputTerms = {
  /** Whether the token that is bought arrives whole; false also where that is not known. */
  readonly arrivesWhole: boolean
  /** Whether it is to arrive unwrapped. */
  readonly isNativeOut: boolean
}

/**
 * What the transaction insists on.
 *
 * Exact in: the least of the whole, checked once at the end, so that a leg that gives less does no harm while another
 * gives more. A token that keeps a share of transfers would keep it twice on the way over the router: of such a one,
 * or one of which that is not known, each leg gives its own part straight to the recipient, and the parts add up to the
 * least of the whole. A single leg needs no second check either.
 *
 * Exact out: all that was asked for, checked at the end wherever a leg could give less: V2 pools are sold what their
 * formula says, whatever arrives of it. What is spent is limited leg by leg, since the router takes each leg's input
 * from the sender by itself; the limits add up to that of the whole. A mixed leg spends what was quoted and no more.
 */
export function limitSwap(
  exact: 'in' | 'out',
  legs: readonly ExecutedLeg[],
  slippageBps: number,
  { arrivesWhole, isNativeOut }: OutputTerms,
): SwapLimits {
  const collected = (minimum: bigint): RouterOutput => ({
    kind: 'collected',
    minimum,
    isNative: isNativeOut,
  })
  if (exact === 'in') {
    const total = minimumReceived(sumOf(legs, 'amountOut'), slippageBps)
    const isCollected = isNativeOut || (arrivesWhole && legs.length > 1)
    const minima = isCollected ? legs.map(() => 0n) : minimaOf(legs, total, slippageBps)
    return {
      minimumReceived: total,
      maximumSent: null,
      legs: legs.map((leg, index) => ({
        ...leg,
        amountOutMinimum: minima[index] as bigint,
        amountInMaximum: leg.amountIn,
      })),
      output: isCollected ? collected(total) : { kind: 'recipient' },
    }
  }
  const isCollected = isNativeOut || !arrivesWhole || !legs.every(({ path }) => buysExactly(path))
  const limited = legs.map((leg) => ({
    ...leg,
    amountOutMinimum: isCollected ? 0n : leg.amountOut,
    amountInMaximum: isMixed(leg.path) ? leg.amountIn : maximumSent(leg.amountIn, slippageBps),
  }))
  return {
    minimumReceived: null,
    maximumSent: limited.reduce((all, { amountInMaximum }) => all + amountInMaximum, 0n),
    legs: limited,
    output: isCollected ? collected(sumOf(legs, 'amountOut')) : { kind: 'recipient' },
  }
}

/** The least of each leg; together exactly `total`. */
function minimaOf(legs: readonly ExecutedLeg[], total: bigint, slippageBps: number): bigint[] {
  const minima = legs.map((leg) => minimumReceived(leg.amountOut, slippageBps))
  // Each is rounded down; what that loses is asked of the first that give it.
  let rest = total - minima.reduce((all, one) => all + one, 0n)
  return legs.map((leg, index) => {
    const minimum = minima[index] as bigint
    const room = leg.amountOut - minimum
    const more = rest < room ? rest : room
    rest -= more
    return minimum + more
  })
}

export const sumOf = (
  legs: readonly ExecutedLeg[],
  side: 'amountIn' | 'amountOut' | 'delivered' | 'sold',
): bigint => legs.reduce((total, leg) => total + leg[side], 0n)
