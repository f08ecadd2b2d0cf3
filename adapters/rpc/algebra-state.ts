import type { AbiReader } from '#core/abi.ts'
import type { AlgebraProtocol } from '#core/dex/event-bodies.ts'
import { amountOut } from '#core/dex/protocols/protocols.ts'
import type { ConcentratedState, PoolState, TickWindow } from '#core/dex/protocols/state.ts'

/** What the sample swaps cost, in words of a tick bitmap. */
export const SAMPLES_WORDS = 250

/** What lens.sol says that a swap of an exact input comes to; amounts as the pool sees them. */
type Sample = { readonly amount0: bigint; readonly amount1: bigint; readonly feePips: number }
/** A small and a larger one. */
type Pair = readonly [Sample, Sample]
type Samples = { readonly ofToken0: Pair; readonly ofToken1: Pair }

/** Where they stand in the answer, and how many words each has. */
const SAMPLES_AT = 3
const SAMPLE_WORDS = 5
const SPACING_AT = SAMPLES_AT + 4 * SAMPLE_WORDS

const PIPS = 1_000_000

/** Until a state is whole, for it may be read in parts. */
const samplesOf = new WeakMap<PoolState, Samples>()

/** The state of a pool as lens.sol tells it, without its fees: see `withSampledFees`. */
export function readAlgebra(
  protocol: AlgebraProtocol,
  words: AbiReader,
  at: number,
  windowBehind: (words: number) => TickWindow,
): ConcentratedState {
  const sampleAt = (index: number): Sample => {
    const place = at + SAMPLES_AT + index * SAMPLE_WORDS
    return {
      amount0: BigInt.asIntN(256, words.uint(place)),
      amount1: BigInt.asIntN(256, words.uint(place + 1)),
      // The price and the tick stand between.
      feePips: words.number(place + 4),
    }
  }
  const state: ConcentratedState = {
    kind: 'concentrated',
    sqrtPriceX96: words.uint(at),
    tick: words.number(at + 1),
    liquidity: words.uint(at + 2),
    feePips: 0,
    protocolFeePips: [0, 0],
    tickSpacing: words.number(at + SPACING_AT),
    ...(protocol === 'algebra-integral' && { stepsTo: 'ticks' }),
    ticks: windowBehind(SPACING_AT + 1),
  }
  samplesOf.set(state, {
    ofToken0: [sampleAt(0), sampleAt(1)],
    ofToken1: [sampleAt(2), sampleAt(3)],
  })
  return state
}

/** A state that is made of another one has its samples. */
export function handSamplesOn<S extends PoolState>(from: PoolState, to: S): S {
  const samples = samplesOf.get(from)
  if (samples) samplesOf.set(to, samples)
  return to
}

/**
 * A state with the fees that its samples paid: a pool learns its fee from what was traded before, and a plugin may charge
 * another one with each swap. Undefined where no fee explains what the samples came to, such as one that depends on the
 * amount: a quote of such a pool would be wrong. States of other designs stay as they are.
 */
export function withSampledFees(state: PoolState | undefined): PoolState | undefined {
  const samples = state && samplesOf.get(state)
  if (state?.kind !== 'concentrated' || !samples) return state
  const feePips = feeOf(state, true, samples.ofToken0)
  // Pools of V1 have no plugin: what they say of token0 is what they charge, also where they have a fee for each direction.
  // In versions with limit orders, which a swap would meet between its ticks, another value stands in its place.
  const isV1 = state.stepsTo === undefined
  if (isV1 && feePips !== samples.ofToken0[1].feePips) return undefined
  const feePipsOfToken1 = feeOf(state, false, samples.ofToken1)
  if (feePips === undefined || feePipsOfToken1 === undefined) return undefined
  return { ...state, feePips, ...(feePipsOfToken1 !== feePips && { feePipsOfToken1 }) }
}

function feeOf(
  state: ConcentratedState,
  zeroForOne: boolean,
  [small, large]: Pair,
): number | undefined {
  /** What the fee leaves of a sample's output, compared with what the sample gave. */
  const compare = (feePips: number, { amount0, amount1 }: Sample): number => {
    const [paid, received] = zeroForOne ? [amount0, -amount1] : [amount1, -amount0]
    if (paid <= 0n) return Number.NaN
    const given = amountOut({ ...state, feePips }, zeroForOne, paid)
    return given === received ? 0 : given < received ? -1 : 1
  }
  const explains = (feePips: number): boolean =>
    compare(feePips, small) === 0 && compare(feePips, large) === 0
  // As the pool says; unless its plugin charges another one, which shows in the larger sample best.
  if (explains(large.feePips)) return large.feePips
  let low = 0
  let high = PIPS - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(middle, large) > 0) low = middle + 1
    else high = middle
  }
  const isPlain = low + 1 >= PIPS || compare(low + 1, large) !== 0
  return isPlain && explains(low) ? low : undefined
}
