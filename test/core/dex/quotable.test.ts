import { describe, expect, test } from 'vitest'
import { newPool, type Pool, type PoolProtocol } from '#core/dex/pool.ts'
import { quotableFrom } from '#core/dex/quotable.ts'
import { addressOf } from '../../fakes/encode.ts'

const poolOf = (protocol: PoolProtocol, changes: Partial<Pool> = {}): Pool => ({
  ...newPool({
    address: addressOf(9),
    protocol,
    factory: addressOf(8),
    token0: addressOf(1),
    token1: addressOf(2),
    feePips: 3_000,
    createdBlock: 10,
  }),
  ...changes,
})
const reserves = { reserve0: 5n, reserve1: 7n }
const priced = { sqrtPriceX96: 1n << 96n, tick: 0, liquidity: 3n, swapCount: 1 }

/** As of block 50, of a pool that changed last at block 20. */
const told = (value: Pool, from = 0, number = 20) =>
  quotableFrom({ from, to: 50 }, { value, number }, 50)

describe('what the history says of whether a pool is quoted', () => {
  test('a pair with reserves and a V3 pool with a price and a swap are quoted from the index', () => {
    const yes = { status: 'yes', reason: null }
    expect(told(poolOf('uniswap-v2', reserves))).toEqual(yes)
    expect(told(poolOf('uniswap-v3', priced))).toEqual(yes)
  })

  test('designs whose fee no event tells are quoted live alone', () => {
    for (const protocol of ['solidly-stable', 'velodrome-v2-volatile'] as const)
      expect(told(poolOf(protocol, reserves))).toEqual({
        status: 'live-only',
        reason: 'fee-untold',
      })
    for (const protocol of ['algebra-v1', 'algebra-integral'] as const)
      expect(told(poolOf(protocol, priced))).toEqual({ status: 'live-only', reason: 'fee-varies' })
  })

  test('a pool whose past is not whole in the index is quoted live alone', () => {
    const unknown = { status: 'live-only', reason: 'past-unknown' }
    expect(told(poolOf('uniswap-v3', priced), 11)).toEqual(unknown)
    expect(told(poolOf('uniswap-v3', { ...priced, createdBlock: null }))).toEqual(unknown)
    expect(told(poolOf('uniswap-v2', reserves), 21)).toEqual(unknown)
    expect(
      quotableFrom(undefined, { value: poolOf('uniswap-v2', reserves), number: 20 }, 50),
    ).toEqual(unknown)
    // A pair tells all its reserves with each change.
    expect(told(poolOf('uniswap-v2', { ...reserves, createdBlock: null }), 11).status).toBe('yes')
  })

  test('a V3 pool that never told a swap may be a fork, which only the chain can tell', () => {
    expect(told(poolOf('uniswap-v3', { ...priced, swapCount: 0 }))).toEqual({
      status: 'live-only',
      reason: 'no-swap-seen',
    })
  })

  test('a pool without a price or without liquidity is not quoted', () => {
    expect(told(poolOf('uniswap-v3'))).toEqual({ status: 'no', reason: 'no-price' })
    for (const protocol of ['uniswap-v2', 'solidly-volatile'] as const)
      expect(told(poolOf(protocol, { reserve0: 0n, reserve1: 7n }))).toEqual({
        status: 'no',
        reason: 'no-liquidity',
      })
    expect(told(poolOf('algebra-v1', { ...priced, liquidity: 0n }))).toEqual({
      status: 'no',
      reason: 'no-liquidity',
    })
  })
})
