import { expect, test } from 'vitest'
import { constantProductIn } from '#core/dex/protocols/constant-product.ts'
import { amountIn, amountOut, swap } from '#core/dex/protocols/protocols.ts'
import type {
  ConcentratedState,
  ConstantProductState,
  SwapInput,
} from '#core/dex/protocols/state.ts'
import { wordOfTick } from '#core/dex/protocols/tick-window.ts'
import { loadV2Swaps, loadV3Swaps, type V2Swap, type V3Swap } from '../../../vectors/load.ts'

/** The fees of the pairs in the vectors that are forks with another; the others take V2's 0.3 %. */
const FEES_PIPS = [3_000, 10_000, 2_000]

const stateBefore = (swapped: V2Swap, feePips: number): ConstantProductState => ({
  kind: 'constant-product',
  reserve0: swapped.reserve0Before,
  reserve1: swapped.reserve1Before,
  feePips,
})

/** How a swap of a pair is explained: its input pays exactly that output, or its output costs exactly that input. */
function explain(swapped: V2Swap, feePips: number): 'exactIn' | 'exactOut' | undefined {
  const zeroForOne = swapped.amount0In > 0n
  const [paid, received] = zeroForOne
    ? [swapped.amount0In, swapped.amount1Out]
    : [swapped.amount1In, swapped.amount0Out]
  const state = stateBefore(swapped, feePips)
  const given = swap(state, { zeroForOne, exact: 'in', amount: paid })
  if ('amountOut' in given && given.amountOut === received) {
    expect(given.after).toMatchObject({
      reserve0: swapped.reserve0After,
      reserve1: swapped.reserve1After,
    })
    return 'exactIn'
  }
  return constantProductIn(state, zeroForOne, received) === paid ? 'exactOut' : undefined
}

test('the V2 swaps of mainnet come out to the wei, wherever the pair alone decided', async () => {
  const swaps = await loadV2Swaps()
  const counts = { exactIn: 0, exactOut: 0, otherFee: 0, askedForLess: 0, bothWays: 0 }
  for (const swapped of swaps) {
    if (!swapped.singleDirection) {
      counts.bothWays++
      continue
    }
    const explained = explain(swapped, FEES_PIPS[0] as number)
    if (explained) {
      counts[explained]++
      continue
    }
    if (FEES_PIPS.slice(1).some((feePips) => explain(swapped, feePips))) {
      counts.otherFee++
      continue
    }
    // Traders may leave something to the pair.
    const zeroForOne = swapped.amount0In > 0n
    const [paid, received] = zeroForOne
      ? [swapped.amount0In, swapped.amount1Out]
      : [swapped.amount1In, swapped.amount0Out]
    expect(received).toBeLessThan(amountOut(stateBefore(swapped, 3_000), zeroForOne, paid))
    counts.askedForLess++
  }
  // 411 of 445 to the wei. Of the others the trader set both sides: 26 left the pair more than it asks, and 8 have two
  // inputs or outputs.
  expect(counts).toEqual({ exactIn: 371, exactOut: 32, otherFee: 8, askedForLess: 26, bothWays: 8 })
})

function stateOf(swapped: V3Swap): ConcentratedState {
  const { before, tickSpacing } = swapped
  const known = new Set(swapped.tickBitmapWordsKnown)
  // The swap stays within the known words around its start; others may be apart.
  const start = wordOfTick(before.tick + (swapped.zeroForOne ? 0 : tickSpacing), tickSpacing)
  let [fromWord, toWord] = [start, start]
  while (known.has(fromWord - 1)) fromWord--
  while (known.has(toWord + 1)) toWord++
  const ticks = [...swapped.initializedTicks].filter(([tick]) => {
    const word = wordOfTick(tick, tickSpacing)
    return word >= fromWord && word <= toWord
  })
  return {
    kind: 'concentrated',
    ...before,
    feePips: swapped.fee,
    protocolFeePips: [0, 0],
    tickSpacing,
    ticks: {
      fromWord,
      toWord,
      indexes: Int32Array.from(ticks, ([tick]) => tick),
      // Unknown of ticks that were not crossed: then it is not used.
      nets: ticks.map(([, net]) => net ?? 0n),
    },
  }
}

test('the V3 swaps of mainnet come out to the wei, price, tick and liquidity included', async () => {
  const counts = { exactIn: 0, exactOut: 0, priceLimit: 0, crossed: 0 }
  for (const swapped of await loadV3Swaps()) {
    const state = stateOf(swapped)
    const { zeroForOne, amount0, amount1, after, reproducedAs } = swapped
    const [paid, received] = zeroForOne ? [amount0, -amount1] : [amount1, -amount0]
    const input: SwapInput = {
      exactIn: { zeroForOne, exact: 'in' as const, amount: paid },
      exactOut: { zeroForOne, exact: 'out' as const, amount: received },
      priceLimit: {
        zeroForOne,
        exact: 'in' as const,
        amount: paid * 2n,
        sqrtPriceLimitX96: after.sqrtPriceX96,
      },
    }[reproducedAs]
    expect(swap(state, input)).toMatchObject({
      status: reproducedAs === 'priceLimit' ? 'partial' : 'filled',
      amountIn: paid,
      amountOut: received,
      after,
      ticksCrossed: swapped.ticksCrossed,
    })
    if (reproducedAs === 'exactIn') expect(amountOut(state, zeroForOne, paid)).toBe(received)
    if (reproducedAs === 'exactOut') expect(amountIn(state, zeroForOne, received)).toBe(paid)
    counts[reproducedAs]++
    if (swapped.ticksCrossed > 0) counts.crossed++
  }
  // All 122: the vectors know every tick that they cross, so none has to be left out.
  expect(counts).toEqual({ exactIn: 101, exactOut: 17, priceLimit: 4, crossed: 15 })
})
