import { createRequire } from 'node:module'
import { type Abi, maxUint256, zeroAddress } from 'viem'
import { afterAll, describe, expect, test } from 'vitest'
import { contracts } from '#devnet/contracts.ts'
import { constantProductOut } from '#core/dex/protocols/constant-product.ts'
import {
  amountsBurned,
  liquidityMinted,
  protocolLiquidity,
} from '#core/dex/protocols/constant-product-liquidity.ts'
import { amountIn, amountOut, largestFill, swap } from '#core/dex/protocols/protocols.ts'
import type { ConstantProductState } from '#core/dex/protocols/state.ts'
import { constantProductOutTaxed } from '#core/dex/protocols/token-tax.ts'
import { createRandom, type Random } from '../fakes/random.ts'
import { drawAmount } from './amounts.ts'
import { type Chain, type Contract, openChain, REVERTED } from './chain.ts'

const chain = await openChain('parity with Uniswap V2')
afterAll(() => chain?.[Symbol.asyncDispose]())

const FEE_PIPS = 3_000
/** Raw units of token0 and token1 that the pairs begin with: dust, the usual, lopsided, nearly all that fits. */
const DEPOSITS: readonly (readonly [bigint, bigint])[] = [
  [1_001n, 1_001n],
  [10n ** 6n, 10n ** 24n],
  [3_000n * 10n ** 6n, 10n ** 18n],
  [987_654_321_987_654_321n, 123_456_789n],
  [10n ** 26n, 7n * 10n ** 25n],
  [2n ** 111n, 2n ** 110n + 12_345n],
]
const ROUNDS = 12
const QUOTES_A_ROUND = 10

type Pair = { readonly tokens: readonly [Contract, Contract]; readonly pair: Contract }

async function openExchange(on: Chain) {
  const weth = await on.deploy(contracts.weth)
  const factory = await on.deploy(contracts.v2Factory, [on.account])
  const router = await on.deploy(contracts.v2Router, [factory.address, weth.address])
  const findPair = async (tokens: readonly [Contract, Contract]): Promise<Pair> => {
    const addresses = tokens.map(({ address }) => address)
    const address = await on.read<Contract['address']>(factory, 'getPair', addresses)
    return { tokens, pair: { address, abi: contracts.v2Pair.abi } }
  }
  const deposit = (tokens: readonly [Contract, Contract], amounts: readonly bigint[]) =>
    on.send(router, 'addLiquidity', [
      ...tokens.map(({ address }) => address),
      ...amounts,
      0n,
      0n,
      on.account,
      maxUint256,
    ])
  const stateOf = async ({ pair }: Pair): Promise<ConstantProductState> => {
    const [reserve0, reserve1] = await on.read<[bigint, bigint]>(pair, 'getReserves')
    return { kind: 'constant-product', reserve0, reserve1, feePips: FEE_PIPS }
  }
  return { factory, router, findPair, deposit, stateOf }
}

/** A token that burns a hundredth of each transfer. */
function burningToken(): { abi: Abi; bytecode: `0x${string}` } {
  const path = '@uniswap/v2-periphery/build/DeflatingERC20.json'
  const { abi, bytecode } = createRequire(import.meta.url)(path) as { abi: Abi; bytecode: string }
  return { abi, bytecode: `0x${bytecode}` }
}

/** 'in' or 'out', either way, and how much: of any size up to twice what can be done. */
function drawSwap(random: Random, state: ConstantProductState) {
  const zeroForOne = random.chance(0.5)
  const exact = random.pick(['in', 'out'] as const)
  // Most of what a pair could take in would only move its price to nothing.
  const reserveIn = zeroForOne ? state.reserve0 : state.reserve1
  const usual = exact === 'in' && random.chance(0.8)
  const largest = usual ? reserveIn : largestFill(state, zeroForOne, exact)
  return { zeroForOne, exact, amount: drawAmount(random, largest) }
}

