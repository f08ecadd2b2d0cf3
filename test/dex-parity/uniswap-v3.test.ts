import { maxUint128, maxUint256, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contracts } from '#devnet/contracts.ts'
import type { Address } from '#core/chain.ts'
import { feesEarned, growthInside } from '#core/dex/protocols/position-fees.ts'
import { amountIn, amountOut, largestFill, swap } from '#core/dex/protocols/protocols.ts'
import { v3ProtocolShare } from '#core/dex/protocols/protocol-share.ts'
import type { ConcentratedState, SwapInput, SwapOutcome } from '#core/dex/protocols/state.ts'
import { sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { createRandom, type Random } from '../fakes/random.ts'
import { type Chain, type Contract, openChain, REVERTED } from './chain.ts'
import {
  drawRanges,
  drawSwap,
  type PoolSpec,
  type Range,
  ticksOf,
  wholeWindow,
} from './concentrated.ts'

const chain = await openChain('parity with Uniswap V3')
afterAll(() => chain?.[Symbol.asyncDispose]())

/** Fees from none to nearly all; spacings from the narrowest on. */
const SPECS: readonly PoolSpec[] = [
  { feePips: 0, tickSpacing: 1, startTick: 0, reach: 900 },
  { feePips: 1, tickSpacing: 5, startTick: -276_325, reach: 400 },
  { feePips: 100, tickSpacing: 1, startTick: 255, reach: 60, gap: true },
  { feePips: 500, tickSpacing: 10, startTick: 201_240, reach: 300, fullRange: true },
  { feePips: 3_000, tickSpacing: 60, startTick: -15_360, reach: 120, fullRange: true },
  { feePips: 10_000, tickSpacing: 200, startTick: 7_777, reach: 200, gap: true },
  { feePips: 999_999, tickSpacing: 2, startTick: -3, reach: 300 },
  // Amounts times prices above 256 bits, for which the contract computes another way.
  {
    feePips: 2_500,
    tickSpacing: 16_383,
    startTick: 880_000,
    reach: 0,
    fullRange: true,
    depositBits: [60, 184],
  },
]
/** Set by Uniswap's factory when it is made. */
const USUAL_FEES = new Set([500, 3_000, 10_000])
const ROUNDS = 18
const QUOTES_A_ROUND = 10
/** Several times what it takes: servers of other suites may run beside it. */
const TIMEOUT_MS = 120_000
/** A swap over more ticks than this is undone, so that the next one begins where liquidity is. */
const TICKS_KEPT = 9
const FEE_PROTOCOL = [4, 7] as const

type Market = {
  readonly spec: PoolSpec
  readonly pool: Contract
  readonly tokens: readonly [Contract, Contract]
}

describe.skipIf(!chain)('concentrated liquidity against the contracts of Uniswap V3', () => {
  const on = chain as Chain
  let router: Contract
  let quoter: Contract
  let positionManager: Contract
  const markets: Market[] = []
  const ticksOfMarket = new Map<Market, Set<number>>()

  beforeAll(async () => {
    const random = createRandom(30)
    const weth = (await on.deploy(contracts.weth)).address
    const factory = await on.deploy(contracts.v3Factory)
    router = await on.deploy(contracts.v3Router, [factory.address, weth])
    quoter = await on.deploy(contracts.quoter, [factory.address, weth])
    positionManager = await on.deploy(contracts.positionManager, [
      factory.address,
      weth,
      zeroAddress,
    ])
    for (const spec of SPECS) {
      const { feePips, tickSpacing, startTick } = spec
      if (!USUAL_FEES.has(feePips))
        await on.send(factory, 'enableFeeAmount', [feePips, tickSpacing])
      const tokens = await on.deployTokens([router, positionManager])
      const terms = [...tokens.map(({ address }) => address), feePips]
      await on.send(positionManager, 'createAndInitializePoolIfNecessary', [
        ...terms,
        sqrtPriceAtTick(startTick),
      ])
      const address = await on.read<Address>(factory, 'getPool', terms)
      const pool = { address, abi: contracts.v3Pool.abi }
      const market = { spec, pool, tokens }
      const ranges = drawRanges(random, spec)
      for (const range of ranges) await mint(market, random, range)
      if (feePips !== 500) await on.send(pool, 'setFeeProtocol', FEE_PROTOCOL)
      markets.push(market)
      ticksOfMarket.set(market, ticksOf(ranges))
    }
  })

  const mint = ({ tokens, spec }: Market, random: Random, [lower, upper]: Range): Promise<void> =>
    on.send(positionManager, 'mint', [
      [
        ...tokens.map(({ address }) => address),
        spec.feePips,
        lower,
        upper,
        ...(spec.depositBits?.map((bits) => random.bits(bits)) ?? [
          10n ** 12n + random.bits(40 + random.int(45)),
          10n ** 12n + random.bits(40 + random.int(45)),
        ]),
        0n,
        0n,
        on.account,
        maxUint256,
      ],
    ])

  async function stateOf(market: Market): Promise<ConcentratedState> {
    const { pool, spec } = market
    const [[sqrtPriceX96, tick], liquidity, ...ticks] = await Promise.all([
      on.read<[bigint, number]>(pool, 'slot0'),
      on.read<bigint>(pool, 'liquidity'),
      ...[...(ticksOfMarket.get(market) as Set<number>)].map(async (index) => {
        const [gross, net] = await on.read<[bigint, bigint]>(pool, 'ticks', [index])
        return [index, net, gross] as const
      }),
    ])
    const { feePips, tickSpacing } = spec
    return {
      kind: 'concentrated',
      sqrtPriceX96,
      tick,
      liquidity,
      feePips,
      protocolFeePips: [0, 0],
      tickSpacing,
      ticks: wholeWindow(tickSpacing, ticks),
    }
  }

  type Quote = readonly [amount: bigint, sqrtPriceX96After: bigint, ...unknown[]]

  const tokensOf = ({ tokens }: Market, { zeroForOne }: SwapInput): Address[] => {
    const [token0, token1] = tokens
    return zeroForOne ? [token0.address, token1.address] : [token1.address, token0.address]
  }

  const quote = (market: Market, input: SwapInput): Promise<Quote | typeof REVERTED> =>
    on.ask<Quote>(
      quoter,
      input.exact === 'in' ? 'quoteExactInputSingle' : 'quoteExactOutputSingle',
      [
        [
          ...tokensOf(market, input),
          input.amount,
          market.spec.feePips,
          input.sqrtPriceLimitX96 ?? 0n,
        ],
      ],
    )

  /** An exact output that is not reached is refused, unless the trader named the price to stop at. */
  const isAccepted = (outcome: SwapOutcome, { exact, sqrtPriceLimitX96 }: SwapInput): boolean =>
    outcome.status === 'filled' ||
    (outcome.status === 'partial' && (exact === 'in' || sqrtPriceLimitX96 !== undefined))

  const execute = (market: Market, input: SwapInput): Promise<boolean> =>
    on.succeeds(router, input.exact === 'in' ? 'exactInputSingle' : 'exactOutputSingle', [
      [
        ...tokensOf(market, input),
        market.spec.feePips,
        on.account,
        maxUint256,
        input.amount,
        input.exact === 'in' ? 0n : maxUint256,
        input.sqrtPriceLimitX96 ?? 0n,
      ],
    ])

  test('computes as the contract does where its 256 bits are too few', async () => {
    const market = markets.find(({ spec }) => spec.depositBits) as Market
    const state = await stateOf(market)
    for (let bits = 94n; bits < 110n; bits++) {
      const input = { zeroForOne: true, exact: 'in', amount: 7n << bits } as const
      const [bought, price] = (await quote(market, input)) as Quote
      expect(swap(state, input)).toMatchObject({
        amountOut: bought,
        after: { sqrtPriceX96: price },
      })
    }
  })

  test(
    'quotes what QuoterV2 quotes, and executes as SwapRouter does, to the wei',
    async () => {
      const random = createRandom(31)
      const seen = {
        quoted: 0,
        executed: 0,
        partial: 0,
        refused: 0,
        crossedTen: 0,
        stoppedAtTick: 0,
      }
      for (const market of markets) {
        let expected: ConcentratedState | undefined
        for (let round = 0; round < ROUNDS; round++) {
          const state = await stateOf(market)
          if (expected) expect(state).toEqual(expected)
          const inputs = Array.from({ length: QUOTES_A_ROUND }, () => drawSwap(random, state))
          const quotes = await Promise.all(inputs.map((input) => quote(market, input)))
          for (const [index, input] of inputs.entries()) {
            const outcome = swap(state, input)
            const answer = quotes[index] as Quote | typeof REVERTED
            const { zeroForOne, exact, amount } = input
            seen.quoted++
            if (input.sqrtPriceLimitX96 === undefined) {
              const fast = (exact === 'in' ? amountOut : amountIn)(state, zeroForOne, amount)
              const filled = outcome.status === 'filled' ? outcome : undefined
              expect(fast).toBe((exact === 'in' ? filled?.amountOut : filled?.amountIn) ?? 0n)
            }
            if (outcome.status === 'partial') seen.partial++
            if (!isAccepted(outcome, input)) {
              seen.refused++
              expect(answer).toBe(REVERTED)
              continue
            }
            if (outcome.status !== 'filled' && outcome.status !== 'partial') throw new Error('lost')
            const after = outcome.after as ConcentratedState
            expect(answer.slice(0, 2)).toEqual([
              exact === 'in' ? outcome.amountOut : outcome.amountIn,
              after.sqrtPriceX96,
            ])
            if (outcome.ticksCrossed >= 10) seen.crossedTen++
            if (state.ticks.indexes.some((tick) => sqrtPriceAtTick(tick) === after.sqrtPriceX96))
              seen.stoppedAtTick++
          }

          const input = inputs[0] as SwapInput
          const outcome = swap(state, input)
          const snapshot = await on.snapshot()
          const before = await on.balances(market.tokens)
          const [owedBefore0, owedBefore1] = await on.read<[bigint, bigint]>(
            market.pool,
            'protocolFees',
          )
          seen.executed++
          expect(await execute(market, input)).toBe(isAccepted(outcome, input))
          if (outcome.status === 'filled' || outcome.status === 'partial') {
            if (!isAccepted(outcome, input)) continue
            const after = await on.balances(market.tokens)
            const paid = input.zeroForOne ? 0 : 1
            expect((before[paid] as bigint) - (after[paid] as bigint)).toBe(outcome.amountIn)
            expect((after[1 - paid] as bigint) - (before[1 - paid] as bigint)).toBe(
              outcome.amountOut,
            )
            expect(await stateOf(market)).toEqual(outcome.after)
            const [owed0, owed1] = await on.read<[bigint, bigint]>(market.pool, 'protocolFees')
            const denominator = market.spec.feePips === 500 ? 0 : FEE_PROTOCOL[paid]
            const share = v3ProtocolShare(state, input, denominator)
            const gained = paid === 0 ? owed0 - owedBefore0 : owed1 - owedBefore1
            expect(BigInt.asUintN(128, gained)).toBe(share)
            const kept = outcome.status === 'filled' && outcome.ticksCrossed <= TICKS_KEPT
            if (!kept) await on.restore(snapshot)
            expected = kept ? (outcome.after as ConcentratedState) : state
          }
        }
      }
      expect(seen).toMatchObject({ quoted: 1_440, executed: 144 })
      // Seldom enough to be forgotten, often enough to mean something.
      for (const count of Object.values(seen)) expect(count).toBeGreaterThanOrEqual(5)
    },
    TIMEOUT_MS,
  )

  test('knows the fees that positions earned, over wrapped growth too', async () => {
    const random = createRandom(32)
    // What is owed of the largest amounts overflows, in the pool other than in the manager.
    const usual = markets.filter(({ spec }) => !spec.depositBits)
    for (const market of usual) {
      // Where one end was crossed before and the other is new, what is outside is more than all there is.
      const { tickSpacing } = market.spec
      const { tick, ticks } = await stateOf(market)
      const above = ticks.indexes.find((index) => index > tick + tickSpacing) as number
      await mint(market, random, [above - tickSpacing, above])
      ticksOfMarket.get(market)?.add(above - tickSpacing)
      for (const zeroForOne of [false, true]) {
        const state = await stateOf(market)
        const amount = largestFill(state, zeroForOne, 'in') / 3n
        expect(await execute(market, { zeroForOne, exact: 'in', amount })).toBe(true)
      }
    }
    let wrapped = 0
    let earned = 0
    const count = Number(await on.read<bigint>(positionManager, 'balanceOf', [on.account]))
    for (let id = 1; id <= count; id++) {
      const [, , token0, , , lower, upper, liquidity, last0, last1] = await on.read<
        [bigint, string, string, string, number, number, number, bigint, bigint, bigint]
      >(positionManager, 'positions', [id])
      const market = usual.find(({ tokens }) => tokens[0].address === token0.toLowerCase())
      if (!market) continue
      const { pool } = market
      type Tick = [bigint, bigint, outside0: bigint, outside1: bigint]
      const [[, tick], global0, global1, low, high, fees] = await Promise.all([
        on.read<[bigint, number]>(pool, 'slot0'),
        on.read<bigint>(pool, 'feeGrowthGlobal0X128'),
        on.read<bigint>(pool, 'feeGrowthGlobal1X128'),
        on.read<Tick>(pool, 'ticks', [lower]),
        on.read<Tick>(pool, 'ticks', [upper]),
        on.read<[bigint, bigint]>(positionManager, 'collect', [
          [id, on.account, maxUint128, maxUint128],
        ]),
      ])
      const inside = (global: bigint, side: 2 | 3): bigint =>
        growthInside(
          tick,
          { lower, upper },
          { global, outsideLower: low[side], outsideUpper: high[side] },
        )
      const [inside0, inside1] = [inside(global0, 2), inside(global1, 3)]
      expect([
        feesEarned(liquidity, inside0, last0),
        feesEarned(liquidity, inside1, last1),
      ]).toEqual(fees)
      if (last0 >> 255n === 1n || last1 >> 255n === 1n) wrapped++
      if (fees[0] > 0n && fees[1] > 0n) earned++
    }
    expect(earned).toBeGreaterThan(20)
    expect(wrapped).toBeGreaterThan(0)
  })
})
