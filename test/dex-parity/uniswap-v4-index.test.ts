import { createRequire } from 'node:module'
import { encodeAbiParameters, keccak256, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '#devnet/node.ts'
import type { Address, Hash } from '#core/chain.ts'
import { type Pool, poolDocuments } from '#core/dex/pool.ts'
import { SQRT_PRICE_MAX, SQRT_PRICE_MIN, sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { withQuotable } from '#core/dex/quotable.ts'
import { listCandles } from '#core/dex/trading/list-candles.ts'
import { listSwaps } from '#core/dex/trading/list-swaps.ts'
import { listVolumes } from '#core/dex/trading/list-volumes.ts'
import { DYNAMIC_FEE } from '#core/dex/v4-events.ts'
import { resolveDocuments } from '#core/history/resolve.ts'
import { type Artifact, v4Artifacts } from '../artifacts/load.ts'
import { createRandom } from '../fakes/random.ts'
import { type Chain, type Contract, openChain } from './chain.ts'
import { indexChain, type IndexedChain, poolsCompared } from './forks.ts'

const chain = await openChain('indexing Uniswap V4')
afterAll(() => chain?.[Symbol.asyncDispose]())

const trader = createRequire(import.meta.url)('./v4-trader.artifact.json') as Artifact
const SWAPS = 40
const QUOTES = 10
/** May act after donations, and nothing else: nothing is called, so nothing need stand there. */
const HOOKS: Address = `0x${'0'.repeat(36)}8010`

type Key = readonly [Address, Address, number, number, Address]
type Market = { readonly key: Key; readonly id: Hash; readonly swaps: { amount0: bigint }[] }

const idOf = (key: Key): Hash =>
  keccak256(
    encodeAbiParameters(
      ['address', 'address', 'uint24', 'int24', 'address'].map((type) => ({ type })),
      key,
    ),
  )

describe.skipIf(!chain)('pools of Uniswap V4 against their manager', () => {
  const on = chain as Chain
  let manager: Contract
  let hands: Contract
  let quoter: Contract
  let view: Contract
  let indexed: IndexedChain
  const markets: Market[] = []
  /** What the quoter said at a block that lies back by now. */
  const past: { market: Market; block: number; amountIn: bigint; amountOut: bigint }[] = []

  const quote = async ({ key }: Market, amount: bigint): Promise<bigint> => {
    const [out] = await on.read<[bigint]>(quoter, 'quoteExactInputSingle', [
      [key, true, amount, '0x'],
    ])
    return out
  }

  beforeAll(async () => {
    const random = createRandom(60)
    manager = await on.deploy(v4Artifacts.poolManager, [on.account])
    quoter = await on.deploy(v4Artifacts.quoter, [manager.address])
    view = await on.deploy(v4Artifacts.stateView, [manager.address])
    hands = await on.deploy(trader, [manager.address])
    await on.send(manager, 'setProtocolFeeController', [on.account])
    const { request } = connect(on.url)
    await request('anvil_setBalance', [hands.address, '0xffffffffffffffffffffffff'])
    const tokens = await on.deployTokens([hands])
    const [token0, token1] = tokens.map(({ address }) => address) as [Address, Address]
    const keys: Key[] = [
      [token0, token1, 3_000, 60, zeroAddress],
      [token0, token1, 500, 10, zeroAddress],
      [zeroAddress, token0, 3_000, 60, zeroAddress],
      [token0, token1, DYNAMIC_FEE, 60, HOOKS],
    ]
    for (const key of keys) {
      await on.send(manager, 'initialize', [key, sqrtPriceAtTick(-random.int(500))])
      markets.push({ key, id: idOf(key), swaps: [] })
    }
    const change = async ({ key }: Market): Promise<void> => {
      const spacing = key[3]
      const lower = -spacing * (1 + random.int(40))
      const liquidity = 10n ** 15n + random.bits(60)
      const range = [lower, lower + spacing * (1 + random.int(80))]
      await on.send(hands, 'modify', [key, ...range, liquidity])
      if (random.chance(0.3)) await on.send(hands, 'modify', [key, ...range, -(liquidity / 3n)])
    }
    for (const market of markets) {
      await on.send(hands, 'modify', [market.key, -6_000, 6_000, 10n ** 18n])
      for (let index = 0; index < 3; index++) await change(market)
    }
    await on.send(manager, 'setProtocolFee', [markets[1]?.key, 700 + (333 << 12)])
    for (let step = 0; step < SWAPS; step++) {
      const market = random.pick(markets)
      const zeroForOne = random.chance(0.5)
      const amount = 1_000n + random.bits(52)
      const limit = zeroForOne ? SQRT_PRICE_MIN + 1n : SQRT_PRICE_MAX - 1n
      await on.send(hands, 'swap', [
        market.key,
        [zeroForOne, random.chance(0.5) ? -amount : amount, limit],
      ])
      market.swaps.push({ amount0: zeroForOne ? 1n : -1n })
      if (random.chance(0.2)) await change(market)
      if (step === SWAPS >> 1)
        for (const each of markets.slice(0, 3)) {
          const amountIn = 10n ** 12n
          const { number: block } = await on.head()
          past.push({ market: each, block, amountIn, amountOut: await quote(each, amountIn) })
        }
      if (step === (SWAPS >> 1) + 1)
        await on.send(manager, 'setProtocolFee', [markets[0]?.key, 1_000 + (1 << 12)])
    }
    indexed = await indexChain(on, [
      { kind: 'uniswap-v4', address: manager.address, startBlock: 0 },
    ])
  }, 120_000)
  afterAll(() => indexed?.[Symbol.asyncDispose]())

  async function poolOf({ id }: Market) {
    const at = await indexed.view()
    const [found] = await resolveDocuments(indexed.api.ports, at, poolDocuments, [[id]])
    if (!found?.visible) throw new Error(`the pool ${id} is not indexed`)
    return withQuotable(at, found.visible)
  }

  test('terms, price, tick, liquidity and what the protocol takes are what the manager says', async () => {
    for (const market of markets) {
      const { key, id } = market
      const [sqrtPriceX96, tick, protocolFee] = await on.read<[bigint, number, number]>(
        view,
        'getSlot0',
        [id],
      )
      const liquidity = await on.read<bigint>(view, 'getLiquidity', [id])
      expect(await poolOf(market)).toMatchObject({
        protocol: 'uniswap-v4',
        factory: manager.address,
        token0: key[0],
        token1: key[1],
        tickSpacing: key[3],
        hooks: key[4] === zeroAddress ? null : key[4],
        sqrtPriceX96,
        tick,
        liquidity,
        protocolParts0: protocolFee & 0xfff,
        protocolParts1: protocolFee >> 12,
        swapCount: market.swaps.length,
      } satisfies Partial<Pool>)
    }
  })

  test('and so is every tick', async () => {
    expect(await poolsCompared(on, indexed)).toEqual({
      compared: markets.length,
      unanswered: [],
      differences: [],
    })
  })

  test('swaps are listed by the pool’s 32 bytes, with amounts from its view, and are in candles and volumes', async () => {
    const { ports } = indexed.api
    for (const { id, swaps } of markets) {
      const at = await indexed.view()
      const { items } = await listSwaps(ports, at, { pool: id, oldestFirst: true, limit: 100 })
      expect(items.map(({ amount0 }) => amount0 > 0n)).toEqual(
        swaps.map(({ amount0 }) => amount0 > 0n),
      )
      const volumes = await listVolumes(ports, at, { pool: id, period: 'day', limit: 10 })
      const volume0 = items.reduce(
        (sum, { amount0 }) => sum + (amount0 < 0n ? -amount0 : amount0),
        0n,
      )
      expect(volumes.reduce((sum, each) => sum + each.volume0, 0n)).toBe(volume0)
      expect(volumes.reduce((sum, each) => sum + each.trades, 0)).toBe(swaps.length)
      const candles = await listCandles(ports, at, { pool: id, interval: '1d', limit: 10 })
      const [last] = items.slice(-1)
      if (!last || !('sqrtPriceX96' in last.event.body)) throw new Error('it was traded')
      expect(candles.at(-1)?.close).toBe(last.event.body.sqrtPriceX96 ** 2n)
    }
  })

  test('quotes from the index are those of V4Quoter, now and at a past block', async () => {
    const random = createRandom(61)
    const ask = (market: Market, amountRaw: bigint, more: object) =>
      indexed.api.ports.quoter.quote({
        tokenIn: market.key[0],
        tokenOut: market.key[1],
        exact: 'in',
        amountRaw,
        maxParts: 1,
        ...more,
      })
    for (let index = 0; index < QUOTES; index++) {
      const amount = 1n + random.bits(56)
      const [first, second] = await Promise.all(
        markets.slice(0, 2).map((each) => quote(each, amount)),
      )
      const best = first! > second! ? first : second
      const answer = await ask(markets[0] as Market, amount, { state: 'indexed' })
      if (answer.status !== 'filled') throw new Error(`${answer.status}: ${answer.reason}`)
      expect(answer.amountOut).toBe(best)
    }
    const both = past.slice(0, 2)
    const { block, amountIn, market } = both[0] as (typeof past)[number]
    const [a, b] = both.map(({ amountOut }) => amountOut)
    const then = await ask(market, amountIn, { at: block })
    if (then.status !== 'filled') throw new Error(`${then.status}: ${then.reason}`)
    expect(then.amountOut).toBe(a! > b! ? a : b)
  })

  test('a pool with hooks is followed and never quoted, and says why', async () => {
    const hooked = await poolOf(markets[3] as Market)
    expect(hooked).toMatchObject({
      isFeeDynamic: true,
      quotable: { status: 'no', reason: 'hooked' },
    })
    const legs = await indexed.api.ports.quoter.quote({
      tokenIn: hooked.token0,
      tokenOut: hooked.token1,
      exact: 'in',
      amountRaw: 10n ** 12n,
    })
    expect(legs.status).toBe('filled')
    expect(
      JSON.stringify(legs, (_, each) => (typeof each === 'bigint' ? `${each}` : each)),
    ).not.toContain(hooked.address)
    expect(await indexed.api.ports.quoter.quotableNow(hooked.address)).toEqual({
      status: 'no',
      reason: 'hooked',
    })
  })
})
