import { createRequire } from 'node:module'
import { join } from 'node:path'
import { encodeAbiParameters, keccak256, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLens } from '#adapters/rpc/lens.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { createRpcStateReader } from '#adapters/rpc/state-reader.ts'
import { DEVNET_CHAIN_ID } from '#devnet/anvil.ts'
import type { Address, Hash } from '#core/chain.ts'
import { defaultLimit } from '#core/dex/protocols/concentrated.ts'
import { amountIn, amountOut, feePipsOf, swap } from '#core/dex/protocols/protocols.ts'
import { v4ProtocolShare } from '#core/dex/protocols/protocol-share.ts'
import type { ConcentratedState, SwapInput } from '#core/dex/protocols/state.ts'
import {
  SQRT_PRICE_MAX,
  SQRT_PRICE_MIN,
  sqrtPriceAtTick,
  TICK_MAX,
  TICK_MIN,
  tickAtSqrtPrice,
} from '#core/dex/protocols/tick-price.ts'
import { type Artifact, v4Artifacts } from '../artifacts/load.ts'
import { createRandom, type Random } from '../fakes/random.ts'
import { compileSolidity } from '../tools/solidity.ts'
import { type Chain, type Contract, openChain, REVERTED } from './chain.ts'
import { drawRanges, drawSwap, type PoolSpec, ticksOf, wholeWindow } from './concentrated.ts'

const chain = await openChain('parity with Uniswap V4')
afterAll(() => chain?.[Symbol.asyncDispose]())

/** A swap goes through a contract of ours, since PoolManager only deals with contracts. */
const trader = createRequire(import.meta.url)('./v4-trader.artifact.json') as Artifact

/** Fees up to all of the input; the highest that the protocol may take is 1000 pips. */
const SPECS: readonly PoolSpec[] = [
  { feePips: 0, tickSpacing: 1, startTick: 12, reach: 900, protocolFeePips: [1_000, 333] },
  { feePips: 1, tickSpacing: 5, startTick: -276_325, reach: 400, protocolFeePips: [0, 1_000] },
  { feePips: 100, tickSpacing: 1, startTick: 255, reach: 60, gap: true },
  { feePips: 3_000, tickSpacing: 60, startTick: -15_360, reach: 120, fullRange: true },
  {
    feePips: 2_999,
    tickSpacing: 10,
    startTick: 0,
    reach: 300,
    fullRange: true,
    protocolFeePips: [500, 1],
  },
  { feePips: 10_000, tickSpacing: 32_767, startTick: 40_000, reach: 12, protocolFeePips: [7, 0] },
  { feePips: 999_999, tickSpacing: 2, startTick: -3, reach: 300, protocolFeePips: [1_000, 0] },
  { feePips: 1_000_000, tickSpacing: 20, startTick: 77, reach: 200, gap: true },
]
const ROUNDS = 14
const QUOTES_A_ROUND = 10
/** Several times what it takes: servers of other suites may run beside it. */
const TIMEOUT_MS = 120_000
/** A swap over more ticks than this is undone, so that the next one begins where liquidity is. */
const TICKS_KEPT = 9
const PROTOCOL_FEE_BITS = 12
/** V4 keeps accounts in int128, and reverts above. */
const INT128_MAX = 2n ** 127n - 1n

type Key = readonly [Address, Address, number, number, Address]
type Market = {
  readonly spec: PoolSpec
  readonly key: Key
  readonly id: Hash
  readonly tokens: readonly [Contract, Contract]
  readonly ticks: ReadonlySet<number>
}
/** What the pool did: the caller's amounts, negative where it paid, and the state behind. */
type Traded = readonly [
  amount0: bigint,
  amount1: bigint,
  sqrtPriceX96: bigint,
  tick: number,
  liquidity: bigint,
]

const idOf = (key: Key): Hash =>
  keccak256(
    encodeAbiParameters(
      ['address', 'address', 'uint24', 'int24', 'address'].map((type) => ({ type })),
      key,
    ),
  )

test('the trader is what its source compiles to', async () => {
  const at = (file: string): string => join(import.meta.dirname, file)
  const compiled = compileSolidity(at('v4-trader.sol'), 'V4Trader')
  await expect(compiled).toMatchFileSnapshot(at('v4-trader.artifact.json'))
})

