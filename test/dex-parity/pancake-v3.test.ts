import { join } from 'node:path'
import { decodeFunctionResult, encodeFunctionData } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLens } from '#adapters/rpc/lens.ts'
import { createRpc, type Rpc } from '#adapters/rpc/rpc.ts'
import { createRpcStateReader } from '#adapters/rpc/state-reader.ts'
import { type BlockRef, type Hex, parseAddress } from '#core/chain.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import { defaultLimit } from '#core/dex/protocols/concentrated.ts'
import { pancakeProtocolShare } from '#core/dex/protocols/protocol-share.ts'
import { amountIn, amountOut, swap } from '#core/dex/protocols/protocols.ts'
import type { ConcentratedState, SwapInput } from '#core/dex/protocols/state.ts'
import { sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { listVolumes } from '#core/dex/trading/list-volumes.ts'
import { isAppError } from '#core/errors.ts'
import { readIndexedStates } from '#core/dex/quoting/stored-states.ts'
import { DEVNET_CHAIN_ID } from '#devnet/anvil.ts'
import { connect } from '#devnet/node.ts'
import { forkArtifacts } from '../artifacts/load.ts'
import { createRandom } from '../fakes/random.ts'
import { compileAll } from '../tools/solidity.ts'
import { type Chain, type Contract, openChain } from './chain.ts'
import { drawRanges, drawSwap, type PoolSpec } from './concentrated.ts'
import { indexChain, poolsCompared } from './forks.ts'

const chain = await openChain('parity with PancakeSwap V3')
afterAll(() => chain?.[Symbol.asyncDispose]())

const ROUNDS = 12
const QUOTES_A_ROUND = 10
const TIMEOUT_MS = 120_000
/** A swap over more ticks than this is undone, so that the next one begins where liquidity is. */
const TICKS_KEPT = 9
const EVERYTHING = { centred: false, from: -4_000, to: 4_000 }

/** The fees that the factory comes with, and their spacings. */
const SPECS: readonly PoolSpec[] = [
  { feePips: 100, tickSpacing: 1, startTick: 255, reach: 900, fullRange: true },
  { feePips: 500, tickSpacing: 10, startTick: 201_240, reach: 300, fullRange: true },
  { feePips: 2_500, tickSpacing: 50, startTick: -15_360, reach: 120, fullRange: true },
  { feePips: 10_000, tickSpacing: 200, startTick: 7_777, reach: 60, fullRange: true },
]

type Market = {
  readonly pool: Contract
  readonly tokens: readonly [Contract, Contract]
  readonly terms: PoolTerms
  /** Of token0's fees and of token1's, in ten-thousandths. */
  readonly shares: readonly [number, number]
}

describe.skipIf(!chain)('pools of PancakeSwap V3 against its contracts', () => {
  const on = chain as Chain
  const node = connect(on?.url ?? '')
  const builds = compileAll(join(import.meta.dirname, 'pool-trader.sol'))
  const markets: Market[] = []
  let trader: Contract
  let factory: Contract
  let rpc: Rpc

  async function openMarket(spec: PoolSpec, index: number): Promise<Market> {
    const { feePips, tickSpacing, startTick } = spec
    const random = createRandom(60 + index)
    const tokens = await on.deployTokens([trader])
    const addresses = tokens.map(({ address }) => address)
    await on.send(factory, 'createPool', [...addresses, feePips])
    const made = await on.read<string>(factory, 'getPool', [...addresses, feePips])
    const pool = { abi: forkArtifacts.pancakePool.abi, address: parseAddress(made, 'pool') }
    await on.send(pool, 'initialize', [sqrtPriceAtTick(startTick)])
    // One pool keeps the shares that its fee comes with.
    if (index > 0) await on.send(factory, 'setFeeProtocol', [pool.address, 1_000, 4_000])
    for (const [lower, upper] of drawRanges(random, spec))
      await on.send(trader, 'mintUniswap', [
        pool.address,
        addresses,
        lower,
        upper,
        10n ** 15n + random.bits(50 + random.int(20)),
      ])
    const slot0 = await on.read<readonly unknown[]>(pool, 'slot0')
    const both = Number(slot0[5])
    return {
      pool,
      tokens,
      shares: [both & 0xffff, both >> 16],
      terms: {
        id: pool.address,
        protocol: 'uniswap-v3',
        token0: tokens[0].address,
        token1: tokens[1].address,
        feePips,
        tickSpacing,
        origin: factory.address,
      },
    }
  }

  async function stateAt(block: BlockRef, { terms }: Market): Promise<ConcentratedState> {
    const reader = createRpcStateReader(createLens(rpc))
    const [state] = await reader.read(block, [{ pool: terms, words: EVERYTHING }])
    if (state?.kind !== 'concentrated') throw new Error(`no state of ${terms.id}`)
    return state
  }

  const argumentsOf = ({ pool, tokens }: Market, input: SwapInput): readonly unknown[] => [
    pool.address,
    tokens.map(({ address }) => address),
    input.zeroForOne,
    input.exact === 'in' ? input.amount : -input.amount,
    input.sqrtPriceLimitX96 ?? defaultLimit(input.zeroForOne),
  ]

  /** What comes in and goes out, as the pool itself says; undefined where it reverts. */
  async function told(block: BlockRef, market: Market, input: SwapInput) {
    const { abi, address } = trader
    const args = argumentsOf(market, input)
    const data = encodeFunctionData({ abi, functionName: 'swap', args })
    const call = { from: on.account, to: address, data }
    try {
      const answer = await node.request<Hex>('eth_call', [call, { blockHash: block.hash }])
      const amounts: unknown = decodeFunctionResult({ abi, functionName: 'swap', data: answer })
      const [amount0, amount1] = amounts as [bigint, bigint]
      return input.zeroForOne ? [amount0, -amount1] : [amount1, -amount0]
    } catch (error) {
      if (isAppError(error)) return undefined
      throw error
    }
  }

  beforeAll(async () => {
    trader = await on.deploy(builds['PoolTrader']!)
    rpc = createRpc([on.url], { chainId: DEVNET_CHAIN_ID })
    const deployer = await on.deploy(builds['PancakeDeployer']!, [
      forkArtifacts.pancakePool.bytecode,
    ])
    factory = await on.deploy(forkArtifacts.pancakeFactory, [deployer.address])
    for (const [index, spec] of SPECS.entries()) markets.push(await openMarket(spec, index))
  }, TIMEOUT_MS)
  afterAll(() => rpc?.close())

  test(
    'swaps, quotes and the protocol’s share are the same to the wei, on every fee that the factory comes with',
    async () => {
      const random = createRandom(9)
      const seen = { compared: 0, executed: 0, partial: 0, crossedTen: 0, withShare: 0 }
      for (const market of markets)
        for (let round = 0; round < ROUNDS; round++) {
          const block = await on.head()
          const state = await stateAt(block, market)
          const inputs = Array.from({ length: QUOTES_A_ROUND }, () => drawSwap(random, state))
          const answers = await Promise.all(inputs.map((input) => told(block, market, input)))
          for (const [index, input] of inputs.entries()) {
            const outcome = swap(state, input)
            seen.compared++
            if (outcome.status === 'beyond-window') throw new Error('no window is cut')
            if (outcome.status === 'no-liquidity') {
              expect(answers[index] ?? [0n, 0n]).toEqual([0n, 0n])
              continue
            }
            expect(answers[index]).toEqual([outcome.amountIn, outcome.amountOut])
            if (outcome.status === 'partial') seen.partial++
            if (outcome.ticksCrossed >= 10) seen.crossedTen++
            if (input.sqrtPriceLimitX96 !== undefined || outcome.status !== 'filled') continue
            const quoted =
              input.exact === 'in'
                ? [input.amount, amountOut(state, input.zeroForOne, input.amount)]
                : [amountIn(state, input.zeroForOne, input.amount), input.amount]
            expect(quoted).toEqual([outcome.amountIn, outcome.amountOut])
          }

          const input = inputs[0] as SwapInput
          const outcome = swap(state, input)
          if (outcome.status !== 'filled' && outcome.status !== 'partial') continue
          const snapshot = await on.snapshot()
          const before = await on.balances(market.tokens)
          const owedBefore = await on.read<readonly [bigint, bigint]>(market.pool, 'protocolFees')
          // A walk over all words of a narrow spacing takes more gas than a block has.
          if (!(await on.succeeds(trader, 'swap', argumentsOf(market, input)))) continue
          seen.executed++
          const after = await on.balances(market.tokens)
          const owed = await on.read<readonly [bigint, bigint]>(market.pool, 'protocolFees')
          const paid = input.zeroForOne ? 0 : 1
          expect((before[paid] as bigint) - (after[paid] as bigint)).toBe(outcome.amountIn)
          expect((after[1 - paid] as bigint) - (before[1 - paid] as bigint)).toBe(outcome.amountOut)
          expect(await stateAt(await on.head(), market)).toEqual(outcome.after)
          const share = pancakeProtocolShare(state, input, market.shares[paid])
          expect(owed[paid] - owedBefore[paid]).toBe(share)
          if (share > 0n) seen.withShare++
          const kept = outcome.status === 'filled' && outcome.ticksCrossed <= TICKS_KEPT
          if (!kept) await on.restore(snapshot)
        }
      expect(seen.compared).toBe(markets.length * ROUNDS * QUOTES_A_ROUND)
      expect(seen.executed).toBeGreaterThan(35)
      for (const count of Object.values(seen)) expect(count).toBeGreaterThanOrEqual(5)
    },
    TIMEOUT_MS,
  )

  test('followed from its events, a pool has the state that the chain tells, and LPs the fees less the share', async () => {
    await using indexed = await indexChain(on, [
      { kind: 'uniswap-v3', factory: factory.address, startBlock: 0 },
    ])
    const { ports } = indexed.api
    const market = markets[1] as Market
    const fees = async () => {
      const rows = await listVolumes(ports, await indexed.view(), {
        pool: market.pool.address,
        period: 'day',
        limit: 100,
      })
      return rows.reduce((sum, { fees1 }) => sum + fees1, 0n)
    }
    const before = await fees()
    const amount = 10n ** 14n
    await on.send(trader, 'swap', argumentsOf(market, { zeroForOne: false, exact: 'in', amount }))
    await indexed.index()
    const fee = (amount * BigInt(market.terms.feePips)) / 1_000_000n
    const kept = fee - (fee * BigInt(market.shares[1])) / 10_000n
    const gained = async () => (await fees()) - before
    // Both round each step of the swap, of which there may be a few.
    await expect.poll(gained, { timeout: 20_000 }).toBeGreaterThan(kept - 10n)
    expect(await gained()).toBeLessThan(kept + 10n)

    const head = await on.head()
    for (const each of markets) {
      const [state] = await readIndexedStates(ports, await indexed.view(), [each.terms])
      expect(state).toEqual(await stateAt(head, each))
    }
    expect(await poolsCompared(on, indexed)).toMatchObject({ unanswered: [], differences: [] })
  })
})
