import { encodePacked, maxUint256 } from 'viem'
import type { DevToken } from './deployment.ts'
import { fairPriceOf, onwardPool, otherToken, sellsToken0, worthRaw } from './pools.ts'
import { callOf, type Menu, type PoolTurn } from './turn.ts'
import { priceOf, sqrtPriceX96Of } from './v3-price.ts'

/** The swaps that Uniswap V3 pools see. */
export const v3SwapMenu: Menu<PoolTurn> = [
  [50, arbitrage],
  [32, swapSingle],
  [18, swapMultiHop],
]

const TRADE_USD_MIN = 40
const TRADE_USD_MAX = 15_000
/** What arbitrage puts in at most; the price limit stops it earlier. */
const ARBITRAGE_USD_MAX = 40_000
/** No limit. */
const ANY_PRICE = 0n

/** slot0 of a UniswapV3Pool, as far as it is read here. */
type Slot0 = readonly [sqrtPriceX96: bigint, tick: number, ...unknown[]]

export const slot0Of = ({ node, pool }: PoolTurn): Promise<Slot0> =>
  node.read<Slot0>('v3Pool', pool.address, 'slot0')

const priceNow = async (turn: PoolTurn): Promise<number> => priceOf((await slot0Of(turn))[0])

/** Nobody trades against these accounts, so no slippage is guarded against and no deadline set. */
const swapIn = (
  { deployment, account, pool }: PoolTurn,
  tokenIn: DevToken,
  amountIn: bigint,
  sqrtPriceLimitX96: bigint,
) =>
  callOf(account, 'v3Router', deployment.v3Router, 'exactInputSingle', [
    {
      tokenIn: tokenIn.address,
      tokenOut: otherToken(pool, tokenIn).address,
      fee: pool.feePips,
      recipient: account,
      deadline: maxUint256,
      amountIn,
      amountOutMinimum: 0n,
      sqrtPriceLimitX96,
    },
  ])

/** Trades until the pool is at its fair price, or the money is spent. */
async function arbitrage(turn: PoolTurn) {
  const { token0, token1, feePips } = turn.pool
  const fair = fairPriceOf(turn)
  const gap = Math.log((await priceNow(turn)) / fair)
  // Closer than the fee, it would cost more than it brings.
  if (Math.abs(gap) < feePips / 1_000_000) return swapSingle(turn)
  const tokenIn = gap > 0 ? token0 : token1
  const amountIn = worthRaw(turn, tokenIn, ARBITRAGE_USD_MAX)
  return swapIn(turn, tokenIn, amountIn, sqrtPriceX96Of(fair))
}

async function draw(turn: PoolTurn) {
  const { random, pool } = turn
  const sells0 = sellsToken0(random, await priceNow(turn), fairPriceOf(turn))
  const tokenIn = sells0 ? pool.token0 : pool.token1
  const usd = random.logBetween(TRADE_USD_MIN, TRADE_USD_MAX)
  return { tokenIn, amountIn: worthRaw(turn, tokenIn, usd) }
}

async function swapSingle(turn: PoolTurn) {
  const { tokenIn, amountIn } = await draw(turn)
  return swapIn(turn, tokenIn, amountIn, ANY_PRICE)
}

async function swapMultiHop(turn: PoolTurn) {
  const { deployment, account, pool } = turn
  const { tokenIn, amountIn } = await draw(turn)
  const middle = otherToken(pool, tokenIn)
  const onward = onwardPool(turn, middle)
  if (!onward) return swapIn(turn, tokenIn, amountIn, ANY_PRICE)
  const path = encodePacked(
    ['address', 'uint24', 'address', 'uint24', 'address'],
    [
      tokenIn.address,
      pool.feePips,
      middle.address,
      onward.feePips,
      otherToken(onward, middle).address,
    ],
  )
  return callOf(account, 'v3Router', deployment.v3Router, 'exactInput', [
    { path, recipient: account, deadline: maxUint256, amountIn, amountOutMinimum: 0n },
  ])
}
