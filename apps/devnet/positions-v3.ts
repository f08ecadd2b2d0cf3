import { encodeFunctionData, maxUint256 } from 'viem'
import type { Hex } from '#core/chain.ts'
import { contracts } from './contracts.ts'
import type { DevToken } from './deployment.ts'
import type { Call } from './node.ts'
import { worthRaw } from './pools.ts'
import { slot0Of } from './trade-v3.ts'
import { callOf, choose, type Menu, type PoolTurn } from './turn.ts'
import { usableTick } from './v3-price.ts'

/** Liquidity of Uniswap V3: positions are opened, tended and closed. */
export const v3PositionMenu: Menu<PoolTurn> = [
  [35, openPosition],
  [65, tendPosition],
]

/**
 * A position is closed rarely and refilled instead: each one that ever was leaves its storage slots behind, and anvil
 * hashes the whole state for each block.
 */
const tendMenu: Menu<Held> = [
  [38, increase],
  [26, collect],
  [33, decrease],
  [3, close],
]

/** Of one account; with so many it tends what it has. */
const POSITIONS_MAX = 6
const POSITION_USD_MIN = 500
const POSITION_USD_MAX = 20_000
/** Half the width of a position, in tick spacings. Few, and their centres on a grid, so that ranges come again. */
const HALF_WIDTHS = [6, 20, 60, 200]
const UINT128_MAX = 2n ** 128n - 1n

/** `positions` of the NonfungiblePositionManager, as far as it is read here. */
type Position = readonly [
  nonce: bigint,
  operator: string,
  token0: string,
  token1: string,
  fee: number,
  tickLower: number,
  tickUpper: number,
  liquidity: bigint,
  ...unknown[],
]
/** A turn with a position of the account, in whichever pool. */
type Held = PoolTurn & { readonly tokenId: bigint; readonly position: Position }

async function countPositions({ node, deployment, account }: PoolTurn): Promise<number> {
  const { positionManager } = deployment
  return Number(await node.read<bigint>('positionManager', positionManager, 'balanceOf', [account]))
}

async function openPosition(turn: PoolTurn): Promise<Call | undefined> {
  const { deployment, account, random, pool } = turn
  if ((await countPositions(turn)) >= POSITIONS_MAX) return tendPosition(turn)
  const [, tick] = await slot0Of(turn)
  const spacing = pool.tickSpacing as number
  const half = spacing * random.pick(HALF_WIDTHS)
  // Around the price, or just beside it.
  const centre = (Math.round(tick / half) + random.int(3) - 1) * half
  const usd = random.logBetween(POSITION_USD_MIN, POSITION_USD_MAX)
  return callOf(account, 'positionManager', deployment.positionManager, 'mint', [
    {
      token0: pool.token0.address,
      token1: pool.token1.address,
      fee: pool.feePips,
      tickLower: usableTick(centre - half, spacing),
      tickUpper: usableTick(centre + half, spacing),
      amount0Desired: worthRaw(turn, pool.token0, usd),
      amount1Desired: worthRaw(turn, pool.token1, usd),
      amount0Min: 0n,
      amount1Min: 0n,
      recipient: account,
      deadline: maxUint256,
    },
  ])
}

async function hold(turn: PoolTurn): Promise<Held | undefined> {
  const { node, deployment, account, random } = turn
  const { positionManager } = deployment
  const count = await countPositions(turn)
  if (count === 0) return undefined
  const index = BigInt(random.int(count))
  const tokenId = await node.read<bigint>(
    'positionManager',
    positionManager,
    'tokenOfOwnerByIndex',
    [account, index],
  )
  const position = await node.read<Position>('positionManager', positionManager, 'positions', [
    tokenId,
  ])
  return { ...turn, tokenId, position }
}

async function tendPosition(turn: PoolTurn): Promise<Call | undefined> {
  const held = await hold(turn)
  return held ? choose(turn.random, tendMenu)(held) : openPosition(turn)
}

async function increase(held: Held) {
  const { deployment, account, random, position, tokenId } = held
  const usd = random.logBetween(POSITION_USD_MIN, POSITION_USD_MAX)
  const tokenOf = (address: string): DevToken =>
    deployment.tokens.find((token) => token.address === address.toLowerCase()) as DevToken
  return callOf(account, 'positionManager', deployment.positionManager, 'increaseLiquidity', [
    {
      tokenId,
      amount0Desired: worthRaw(held, tokenOf(position[2]), usd),
      amount1Desired: worthRaw(held, tokenOf(position[3]), usd),
      amount0Min: 0n,
      amount1Min: 0n,
      deadline: maxUint256,
    },
  ])
}

async function collect(held: Held) {
  return multicall(held, [collectData(held)])
}

async function decrease(held: Held) {
  const liquidity = (held.position[7] * BigInt(20 + held.random.int(60))) / 100n
  return liquidity === 0n
    ? close(held)
    : multicall(held, [decreaseData(held, liquidity), collectData(held)])
}

/** All in one transaction, as the app of Uniswap has it. */
async function close(held: Held) {
  const liquidity = held.position[7]
  return multicall(held, [
    ...(liquidity > 0n ? [decreaseData(held, liquidity)] : []),
    collectData(held),
    encode('burn', [held.tokenId]),
  ])
}

const multicall = ({ deployment, account }: Held, calls: readonly Hex[]) =>
  callOf(account, 'positionManager', deployment.positionManager, 'multicall', [calls])

const encode = (functionName: string, args: readonly unknown[]): Hex =>
  encodeFunctionData({ abi: contracts.positionManager.abi, functionName, args })

const decreaseData = ({ tokenId }: Held, liquidity: bigint): Hex =>
  encode('decreaseLiquidity', [
    { tokenId, liquidity, amount0Min: 0n, amount1Min: 0n, deadline: maxUint256 },
  ])

const collectData = ({ tokenId, account }: Held): Hex =>
  encode('collect', [
    { tokenId, recipient: account, amount0Max: UINT128_MAX, amount1Max: UINT128_MAX },
  ])
