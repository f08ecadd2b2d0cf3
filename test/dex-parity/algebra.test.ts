import { join } from 'node:path'
import { decodeFunctionResult, encodeFunctionData, getContractAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLens } from '#adapters/rpc/lens.ts'
import { createRpc, type Rpc } from '#adapters/rpc/rpc.ts'
import { createRpcStateReader } from '#adapters/rpc/state-reader.ts'
import { type BlockRef, type Hex, parseAddress } from '#core/chain.ts'
import type { AlgebraProtocol } from '#core/dex/event-bodies.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import { type Pool, poolDocuments } from '#core/dex/pool.ts'
import { defaultLimit } from '#core/dex/protocols/concentrated.ts'
import { amountIn, amountOut, swap } from '#core/dex/protocols/protocols.ts'
import type { ConcentratedState, SwapInput } from '#core/dex/protocols/state.ts'
import { sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { readQuotedPools } from '#core/dex/read-pool.ts'
import { listVolumes } from '#core/dex/trading/list-volumes.ts'
import { isAppError } from '#core/errors.ts'
import { readDocuments } from '#core/history/resolve.ts'
import { DEVNET_CHAIN_ID } from '#devnet/anvil.ts'
import { connect } from '#devnet/node.ts'
import { forkArtifacts } from '../artifacts/load.ts'
import { createRandom } from '../fakes/random.ts'
import { compileAll } from '../tools/solidity.ts'
import { type Chain, type Contract, openChain } from './chain.ts'
import { drawRanges, drawSwap, type PoolSpec } from './concentrated.ts'
import { indexChain, type IndexedChain, poolsCompared } from './forks.ts'

const chain = await openChain('parity with Algebra')
afterAll(() => chain?.[Symbol.asyncDispose]())

const ROUNDS = 12
const QUOTES_A_ROUND = 10
const HOUR = 3_600
const TIMEOUT_MS = 120_000
/** A swap over more ticks than this is undone, so that the next one begins where liquidity is. */
const TICKS_KEPT = 9
const EVERYTHING = { centred: false, from: -4_000, to: 4_000 }

type Market = {
  readonly protocol: AlgebraProtocol
  readonly pool: Contract
  readonly tokens: readonly [Contract, Contract]
  readonly terms: PoolTerms
}

const spec = (tickSpacing: number, startTick: number, reach: number): PoolSpec => ({
  feePips: 0,
  tickSpacing,
  startTick,
  reach,
  fullRange: true,
})

describe.skipIf(!chain)('pools of Algebra against its contracts', () => {
  const on = chain as Chain
  const builds = {
    ...compileAll(join(import.meta.dirname, 'pool-trader.sol')),
    ...compileAll(join(import.meta.dirname, 'algebra.sol')),
  }
  let trader: Contract
  let rpc: Rpc
  let indexed: IndexedChain
  const factories = {} as Record<AlgebraProtocol, Contract>
  const markets: Market[] = []
  const node = connect(on?.url ?? '')

  async function openFactories(): Promise<void> {
    const deployer = await on.deploy(forkArtifacts.algebraV1Deployer)
    factories['algebra-v1'] = await on.deploy(forkArtifacts.algebraV1Factory, [
      deployer.address,
      on.account,
    ])
    await on.send(deployer, 'setFactory', [factories['algebra-v1'].address])
    const nonce = await node.request<Hex>('eth_getTransactionCount', [on.account, 'latest'])
    // The factory is told its deployer, which is told the factory.
    const next = getContractAddress({ from: on.account, nonce: BigInt(nonce) + 1n })
    factories['algebra-integral'] = await on.deploy(forkArtifacts.integralFactory, [next])
    await on.deploy(forkArtifacts.integralDeployer, [factories['algebra-integral'].address])
  }

  async function openMarket(
    protocol: AlgebraProtocol,
    seed: number,
    of: PoolSpec,
  ): Promise<Market> {
    const random = createRandom(seed)
    const tokens = await on.deployTokens([trader])
    const addresses = tokens.map(({ address }) => address)
    const factory = factories[protocol]
    const isV1 = protocol === 'algebra-v1'
    await on.send(factory, 'createPool', isV1 ? addresses : [...addresses, '0x'])
    const address = parseAddress(await on.read<string>(factory, 'poolByPair', addresses), 'pool')
    const { abi } = isV1 ? forkArtifacts.algebraV1Pool : forkArtifacts.integralPool
    const pool = { abi, address }
    await on.send(pool, 'initialize', [sqrtPriceAtTick(of.startTick)])
    if (of.tickSpacing !== 60) await on.send(pool, 'setTickSpacing', [of.tickSpacing])
    for (const [lower, upper] of drawRanges(random, of))
      await on.send(trader, 'mintAlgebra', [
        address,
        addresses,
        lower,
        upper,
        10n ** 15n + random.bits(50 + random.int(20)),
      ])
    const terms: PoolTerms = {
      id: address,
      protocol,
      token0: tokens[0].address,
      token1: tokens[1].address,
      feePips: 0,
      tickSpacing: null,
      origin: factory.address,
    }
    return { protocol, pool, tokens, terms }
  }

  async function readAt(block: BlockRef, { terms }: Market) {
    const reader = createRpcStateReader(createLens(rpc))
    const [state] = await reader.read(block, [{ pool: terms, words: EVERYTHING }])
    return state?.kind === 'concentrated' ? state : undefined
  }

  async function stateAt(block: BlockRef, market: Market): Promise<ConcentratedState> {
    const state = await readAt(block, market)
    if (!state) throw new Error(`no state of ${market.terms.id}`)
    return state
  }

  const argumentsOf = ({ pool, tokens }: Market, input: SwapInput): readonly unknown[] => [
    pool.address,
    tokens.map(({ address }) => address),
    input.zeroForOne,
    input.exact === 'in' ? input.amount : -input.amount,
    input.sqrtPriceLimitX96 ?? defaultLimit(input.zeroForOne),
  ]

  /** What the pool itself does at that moment: what comes in and goes out. Undefined where it reverts. */
  async function told(block: BlockRef, market: Market, input: SwapInput) {
    const { abi, address } = trader
    const call = {
      from: on.account,
      to: address,
      data: encodeFunctionData({ abi, functionName: 'swap', args: argumentsOf(market, input) }),
    }
    try {
      const data = await node.request<Hex>('eth_call', [call, { blockHash: block.hash }])
      const amounts: unknown = decodeFunctionResult({ abi, functionName: 'swap', data })
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
    await openFactories()
    markets.push(
      await openMarket('algebra-v1', 1, spec(60, 0, 60)),
      await openMarket('algebra-v1', 2, spec(60, -201_234, 300)),
      await openMarket('algebra-integral', 3, spec(60, 12_345, 60)),
      await openMarket('algebra-integral', 4, spec(1, -7, 900)),
      await openMarket('algebra-integral', 5, spec(10, 201_240, 300)),
    )
  }, TIMEOUT_MS)
  afterAll(async () => {
    await indexed?.[Symbol.asyncDispose]()
    await rpc?.close()
  })

  test(
    'states that are read live swap as the pools do, to the wei, also with fees that time has changed',
    async () => {
      const random = createRandom(8)
      const seen = { compared: 0, executed: 0, partial: 0, crossedTen: 0, limited: 0 }
      const fees = new Set<number>()
      for (const market of markets)
        for (let round = 0; round < ROUNDS; round++) {
          const block = await on.head()
          const state = await stateAt(block, market)
          fees.add(state.feePips)
          const inputs = Array.from({ length: QUOTES_A_ROUND }, () => drawSwap(random, state))
          const answers = await Promise.all(inputs.map((input) => told(block, market, input)))
          for (const [index, input] of inputs.entries()) {
            const outcome = swap(state, input)
            const answer = answers[index]
            seen.compared++
            if (outcome.status === 'beyond-window') throw new Error('no window is cut')
            if (outcome.status === 'no-liquidity') {
              expect(answer ?? [0n, 0n]).toEqual([0n, 0n])
              continue
            }
            expect(answer).toEqual([outcome.amountIn, outcome.amountOut])
            if (outcome.status === 'partial') seen.partial++
            if (outcome.ticksCrossed >= 10) seen.crossedTen++
            if (input.sqrtPriceLimitX96 !== undefined) seen.limited++
            else if (outcome.status === 'filled') {
              const quoted =
                input.exact === 'in'
                  ? [input.amount, amountOut(state, input.zeroForOne, input.amount)]
                  : [amountIn(state, input.zeroForOne, input.amount), input.amount]
              expect(quoted).toEqual([outcome.amountIn, outcome.amountOut])
            }
          }

          const input = inputs[0] as SwapInput
          const snapshot = await on.snapshot()
          // Pools of V1 learn from how prices moved in hours.
          await node.request('evm_increaseTime', [HOUR * (1 + random.int(10))])
          const before = await on.balances(market.tokens)
          if (!(await on.succeeds(trader, 'swap', argumentsOf(market, input)))) continue
          const after = await on.balances(market.tokens)
          const now = await readAt(await on.head(), market)
          if (!now) {
            // The swap went to where there is no liquidity, and no fee can be told.
            await on.restore(snapshot)
            continue
          }
          // The fee of the block that the swap came into.
          const outcome = swap({ ...state, feePips: now.feePips }, input)
          if (outcome.status !== 'filled' && outcome.status !== 'partial') continue
          seen.executed++
          const paid = input.zeroForOne ? 0 : 1
          expect((before[paid] as bigint) - (after[paid] as bigint)).toBe(outcome.amountIn)
          expect((after[1 - paid] as bigint) - (before[1 - paid] as bigint)).toBe(outcome.amountOut)
          expect(now).toEqual(outcome.after)
          const kept = outcome.status === 'filled' && outcome.ticksCrossed <= TICKS_KEPT
          if (!kept) await on.restore(snapshot)
        }
      expect(seen.compared).toBe(markets.length * ROUNDS * QUOTES_A_ROUND)
      expect(seen.executed).toBeGreaterThan(40)
      for (const count of Object.values(seen)) expect(count).toBeGreaterThanOrEqual(5)
      expect(fees.size).toBeGreaterThan(2)
    },
    TIMEOUT_MS,
  )

  test('pools are followed: price, liquidity, spacing and fee are those of the contracts', async () => {
    for (const { pool, protocol } of markets) {
      if (protocol === 'algebra-integral') await on.send(pool, 'setCommunityVault', [on.account])
      await on.send(pool, 'setCommunityFee', protocol === 'algebra-v1' ? [100, 250] : [120])
    }
    indexed = await indexChain(
      on,
      Object.entries(factories).map(([kind, { address }]) => ({
        kind,
        factory: address,
        startBlock: 0,
      })),
    )
    const pools = await readDocuments(
      indexed.api.ports,
      await indexed.view(),
      poolDocuments,
      markets.map(({ pool }) => [pool.address]),
    )
    for (const [index, { pool, protocol, tokens }] of markets.entries()) {
      const [state, liquidity, tickSpacing] = await Promise.all([
        on.read<readonly [bigint, number, number]>(pool, 'globalState'),
        on.read<bigint>(pool, 'liquidity'),
        on.read<number>(pool, 'tickSpacing'),
      ])
      const document = pools[index] as Pool
      expect(document).toMatchObject({
        protocol,
        factory: factories[protocol].address,
        token0: tokens[0].address,
        token1: tokens[1].address,
        sqrtPriceX96: state[0],
        tick: state[1],
        feePips: state[2],
        liquidity,
        tickSpacing,
        reserve0: null,
        protocolParts0: protocol === 'algebra-v1' ? 100 : 120,
        protocolParts1: protocol === 'algebra-v1' ? 250 : 120,
      })
      expect(document.swapCount).toBeGreaterThan(0)
    }
    expect(await poolsCompared(on, indexed)).toEqual({
      compared: markets.length,
      unanswered: [],
      differences: [],
    })
  })

  test('volumes leave out what the community takes of the fee, at the rate that the swap paid', async () => {
    const market = markets[0] as Market
    const volume = async () => {
      const rows = await listVolumes(indexed.api.ports, await indexed.view(), {
        pool: market.pool.address,
        period: 'day',
        limit: 100,
      })
      return rows.reduce((sum, { fees1 }) => sum + fees1, 0n)
    }
    const before = await volume()
    const amount = 10n ** 15n
    await on.send(trader, 'swap', argumentsOf(market, { zeroForOne: false, exact: 'in', amount }))
    await indexed.index()
    const [, , fee] = await on.read<readonly [bigint, number, number]>(market.pool, 'globalState')
    const whole = (amount * BigInt(fee)) / 1_000_000n
    await expect.poll(volume, { timeout: 20_000 }).toBe(before + whole - (whole * 250n) / 1_000n)
  })

  const quote = ({ tokens }: Pick<Market, 'tokens'>, amountRaw: bigint) =>
    indexed.api.ports.quoter.quote({
      tokenIn: tokens[0].address,
      tokenOut: tokens[1].address,
      exact: 'in',
      amountRaw,
      maxParts: 1,
    })

  test('quotes are what the pools do when they are tried, through their own code', async () => {
    for (const market of markets)
      for (const amount of [10n ** 9n, 10n ** 12n, 10n ** 15n]) {
        const outcome = await quote(market, amount)
        expect(outcome).toMatchObject({
          status: 'filled',
          confirmation: { status: 'confirmed', by: 'pools' },
          transaction: null,
        })
        const hop = outcome.status === 'filled' ? outcome.legs[0]?.hops[0] : undefined
        expect(hop?.pool).toMatchObject({ id: market.pool.address, protocol: market.protocol })
      }
  })

  test(
    'a pool is quoted with the fee that its plugin charges, and not at all where that depends on the amount',
    async () => {
      const market = markets[2] as Market
      const { pool, tokens } = market
      const plugin = await on.deploy(builds['TestPlugin']!)
      const factory = factories['algebra-integral']
      const role = await on.read<Hex>(factory, 'POOLS_ADMINISTRATOR_ROLE')
      await on.send(factory, 'grantRole', [role, plugin.address])
      await on.send(pool, 'setPlugin', [plugin.address])
      await on.send(pool, 'setPluginConfig', [1])
      const amount = 10n ** 15n
      const charged = async (zeroForOne = true) => {
        const [sold, bought] = zeroForOne ? tokens : [tokens[1], tokens[0]]
        const outcome = await quote({ tokens: [sold, bought] }, amount)
        if (outcome.status !== 'filled') return outcome.reason
        return [outcome.confirmation.status, outcome.legs[0]?.hops[0]?.feeAmount]
      }
      const confirmed = (feePips: bigint) => ['confirmed', (amount * feePips) / 1_000_000n]
      const waiting = { timeout: 20_000 }
      // It sets the pool's own fee, charges another in its place, and adds to that.
      await on.send(plugin, 'charge', [0, 0, 7_000])
      await expect.poll(() => charged(), waiting).toEqual(confirmed(7_000n))
      // With the flag of a dynamic fee it may not set the former, and may do the latter.
      await on.send(plugin, 'charge', [9_000, 0, 0])
      await on.send(pool, 'setPluginConfig', [129])
      await expect.poll(() => charged(), waiting).toEqual(confirmed(9_000n))
      expect(await charged(false)).toEqual(confirmed(18_000n))
      await on.send(plugin, 'charge', [9_000, 50, 0])
      await expect.poll(() => charged(), waiting).toEqual(confirmed(9_050n))
      await on.send(plugin, 'chargeMoreFrom', [(await on.read<bigint>(pool, 'liquidity')) / 500n])
      await expect
        .poll(() => charged(), waiting)
        .toContain(
          `pool ${pool.address}: its contracts do not answer, or do not quote, as those of algebra-integral do`,
        )
      await on.send(plugin, 'chargeMoreFrom', [0n])
      await expect.poll(() => charged(), waiting).toEqual(confirmed(9_050n))
    },
    TIMEOUT_MS,
  )

  test(
    'a pool with a fee for each direction is quoted with the right one each way, and its volumes are counted so',
    async () => {
      const tokens = await on.deployTokens([trader])
      const addresses = tokens.map(({ address }) => address)
      const pool = await on.deploy(builds['DirectionalPool']!, [
        ...addresses,
        sqrtPriceAtTick(7_000),
        7_000,
      ])
      for (const token of tokens) await on.send(token, 'transfer', [pool.address, 10n ** 20n])
      await on.send(pool, 'setFees', [3_000, 10_000])
      const amount = 10n ** 14n
      for (const zeroForOne of [true, false])
        await on.send(trader, 'swap', [pool.address, addresses, zeroForOne, amount, 0n])
      await using camelot = await indexChain(on, [
        {
          kind: 'pool',
          protocol: 'algebra-v1',
          address: pool.address,
          token0: addresses[0],
          token1: addresses[1],
          fee: 500,
          startBlock: 0,
        },
      ])
      const { ports } = camelot.api
      const [stored] = await readQuotedPools(ports, await camelot.view(), [pool.address])
      expect(stored).toMatchObject({
        feePips: 3_000,
        feePipsOfToken1: 10_000,
        quotable: { status: 'live-only', reason: 'fee-varies' },
      })
      const [volume] = await listVolumes(ports, await camelot.view(), {
        pool: pool.address,
        period: 'day',
        limit: 1,
      })
      expect(volume).toMatchObject({
        fees0: (amount * 3_000n) / 1_000_000n,
        fees1: (amount * 10_000n) / 1_000_000n,
      })
      for (const [zeroForOne, feePips] of [
        [true, 3_000n],
        [false, 10_000n],
      ] as const) {
        const [tokenIn, tokenOut] = (zeroForOne ? addresses : addresses.toReversed()) as [Hex, Hex]
        const outcome = await ports.quoter.quote({
          tokenIn,
          tokenOut,
          exact: 'in',
          amountRaw: amount,
        })
        expect(outcome).toMatchObject({
          status: 'filled',
          confirmation: { status: 'confirmed' },
          legs: [{ hops: [{ feeAmount: (amount * feePips) / 1_000_000n }] }],
        })
      }
      await on.send(pool, 'setLimitOrders', [true])
      await expect
        .poll(() => ports.quoter.quotableNow(pool.address), { timeout: 20_000 })
        .toEqual({ status: 'no', reason: 'other-design' })
      await on.send(pool, 'setFees', [700, 700])
      await camelot.index()
      const [same] = await readQuotedPools(ports, await camelot.view(), [pool.address])
      expect(same).toMatchObject({ feePips: 700, feePipsOfToken1: null })
    },
    TIMEOUT_MS,
  )
})