describe.skipIf(!chain)('concentrated liquidity against the contracts of Uniswap V4', () => {
  const on = chain as Chain
  let manager: Contract
  let quoter: Contract
  let view: Contract
  let hands: Contract
  const markets: Market[] = []

  beforeAll(async () => {
    const random = createRandom(40)
    manager = await on.deploy(v4Artifacts.poolManager, [on.account])
    quoter = await on.deploy(v4Artifacts.quoter, [manager.address])
    view = await on.deploy(v4Artifacts.stateView, [manager.address])
    hands = await on.deploy(trader, [manager.address])
    await on.send(manager, 'setProtocolFeeController', [on.account])
    for (const spec of SPECS) markets.push(await openPool(random, spec))
  })

  async function openPool(random: Random, spec: PoolSpec): Promise<Market> {
    const tokens = await on.deployTokens([hands])
    const { feePips, tickSpacing, startTick, protocolFeePips } = spec
    const [token0, token1] = tokens
    const key = [token0.address, token1.address, feePips, tickSpacing, zeroAddress] as const
    await on.send(manager, 'initialize', [key, sqrtPriceAtTick(startTick)])
    const ranges = drawRanges(random, spec)
    for (const [lower, upper] of ranges)
      await on.send(hands, 'modify', [key, lower, upper, 1n + random.bits(30 + random.int(60))])
    if (protocolFeePips) {
      const [down, up] = protocolFeePips
      await on.send(manager, 'setProtocolFee', [key, down + (up << PROTOCOL_FEE_BITS)])
    }
    return { spec, key, id: idOf(key), tokens, ticks: ticksOf(ranges) }
  }

  async function stateOf({ id, spec, ticks }: Market): Promise<ConcentratedState> {
    const { tickSpacing } = spec
    const [[sqrtPriceX96, tick, protocolFee, feePips], liquidity, ...known] = await Promise.all([
      on.read<[bigint, number, number, number]>(view, 'getSlot0', [id]),
      on.read<bigint>(view, 'getLiquidity', [id]),
      ...[...ticks].map(async (index) => {
        const [gross, net] = await on.read<[bigint, bigint]>(view, 'getTickLiquidity', [id, index])
        return [index, net, gross] as const
      }),
    ])
    return {
      kind: 'concentrated',
      sqrtPriceX96,
      tick,
      liquidity,
      feePips,
      protocolFeePips: [
        protocolFee & (2 ** PROTOCOL_FEE_BITS - 1),
        protocolFee >> PROTOCOL_FEE_BITS,
      ],
      tickSpacing,
      ticks: wholeWindow(tickSpacing, known),
    }
  }

  /** PoolManager takes what goes in as a negative amount. */
  const swapArgs = ({ key }: Market, input: SwapInput) => {
    const { zeroForOne, exact, amount, sqrtPriceLimitX96 = defaultLimit(zeroForOne) } = input
    return [key, [zeroForOne, exact === 'in' ? -amount : amount, sqrtPriceLimitX96]]
  }

  function drawPayable(random: Random, state: ConcentratedState): SwapInput {
    for (;;) {
      const input = drawSwap(random, state)
      const outcome = swap(state, input)
      const amounts = [input.amount, 'amountIn' in outcome ? outcome.amountIn : 0n]
      if (amounts.every((amount) => amount <= INT128_MAX)) return input
    }
  }

  const quote = ({ key }: Market, { zeroForOne, exact, amount }: SwapInput) =>
    on.ask<readonly [amount: bigint, gas: bigint]>(
      quoter,
      exact === 'in' ? 'quoteExactInputSingle' : 'quoteExactOutputSingle',
      [[key, zeroForOne, amount, '0x']],
    )

  test('the state of a pool is read from the manager’s storage, ticks and fees included', async () => {
    const rpc = createRpc([on.url], { chainId: DEVNET_CHAIN_ID })
    const reader = createRpcStateReader(createLens(rpc))
    const words = { centred: false, from: -4_000, to: 4_000 }
    const wants = markets.map(({ id, key: [token0, token1, feePips, tickSpacing] }) => ({
      words,
      pool: {
        id,
        protocol: 'uniswap-v4',
        token0,
        token1,
        feePips,
        tickSpacing,
        origin: manager.address,
      } as const,
    }))
    const states = await reader.read(await on.head(), wants)
    for (const [index, market] of markets.entries()) {
      const read = states[index] as ConcentratedState
      const expected = await stateOf(market)
      expect({ ...read, ticks: undefined }).toEqual({ ...expected, ticks: undefined })
      expect(read.ticks.indexes).toEqual(expected.ticks.indexes)
      expect(read.ticks.nets).toEqual(expected.ticks.nets)
    }
    await rpc.close()
  })

  test(
    'swaps as PoolManager does, to the wei, and quotes what V4Quoter quotes',
    async () => {
      const random = createRandom(41)
      const seen = {
        compared: 0,
        quoted: 0,
        executed: 0,
        partial: 0,
        nothing: 0,
        refused: 0,
        crossedTen: 0,
        withShare: 0,
      }
      for (const market of markets) {
        let expected: ConcentratedState | undefined
        for (let round = 0; round < ROUNDS; round++) {
          const state = await stateOf(market)
          if (expected) expect(state).toEqual(expected)
          const inputs = Array.from({ length: QUOTES_A_ROUND }, () => drawPayable(random, state))
          const [answers, quotes] = await Promise.all([
            Promise.all(
              inputs.map((input) => on.ask<Traded>(hands, 'swap', swapArgs(market, input))),
            ),
            Promise.all(inputs.map((input) => quote(market, input))),
          ])
          for (const [index, input] of inputs.entries()) {
            const { zeroForOne, exact, amount } = input
            const outcome = swap(state, input)
            const filled = outcome.status === 'filled' ? outcome : undefined
            const answer = answers[index] as Traded | typeof REVERTED
            seen.compared++
            if (input.sqrtPriceLimitX96 === undefined) {
              const other = (exact === 'in' ? filled?.amountOut : filled?.amountIn) ?? 0n
              expect((exact === 'in' ? amountOut : amountIn)(state, zeroForOne, amount)).toBe(other)
              const quoted = quotes[index] as readonly [bigint, bigint] | typeof REVERTED
              seen.quoted++
              expect(quoted === REVERTED ? REVERTED : quoted[0]).toBe(filled ? other : REVERTED)
            }
            if (outcome.status === 'beyond-window') throw new Error('no window is cut')
            if (outcome.status === 'no-liquidity') {
              const impossible = exact === 'out' && feePipsOf(state, zeroForOne) === 1_000_000
              if (impossible) seen.refused++
              else seen.nothing++
              expect(impossible ? answer : answer.slice(0, 2)).toEqual(
                impossible ? REVERTED : [0n, 0n],
              )
              continue
            }
            const after = outcome.after as ConcentratedState
            const paid = -outcome.amountIn
            expect(answer).toEqual([
              ...(zeroForOne ? [paid, outcome.amountOut] : [outcome.amountOut, paid]),
              after.sqrtPriceX96,
              after.tick,
              after.liquidity,
            ])
            if (outcome.status === 'partial') seen.partial++
            if (outcome.ticksCrossed >= 10) seen.crossedTen++
            const between = state.ticks.indexes.filter((tick) =>
              zeroForOne
                ? tick > after.tick && tick <= state.tick
                : tick > state.tick && tick <= after.tick,
            )
            expect(outcome.ticksCrossed).toBe(between.length)
          }

          const input = inputs[0] as SwapInput
          const outcome = swap(state, input)
          seen.executed++
          const snapshot = await on.snapshot()
          const before = await on.balances(market.tokens)
          const paid = input.zeroForOne ? 0 : 1
          const accrued = () =>
            on.read<bigint>(manager, 'protocolFeesAccrued', [market.tokens[paid]?.address])
          const owed = await accrued()
          const done = await on.succeeds(hands, 'swap', swapArgs(market, input))
          expect(done).toBe(answers[0] !== REVERTED)
          if (outcome.status !== 'filled' && outcome.status !== 'partial') {
            await on.restore(snapshot)
            continue
          }
          const after = await on.balances(market.tokens)
          expect((before[paid] as bigint) - (after[paid] as bigint)).toBe(outcome.amountIn)
          expect((after[1 - paid] as bigint) - (before[1 - paid] as bigint)).toBe(outcome.amountOut)
          expect(await stateOf(market)).toEqual(outcome.after)
          const share = v4ProtocolShare(state, input)
          expect((await accrued()) - owed).toBe(share)
          if (share > 0n) seen.withShare++
          const kept = outcome.status === 'filled' && outcome.ticksCrossed <= TICKS_KEPT
          if (!kept) await on.restore(snapshot)
          expected = kept ? (outcome.after as ConcentratedState) : state
        }
      }
      expect(seen).toMatchObject({ compared: 1_120, executed: 112 })
      // Seldom enough to be forgotten, often enough to mean something.
      for (const count of Object.values(seen)) expect(count).toBeGreaterThanOrEqual(5)
    },
    TIMEOUT_MS,
  )

  test('has the price of a tick, and the tick of a price, of TickMath', async () => {
    const random = createRandom(42)
    const powers = Array.from({ length: 20 }, (_, bit) => 2 ** bit)
    const ticks = [0, TICK_MIN + 1, TICK_MAX - 1, ...powers, ...powers.map((tick) => -tick)]
    while (ticks.length < 600) ticks.push(random.int(2 * TICK_MAX) - TICK_MAX)
    const key = [...(markets[0] as Market).key]
    key[2] = 123_456
    const tickOf = (price: bigint): Promise<number> =>
      on.read<number>(manager, 'initialize', [key, price])
    await Promise.all(
      ticks.map(async (tick) => {
        const price = sqrtPriceAtTick(tick)
        // The least price that is at the tick.
        expect(await Promise.all([tickOf(price), tickOf(price - 1n)])).toEqual([tick, tick - 1])
        const other = SQRT_PRICE_MIN + random.bits(33 + random.int(127))
        const inside = other < SQRT_PRICE_MAX ? other : SQRT_PRICE_MAX - 1n
        expect(tickAtSqrtPrice(inside)).toBe(await tickOf(inside))
        expect([tickAtSqrtPrice(price), tickAtSqrtPrice(price - 1n)]).toEqual([tick, tick - 1])
      }),
    )
    expect(await tickOf(SQRT_PRICE_MIN)).toBe(TICK_MIN)
    expect(tickAtSqrtPrice(SQRT_PRICE_MIN)).toBe(TICK_MIN)
    expect([sqrtPriceAtTick(TICK_MIN), sqrtPriceAtTick(TICK_MAX)]).toEqual([
      SQRT_PRICE_MIN,
      SQRT_PRICE_MAX,
    ])
  })
})
