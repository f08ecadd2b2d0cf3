import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readDocuments } from '#core/history/resolve.ts'
import { parseAddress } from '#core/chain.ts'
import { type Pool, poolDocuments, PRICE_ONE } from '#core/dex/pool.ts'
import { readQuotedPools } from '#core/dex/read-pool.ts'
import { listCandles } from '#core/dex/trading/list-candles.ts'
import { listVolumes } from '#core/dex/trading/list-volumes.ts'
import { createRandom } from '../fakes/random.ts'
import { compileAll } from '../tools/solidity.ts'
import { type Chain, type Contract, openChain } from './chain.ts'
import { indexChain, type IndexedChain, poolsCompared } from './forks.ts'

const chain = await openChain('indexing pairs of Solidly')
afterAll(() => chain?.[Symbol.asyncDispose]())

const E6 = 10n ** 6n
const E18 = 10n ** 18n
const QUOTES = 24

type Pair = {
  readonly contract: Contract
  readonly tokens: readonly [Contract, Contract]
  readonly units: readonly [bigint, bigint]
}

describe.skipIf(!chain).each([
  ['solidly', false],
  ['velodrome-v2', true],
] as const)('pairs of %s', (protocol, strict) => {
  const on = chain as Chain
  const builds = compileAll(join(import.meta.dirname, 'solidly.sol'))
  let factory: Contract
  let indexed: IndexedChain
  const pairs: Partial<Record<'volatile' | 'stable', Pair>> = {}
  const pairOf = (curve: 'volatile' | 'stable'): Pair => pairs[curve] as Pair

  async function openPair(
    stable: boolean,
    units: readonly [bigint, bigint],
    deposits: readonly [bigint, bigint],
  ): Promise<Pair> {
    const tokens = await on.deployTokens([])
    await on.send(factory, 'create', [...tokens.map(({ address }) => address), ...units, stable])
    const told = await on.read<string>(factory, 'pairs', [stable ? 1n : 0n])
    const address = parseAddress(told, 'pairs')
    const contract = { abi: builds['SolidlyPair']!.abi, address }
    for (const side of [0, 1] as const)
      await on.send(tokens[side], 'transfer', [address, deposits[side]])
    await on.send(contract, 'sync')
    return { contract, tokens, units }
  }

  /** Sells through the pair, as its own quote allows. */
  async function sell({ contract, tokens }: Pair, zeroForOne: boolean, amount: bigint) {
    const token = tokens[zeroForOne ? 0 : 1]
    const out = await on.read<bigint>(contract, 'getAmountOut', [amount, token.address])
    await on.send(token, 'transfer', [contract.address, amount])
    const outs = zeroForOne ? [0n, out] : [out, 0n]
    await on.send(contract, 'swap', [...outs, on.account, '0x'])
    return out
  }

  const poolOf = async ({ contract }: Pair): Promise<Pool> => {
    const [pool] = await readDocuments(indexed.api.ports, await indexed.view(), poolDocuments, [
      [contract.address],
    ])
    return pool as Pool
  }

  beforeAll(async () => {
    factory = await on.deploy(builds['SolidlyFactory']!, [strict])
    await on.send(factory, 'setFee', [false, 20n])
    await on.send(factory, 'setFee', [true, 4n])
    pairs.volatile = await openPair(false, [E18, E18], [5_000n * E18, 9_000_000n * E18])
    pairs.stable = await openPair(true, [E6, E18], [2_000_000n * E6, 1_700_000n * E18])
    await sell(pairs.volatile, true, 3n * E18)
    await sell(pairs.volatile, false, 700n * E18)
    await sell(pairs.stable, true, 9_000n * E6)
    await sell(pairs.stable, false, 4_321n * E18)
    indexed = await indexChain(on, [{ kind: protocol, factory: factory.address, startBlock: 0 }])
  }, 120_000)
  afterAll(() => indexed?.[Symbol.asyncDispose]())

  test.each(['volatile', 'stable'] as const)('a %s pair is followed', async (curve) => {
    const pair = pairOf(curve)
    const [reserve0, reserve1] = await on.read<bigint[]>(pair.contract, 'getReserves')
    expect(await poolOf(pair)).toMatchObject({
      protocol: `${protocol}-${curve}`,
      factory: factory.address,
      token0: pair.tokens[0].address,
      token1: pair.tokens[1].address,
      // The configuration says 30 and 5: the swaps told otherwise.
      feePips: curve === 'stable' ? 400 : 2_000,
      reserve0,
      reserve1,
      swapCount: 2,
    })
  })

  test('reserves are those of the pairs, compared one by one', async () => {
    expect(await poolsCompared(on, indexed)).toEqual({
      compared: 2,
      unanswered: [],
      differences: [],
    })
  })

  test('volumes hold what was traded, and just the fees that the pairs told', async () => {
    const { ports } = indexed.api
    const volumesOf = async ({ contract }: Pair) =>
      listVolumes(ports, await indexed.view(), {
        pool: contract.address,
        period: 'day',
        limit: 10,
      })
    const sum = (rows: readonly { fees0: bigint; fees1: bigint; trades: number }[]) => ({
      fees0: rows.reduce((total, { fees0 }) => total + fees0, 0n),
      fees1: rows.reduce((total, { fees1 }) => total + fees1, 0n),
      trades: rows.reduce((total, { trades }) => total + trades, 0),
    })
    expect(sum(await volumesOf(pairOf('volatile')))).toEqual({
      fees0: (3n * E18 * 20n) / 10_000n,
      fees1: (700n * E18 * 20n) / 10_000n,
      trades: 2,
    })
    expect(sum(await volumesOf(pairOf('stable')))).toEqual({
      fees0: (9_000n * E6 * 4n) / 10_000n,
      fees1: (4_321n * E18 * 4n) / 10_000n,
      trades: 2,
    })
  })

  test('candles of a stable pair have the prices of its trades, those of a volatile one what its reserves say', async () => {
    const close = async ({ contract }: Pair) => {
      const candles = await listCandles(indexed.api.ports, await indexed.view(), {
        pool: contract.address,
        interval: '1d',
        limit: 1,
      })
      return candles.at(-1)?.close as bigint
    }
    const { reserve0, reserve1 } = await poolOf(pairOf('volatile'))
    expect(await close(pairOf('volatile'))).toBe(
      ((reserve1 as bigint) * PRICE_ONE) / (reserve0 as bigint),
    )
    // Nearly one for one, of tokens with 6 and 18 decimals.
    const price = Number((await close(pairOf('stable'))) / (PRICE_ONE / E6)) / 1e18
    expect(Math.abs(price - 1)).toBeLessThan(0.01)
  })

  test.each(['volatile', 'stable'] as const)(
    `${QUOTES} quotes through a %s pair are what the pair quotes, and what it does when it is tried`,
    async (curve) => {
      const { contract, tokens, units } = pairOf(curve)
      const random = createRandom(strict ? 5 : 6)
      for (let index = 0; index < QUOTES; index++) {
        const zeroForOne = random.chance(0.5)
        const [sold, bought] = zeroForOne ? tokens : [tokens[1], tokens[0]]
        const amountRaw = 1n + (random.bits(40) * units[zeroForOne ? 0 : 1] * 2_000n) / (1n << 40n)
        const quote = await indexed.api.ports.quoter.quote({
          tokenIn: sold.address,
          tokenOut: bought.address,
          exact: 'in',
          amountRaw,
          maxParts: 1,
        })
        if (quote.status !== 'filled') throw new Error(`${quote.status}: ${quote.reason}`)
        const told = await on.read<bigint>(contract, 'getAmountOut', [amountRaw, sold.address])
        expect(quote.amountOut).toBe(told)
        expect(quote.confirmation).toMatchObject({ status: 'confirmed', by: 'pools' })
        expect(quote.transaction).toBe(null)
        expect(quote.legs[0]?.hops[0]?.pool.protocol).toBe(protocol)
      }
    },
    60_000,
  )

  test('from the index alone there is no quote, and the refusal names the pools and says why', async () => {
    const { contract, tokens } = pairOf('stable')
    const refusal = await indexed.api.ports.quoter.quote({
      tokenIn: tokens[0].address,
      tokenOut: tokens[1].address,
      exact: 'in',
      amountRaw: E6,
      state: 'indexed',
    })
    expect(refusal).toMatchObject({ status: 'no-route' })
    expect('reason' in refusal && refusal.reason).toContain(
      `pool ${contract.address}: its state is read from the chain, at the newest block only`,
    )
  })

  test('a pair that quotes otherwise than its design is never quoted, and the refusal says why', async () => {
    const { contract, tokens } = pairOf('volatile')
    const quote = async () => {
      const outcome = await indexed.api.ports.quoter.quote({
        tokenIn: tokens[0].address,
        tokenOut: tokens[1].address,
        exact: 'in',
        amountRaw: E18,
      })
      return outcome.status === 'no-route' ? outcome.reason : outcome.status
    }
    // Some forks charge more than the fee that their factory tells.
    await on.send(contract, 'setSurcharge', [7n])
    await expect
      .poll(quote, { timeout: 20_000 })
      .toContain(
        `pool ${contract.address}: its contracts do not answer, or do not quote, as those of ${protocol} do`,
      )
    expect(await indexed.api.ports.quoter.quotableNow(contract.address)).toEqual({
      status: 'no',
      reason: 'other-design',
    })
    await on.send(contract, 'setSurcharge', [0n])
    await expect.poll(quote, { timeout: 20_000 }).toBe('filled')
    const told = { status: 'live-only', reason: 'fee-untold' }
    expect(await indexed.api.ports.quoter.quotableNow(contract.address)).toEqual(told)
    const [stored] = await readQuotedPools(indexed.api.ports, await indexed.view(), [
      contract.address,
    ])
    expect(stored?.quotable).toEqual(told)
  })

  test('a fee that the factory changes counts from the next block on', async () => {
    const { tokens } = pairOf('volatile')
    const quote = async () => {
      const outcome = await indexed.api.ports.quoter.quote({
        tokenIn: tokens[0].address,
        tokenOut: tokens[1].address,
        exact: 'in',
        amountRaw: E18,
      })
      return outcome.status === 'filled' ? outcome.amountOut : outcome.status
    }
    const before = await quote()
    await on.send(factory, 'setFee', [false, 100n])
    await expect.poll(quote, { timeout: 20_000 }).not.toBe(before)
    const { contract } = pairOf('volatile')
    expect(await quote()).toBe(
      await on.read<bigint>(contract, 'getAmountOut', [E18, tokens[0].address]),
    )
    await on.send(factory, 'setFee', [false, 20n])
  })
})
