import type { Address } from '#core/chain.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import type { Quote } from '#core/dex/quote.ts'
import { addressOf } from './encode.ts'

/** Tokens by their number, see `fakeToken`: 6 has no decimals, 18 has none either, 8 and 10 have. */
export const sampleTokens: Readonly<Record<'sold' | 'passed' | 'bought', Address>> = {
  sold: addressOf(8),
  passed: addressOf(9),
  bought: addressOf(10),
}
const { sold, passed, bought } = sampleTokens

const pool = (id: string, protocol: PoolTerms['protocol'], feePips: number): PoolTerms => ({
  id,
  protocol,
  token0: sold,
  token1: bought,
  feePips,
  tickSpacing: protocol === 'uniswap-v2' ? null : 60,
  origin: addressOf(0xfac),
})

const poolV2 = pool(addressOf(0x22), 'uniswap-v2', 3_000)
const poolV3 = { ...pool(addressOf(0x33), 'uniswap-v3', 500), token1: passed }
const poolV4 = { ...pool(`0x${'44'.repeat(32)}`, 'uniswap-v4', 100), token0: passed }

/** Two legs, one of two pools: 3 of token 8 for 2 of token 10. */
export const sampleQuote: Quote = {
  status: 'filled',
  block: { number: 19_000_000, hash: `0x${'ab'.repeat(32)}` },
  stateSource: 'live',
  exact: 'in',
  tokenIn: sold,
  tokenOut: bought,
  amountIn: 300_000_000n,
  amountOut: 20_000_000_000n,
  amountInConsumed: 300_000_000n,
  minimumReceived: 19_900_000_000n,
  maximumSent: null,
  slippageBps: 50,
  executionPrice: { numerator: 20_000_000_000n, denominator: 300_000_000n },
  midPrice: { numerator: 70n, denominator: 1n },
  priceImpactBps: 12,
  lpFeeBps: 21,
  taxInBps: 0,
  taxOutBps: null,
  gas: 250_000n,
  gasCost: 5_000_000n,
  legs: [
    {
      shareBps: 6_666,
      amountIn: 200_000_000n,
      amountOut: 13_000_000_000n,
      hops: [
        {
          pool: poolV3,
          tokenIn: sold,
          tokenOut: passed,
          amountIn: 200_000_000n,
          amountOut: 400n,
          feeAmount: 100_000n,
          ticksCrossed: 3,
        },
        {
          pool: poolV4,
          tokenIn: passed,
          tokenOut: bought,
          amountIn: 400n,
          amountOut: 13_000_000_000n,
          feeAmount: 1n,
          ticksCrossed: 0,
        },
      ],
    },
    {
      shareBps: 3_333,
      amountIn: 100_000_000n,
      amountOut: 7_000_000_000n,
      hops: [
        {
          pool: poolV2,
          tokenIn: sold,
          tokenOut: bought,
          amountIn: 100_000_000n,
          amountOut: 7_000_000_000n,
          feeAmount: 300_000n,
          ticksCrossed: 0,
        },
      ],
    },
  ],
  alternatives: [
    {
      pools: [poolV2],
      amountIn: 300_000_000n,
      amountOut: 19_000_000_000n,
      gas: 120_000n,
      loss: 997_000_000n,
    },
  ],
  transaction: { to: addressOf(0x70), data: '0xabcdef', value: 0n },
  confirmation: { status: 'confirmed', by: 'router', gas: 243_210n },
  warnings: [{ code: 'tax-unknown', message: 'the tax of the token that is bought is not known' }],
}

/** The same, fixed on the other side. */
export const sampleExactOut: Quote = {
  ...sampleQuote,
  exact: 'out',
  minimumReceived: null,
  maximumSent: 301_500_000n,
}
