import { maxUint256 } from 'viem'
import type { Address } from '#core/chain.ts'
import type { DevToken } from './deployment.ts'
import { fairPriceOf, onwardPool, otherToken, sellsToken0, worthRaw } from './pools.ts'
import { callOf, type Menu, type PoolTurn } from './turn.ts'

/** What Uniswap V2 pools see: every kind of swap that the router knows, and liquidity that comes and goes. */
export const v2Menu: Menu<PoolTurn> = [
  [30, arbitrage],
  [20, swapExactIn],
  [14, swapExactOut],
  [12, swapMultiHop],
  [12, addLiquidity],
  [10, removeLiquidity],
]

const TRADE_USD_MIN = 40
const TRADE_USD_MAX = 12_000
/** Of a pool's reserve, at most so much in one trade. */
const TRADE_SHARE = 0.01
const ARBITRAGE_SHARE = 0.04
/** Closer to the fair price than the fee, arbitrage would cost more than it brings. */
const ARBITRAGE_MARGIN = 0.003
const LIQUIDITY_USD_MIN = 500
const LIQUIDITY_USD_MAX = 15_000

type Reserves = readonly [reserve0: bigint, reserve1: bigint, timestamp: number]

const reservesOf = ({ node, pool }: PoolTurn): Promise<Reserves> =>
  node.read<Reserves>('v2Pair', pool.address, 'getReserves')

const share = (amount: bigint, part: number): bigint => BigInt(Math.floor(Number(amount) * part))

/** Nobody trades against these accounts, so no slippage is guarded against and no deadline set. */
const swapIn = ({ deployment, account }: PoolTurn, amountIn: bigint, path: readonly Address[]) =>
  callOf(account, 'v2Router', deployment.v2Router, 'swapExactTokensForTokens', [
    amountIn,
    0n,
    path,
    account,
    maxUint256,
  ])

/** Sells so much of one side that the pool is at its fair price: reserves whose product is kept, in that ratio. */
async function arbitrage(turn: PoolTurn) {
  const [reserve0, reserve1] = (await reservesOf(turn)).map(Number) as [number, number, number]
  const fair = fairPriceOf(turn)
  if (Math.abs(Math.log(reserve1 / reserve0 / fair)) < ARBITRAGE_MARGIN) return swapExactIn(turn)
  const { token0, token1 } = turn.pool
  const missing0 = Math.sqrt((reserve0 * reserve1) / fair) - reserve0
  const missing1 = Math.sqrt(reserve0 * reserve1 * fair) - reserve1
  return missing0 > 0
    ? swapIn(turn, BigInt(Math.floor(Math.min(missing0, reserve0 * ARBITRAGE_SHARE))), [
        token0.address,
        token1.address,
      ])
    : swapIn(turn, BigInt(Math.floor(Math.min(missing1, reserve1 * ARBITRAGE_SHARE))), [
        token1.address,
        token0.address,
      ])
}

/** Which way to trade, and how much at most of what goes in and comes out. */
async function draw(turn: PoolTurn) {
  const { random, pool } = turn
  const [reserve0, reserve1] = await reservesOf(turn)
  const price = Number(reserve1) / Number(reserve0)
  const [tokenIn, tokenOut, reserveIn, reserveOut] = sellsToken0(random, price, fairPriceOf(turn))
    ? [pool.token0, pool.token1, reserve0, reserve1]
    : [pool.token1, pool.token0, reserve1, reserve0]
  const usd = random.logBetween(TRADE_USD_MIN, TRADE_USD_MAX)
  const sized = (token: DevToken, reserve: bigint): bigint => {
    const wanted = worthRaw(turn, token, usd)
    const most = share(reserve, TRADE_SHARE)
    return wanted < most ? wanted : most
  }
  return {
    tokenIn,
    tokenOut,
    amountIn: sized(tokenIn, reserveIn),
    amountOut: sized(tokenOut, reserveOut),
  }
}

async function swapExactIn(turn: PoolTurn) {
  const { tokenIn, tokenOut, amountIn } = await draw(turn)
  return swapIn(turn, amountIn, [tokenIn.address, tokenOut.address])
}

async function swapExactOut(turn: PoolTurn) {
  const { deployment, account } = turn
  const { tokenIn, tokenOut, amountOut } = await draw(turn)
  return callOf(account, 'v2Router', deployment.v2Router, 'swapTokensForExactTokens', [
    amountOut,
    maxUint256,
    [tokenIn.address, tokenOut.address],
    account,
    maxUint256,
  ])
}

/** On from the pool's second token through any other pair that has it. */
async function swapMultiHop(turn: PoolTurn) {
  const { tokenIn, tokenOut, amountIn } = await draw(turn)
  const onward = onwardPool(turn, tokenOut)
  const path = [tokenIn.address, tokenOut.address]
  if (onward) path.push(otherToken(onward, tokenOut).address)
  return swapIn(turn, amountIn, path)
}

async function addLiquidity(turn: PoolTurn) {
  const { deployment, account, random, pool } = turn
  const [reserve0, reserve1] = await reservesOf(turn)
  const usd = random.logBetween(LIQUIDITY_USD_MIN, LIQUIDITY_USD_MAX)
  const amount0 = worthRaw(turn, pool.token0, usd)
  const amount1 = (amount0 * reserve1) / reserve0
  return callOf(account, 'v2Router', deployment.v2Router, 'addLiquidity', [
    pool.token0.address,
    pool.token1.address,
    amount0,
    amount1,
    0n,
    0n,
    account,
    maxUint256,
  ])
}

/** Takes out some or all of what this account has in one of the pairs, so that over time no more comes than goes. */
async function removeLiquidity(turn: PoolTurn) {
  const { node, deployment, account, random } = turn
  const pairs = deployment.pools.filter(({ protocol }) => protocol === 'uniswap-v2')
  const balances = await Promise.all(
    pairs.map(({ address }) => node.read<bigint>('v2Pair', address, 'balanceOf', [account])),
  )
  const shares = pairs.flatMap(({ token0, token1 }, index) => {
    const held = balances[index] as bigint
    return held > 0n ? { token0, token1, held } : []
  })
  if (shares.length === 0) return addLiquidity(turn)
  const { token0, token1, held } = random.pick(shares)
  const liquidity = random.chance(0.5) ? held : share(held, 0.3 + 0.6 * random.unit())
  return callOf(account, 'v2Router', deployment.v2Router, 'removeLiquidity', [
    token0.address,
    token1.address,
    liquidity,
    0n,
    0n,
    account,
    maxUint256,
  ])
}