describe.skipIf(!chain)('constant product against the contracts of Uniswap V2', () => {
  const on = chain as Chain

  test('quotes what the router quotes and executes as it does, to the wei', async () => {
    const { router, findPair, deposit, stateOf } = await openExchange(on)
    const random = createRandom(2)
    let quoted = 0
    let executed = 0
    let refused = 0
    for (const amounts of DEPOSITS) {
      const tokens = await on.deployTokens([router])
      await deposit(tokens, amounts)
      const pair = await findPair(tokens)
      for (let round = 0; round < ROUNDS; round++) {
        const state = await stateOf(pair)
        const inputs = Array.from({ length: QUOTES_A_ROUND }, () => drawSwap(random, state))
        const paths = inputs.map(({ zeroForOne }) => {
          const [token0, token1] = tokens.map(({ address }) => address)
          return zeroForOne ? [token0, token1] : [token1, token0]
        })
        const answers = await Promise.all(
          inputs.map(({ exact, amount }, index) =>
            on.ask<bigint[]>(router, exact === 'in' ? 'getAmountsOut' : 'getAmountsIn', [
              amount,
              paths[index],
            ]),
          ),
        )
        for (const [index, input] of inputs.entries()) {
          const { zeroForOne, exact, amount } = input
          const answer = answers[index] as bigint[] | typeof REVERTED
          const outcome = swap(state, input)
          const fast = (exact === 'in' ? amountOut : amountIn)(state, zeroForOne, amount)
          quoted++
          if (outcome.status === 'filled') {
            expect(answer).toEqual([outcome.amountIn, outcome.amountOut])
            expect(fast).toBe(exact === 'in' ? outcome.amountOut : outcome.amountIn)
          } else {
            // The router quotes inputs that no pair could hold, and those that buy nothing.
            expect(fast).toBe(0n)
            if (exact === 'out' && outcome.status === 'no-liquidity') expect(answer).toBe(REVERTED)
          }
        }
        const [input, path] = [inputs[0] as (typeof inputs)[number], paths[0]]
        const outcome = swap(state, input)
        const before = await on.balances(tokens)
        const succeeded = await on.succeeds(
          router,
          input.exact === 'in' ? 'swapExactTokensForTokens' : 'swapTokensForExactTokens',
          [input.amount, input.exact === 'in' ? 0n : maxUint256, path, on.account, maxUint256],
        )
        executed++
        expect(succeeded).toBe(outcome.status === 'filled')
        if (outcome.status !== 'filled') {
          refused++
          continue
        }
        expect(await stateOf(pair)).toEqual(outcome.after)
        const after = await on.balances(tokens)
        const paid = input.zeroForOne ? 0 : 1
        expect((before[paid] as bigint) - (after[paid] as bigint)).toBe(outcome.amountIn)
        expect((after[1 - paid] as bigint) - (before[1 - paid] as bigint)).toBe(outcome.amountOut)
      }
    }
    expect({ quoted, executed }).toEqual({ quoted: 720, executed: 72 })
    expect(refused).toBeGreaterThan(5)
  })

  test('knows what arrives of a token that taxes its transfers', async () => {
    const { router, findPair, deposit, stateOf } = await openExchange(on)
    const random = createRandom(3)
    const plain = await on.deployToken()
    const taxed = await on.deploy(burningToken(), [10n ** 30n])
    const tokens: [Contract, Contract] =
      plain.address < taxed.address ? [plain, taxed] : [taxed, plain]
    for (const token of tokens) await on.send(token, 'approve', [router.address, maxUint256])
    await deposit(tokens, [10n ** 24n, 3n * 10n ** 22n])
    const pair = await findPair(tokens)
    for (let trade = 0; trade < 40; trade++) {
      const state = await stateOf(pair)
      const zeroForOne = trade % 2 === 0
      const [tokenIn, tokenOut] = zeroForOne ? tokens : tokens.toReversed()
      const bps = (token: Contract | undefined): number => (token === taxed ? 100 : 0)
      const offered = 1_000n + random.bits(1 + random.int(76))
      const fill = constantProductOutTaxed(state, zeroForOne, offered, {
        inBps: bps(tokenIn),
        outBps: bps(tokenOut),
      })
      const before = await on.balances(tokens)
      const done = await on.succeeds(
        router,
        'swapExactTokensForTokensSupportingFeeOnTransferTokens',
        [offered, 0n, [tokenIn?.address, tokenOut?.address], on.account, maxUint256],
      )
      expect(done).toBe(fill.poolAmountOut > 0n)
      if (!done) continue
      const after = await on.balances(tokens)
      const bought = zeroForOne ? 1 : 0
      expect((after[bought] as bigint) - (before[bought] as bigint)).toBe(fill.received)
      const { reserve0, reserve1 } = await stateOf(pair)
      expect(reserve0 - state.reserve0).toBe(zeroForOne ? fill.poolAmountIn : -fill.poolAmountOut)
      expect(reserve1 - state.reserve1).toBe(zeroForOne ? -fill.poolAmountOut : fill.poolAmountIn)
    }
  })

  test('mints and burns liquidity as the pair does, and the share of the protocol', async () => {
    const { factory, router, findPair, deposit, stateOf } = await openExchange(on)
    const collector = '0x00000000000000000000000000000000000000fe'
    const random = createRandom(4)
    const tokens = await on.deployTokens([router])
    const first = [10n ** 21n + 7n, 3n * 10n ** 9n] as const
    await deposit(tokens, first)
    const pair = await findPair(tokens)
    await on.send(pair.pair, 'approve', [router.address, maxUint256])
    const balanceOf = (owner: string) => on.read<bigint>(pair.pair, 'balanceOf', [owner])
    const holdingsOf = async () => ({
      ...(await stateOf(pair)),
      totalSupply: await on.read<bigint>(pair.pair, 'totalSupply'),
    })
    const nothing = { reserve0: 0n, reserve1: 0n, totalSupply: 0n }
    const minted = liquidityMinted(nothing, ...first)
    expect(await balanceOf(on.account)).toBe(minted)
    expect(await balanceOf(zeroAddress)).toBe((await holdingsOf()).totalSupply - minted)

    await on.send(factory, 'setFeeTo', [collector])
    for (let round = 0; round < 24; round++) {
      const state = await stateOf(pair)
      const path = tokens.map(({ address }) => address)
      const into = state.reserve0 / BigInt(2 + random.int(50))
      if (constantProductOut(state, true, into) > 0n)
        await on.send(router, 'swapExactTokensForTokens', [
          into,
          0n,
          round % 2 === 0 ? path : path.toReversed(),
          on.account,
          maxUint256,
        ])
      const holdings = await holdingsOf()
      const kLast = await on.read<bigint>(pair.pair, 'kLast')
      const share = protocolLiquidity(holdings, kLast)
      const shared = { ...holdings, totalSupply: holdings.totalSupply + share }
      const collected = await balanceOf(collector)
      const owned = await balanceOf(on.account)
      if (round % 3 === 2) {
        const liquidity = owned / BigInt(2 + random.int(9))
        const before = await on.balances(tokens)
        await on.send(router, 'removeLiquidity', [
          ...path,
          liquidity,
          0n,
          0n,
          on.account,
          maxUint256,
        ])
        const after = await on.balances(tokens)
        expect(after.map((balance, index) => balance - (before[index] as bigint))).toEqual(
          amountsBurned(shared, liquidity),
        )
      } else {
        // To the pair itself, since the router would level the amounts out.
        const amounts = [1n + random.bits(60), 1n + random.bits(24)] as const
        for (const [index, token] of tokens.entries())
          await on.send(token, 'transfer', [pair.pair.address, amounts[index]])
        const expected = liquidityMinted(shared, ...amounts)
        const done = await on.succeeds(pair.pair, 'mint', [on.account])
        expect(done).toBe(expected > 0n)
        if (!done) {
          await on.send(pair.pair, 'skim', [on.account])
          continue
        }
        expect((await balanceOf(on.account)) - owned).toBe(expected)
      }
      expect((await balanceOf(collector)) - collected).toBe(share)
    }
    expect(await balanceOf(collector)).toBeGreaterThan(0n)
  })
})
