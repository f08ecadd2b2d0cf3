import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import type { Source } from '#core/catalogue.ts'
import { addressOf } from '../fakes/encode.ts'
import type { Random } from '../fakes/random.ts'
import type { Act } from '../oracle/acts.ts'
import type { Branch, WorldShape } from './world.ts'

/** Few of everything, so that blocks of all branches meet on the same documents. */
export const accounts = Array.from({ length: 4 }, (_, index) => addressOf(0xa0 + index))
const erc721 = addressOf(0x721)
const erc1155 = addressOf(0x1155)
const factoryV2 = addressOf(0xf2)
const factoryV3 = addressOf(0xf3)
export const listedPool = addressOf(0x11)
export const FOREIGN = addressOf(0xbad)
export const POOLS_MAX = 4
const FIRST_POOL = 0x10_0000

export const collections = [erc721, erc1155]
export const poolAddresses = [
  listedPool,
  ...Array.from({ length: POOLS_MAX }, (_, index) => addressOf(FIRST_POOL + index)),
]
export const tokens = Array.from({ length: 4 }, (_, index) => addressOf(1 + index))

export const sources: readonly Source[] = [
  { kind: 'uniswap-v2', factory: factoryV2, feePips: 3_000, startBlock: 0 },
  { kind: 'uniswap-v3', factory: factoryV3, feePips: null, startBlock: 0 },
  {
    kind: 'pool',
    protocol: 'uniswap-v2',
    address: listedPool,
    token0: tokens[0] as Address,
    token1: tokens[1] as Address,
    feePips: 3_000,
    startBlock: null,
  },
  { kind: 'erc721', address: erc721, startBlock: null },
  { kind: 'erc1155', address: erc1155, startBlock: null },
]

export type PoolAtHand = {
  readonly pool: Address
  readonly isV3: boolean
  readonly pair: readonly [Address, Address]
}

/** What happens in the next block of a branch, in transactions of two. */
export function makeTransactions(random: Random, branch: Branch, shape: WorldShape): Act[][] {
  const acts: Act[] = []
  const pools = poolsOf(branch)
  const count = random.int(shape.actsMax + 1)
  while (acts.length < count) {
    const more = makeActivity(random, pools, shape)
    for (const act of more) addPool(pools, act)
    acts.push(...more)
  }
  return Array.from({ length: Math.ceil(acts.length / 2) }, (_, index) =>
    acts.slice(2 * index, 2 * index + 2),
  )
}

/** Pools that are there at the end of a branch. */
export function poolsOf(branch: Branch): PoolAtHand[] {
  const pair = [tokens[0] as Address, tokens[1] as Address] as const
  const pools: PoolAtHand[] = [{ pool: listedPool, isV3: false, pair }]
  for (const block of branch) for (const act of block.acts) addPool(pools, act)
  return pools
}

export function addPool(pools: PoolAtHand[], act: Act): void {
  if (act.act !== 'create') return
  const { pool, terms, token0, token1 } = act
  pools.push({ pool, isV3: terms !== null, pair: [token0, token1] })
}

export function makeActivity(
  random: Random,
  pools: readonly PoolAtHand[],
  shape: WorldShape,
): Act[] {
  const what = random.int(20)
  if (what === 0) return [{ act: 'foreign', contract: FOREIGN }]
  if (what === 1) return [{ act: 'malformed', contract: erc1155 }]
  if (what < 5) return [transfer721(random)]
  if (what < 10) return [transfer1155(random)]
  if (what < 12 && pools.length <= POOLS_MAX) return createPool(random, pools.length - 1, shape)
  const { pool, isV3 } = random.pick(pools)
  return isV3 ? actV3(random, pool) : actV2(random, pool)
}

const transfer721 = (random: Random): Act => ({
  act: 'transfer721',
  collection: erc721,
  from: random.chance(0.2) ? ZERO_ADDRESS : random.pick(accounts),
  to: random.chance(0.1) ? ZERO_ADDRESS : random.pick(accounts),
  tokenId: BigInt(random.int(3)),
})

function transfer1155(random: Random): Act {
  const isBatch = random.chance(0.2)
  const moved = Array.from({ length: isBatch ? 2 : 1 }, () => ({
    tokenId: BigInt(random.int(3)),
    amount: BigInt(random.int(1_000)),
  }))
  const from = random.chance(0.3) ? ZERO_ADDRESS : random.pick(accounts)
  const parties = { operator: random.pick(accounts), from, to: random.pick(accounts) }
  return { act: 'transfer1155', collection: erc1155, ...parties, isBatch, tokens: moved }
}

/** The same addresses come to be on all branches, V2 and V3 in turns. */
export function createPool(random: Random, index: number, { wanders }: WorldShape): Act[] {
  const pool = addressOf(FIRST_POOL + index)
  const [token0, token1] = wanders
    ? [random.pick(tokens), random.pick(tokens)]
    : [tokens[index % 2] as Address, tokens[2 + (index % 2)] as Address]
  if (index % 2 === 0)
    return [{ act: 'create', factory: factoryV2, pool, token0, token1, terms: null }]
  const terms = { feePips: 500, tickSpacing: 10 }
  const price = { sqrtPriceX96: 1n << 96n, tick: 0 }
  return [
    { act: 'create', factory: factoryV3, pool, token0, token1, terms },
    { act: 'initialize', pool, price },
  ]
}

function actV2(random: Random, pool: Address): Act[] {
  const amount = (): bigint => BigInt(random.int(1_000_000))
  const reserves = [amount() + 1n, amount() + 1n] as const
  const sync: Act = { act: 'sync', pool, reserves }
  if (random.chance(0.3)) return [sync]
  const parties = { sender: random.pick(accounts), recipient: random.pick(accounts) }
  const [came, went] = [[amount(), 0n] as const, [0n, amount()] as const]
  return [sync, { act: 'swapV2', pool, ...parties, came, went }]
}

function actV3(random: Random, pool: Address): Act[] {
  const [owner, recipient] = [random.pick(accounts), random.pick(accounts)]
  const range = { lower: -10 * random.int(3), upper: 10 + 10 * random.int(2) }
  const amounts = [BigInt(random.int(1_000)), BigInt(random.int(1_000))] as const
  const liquidity = BigInt(random.int(500))
  const position = { pool, owner, range, liquidity, amounts }
  const what = random.int(4)
  if (what === 0) return [{ act: 'mintV3', ...position }]
  if (what === 1)
    return [
      { act: 'burnV3', ...position },
      { act: 'collectV3', pool, owner, recipient, range, amounts },
    ]
  const price = { sqrtPriceX96: (1n << 96n) + BigInt(random.int(1_000)), tick: random.int(20) - 10 }
  const moved = [amounts[0], -amounts[1]] as const
  return [{ act: 'swapV3', pool, sender: owner, recipient, moved, price, liquidity }]
}
