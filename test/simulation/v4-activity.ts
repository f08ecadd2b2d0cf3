import { type Address, type Hash, ZERO_ADDRESS } from '#core/chain.ts'
import { addressOf } from '../fakes/encode.ts'
import type { Random } from '../fakes/random.ts'
import type { Act, Ticks } from '../oracle/acts.ts'
import { accounts, tokens } from './activity.ts'

export const poolManager = addressOf(0xf4)

/** LPFeeLibrary.DYNAMIC_FEE_FLAG. */
const DYNAMIC = 0x800000
const idOf = (index: number): Hash => `0x${(0xf400 + index).toString(16).padStart(64, '0')}`

/** An id is the hash of what a pool is, so on all branches it is the same. */
const terms = [
  { token0: ZERO_ADDRESS, token1: tokens[1] as Address, feePips: 3_000, hooks: ZERO_ADDRESS },
  {
    token0: tokens[0] as Address,
    token1: tokens[2] as Address,
    feePips: DYNAMIC,
    hooks: addressOf(0x8080),
  },
  {
    token0: tokens[0] as Address,
    token1: tokens[1] as Address,
    feePips: 500,
    hooks: addressOf(0x10),
  },
].map((each, index) => ({ ...each, pool: idOf(index), tickSpacing: 10 }))

export const poolsOfManager: readonly Hash[] = terms.map(({ pool }) => pool)

/** What happens in pools of Uniswap V4, in one transaction. */
export function actV4(random: Random, before: readonly Act[]): Act[] {
  const made = terms.filter(({ pool }) =>
    before.some((act) => act.act === 'createV4' && act.pool === pool),
  )
  const more = terms.find((each) => !made.includes(each))
  const price = { sqrtPriceX96: (1n << 96n) + BigInt(random.int(1_000)), tick: random.int(20) - 10 }
  if (more && (made.length === 0 || random.chance(0.1)))
    return [{ act: 'createV4', poolManager, ...more, price }]
  const { pool, feePips } = random.pick(made)
  const sender = random.pick(accounts)
  const amounts = [BigInt(random.int(1_000_000)), BigInt(random.int(1_000_000))] as const
  const what = random.int(10)
  if (what === 0) return [{ act: 'donateV4', poolManager, pool, sender, amounts }]
  if (what === 1) {
    const fees = [random.int(1_001), random.int(1_001)] as const
    return [{ act: 'setProtocolFeeV4', poolManager, pool, fees }]
  }
  if (what < 5) return [changeLiquidity(random, before, pool, sender)]
  const [came, went] = amounts
  const moved = random.chance(0.5) ? ([came, -went] as const) : ([-went, came] as const)
  // Hooks may set any fee with each swap, and the protocol's part comes on top.
  const paid =
    (feePips === DYNAMIC ? random.pick([0, 200, random.int(10_000)]) : feePips) +
    random.pick([0, 0, 500])
  const liquidity = BigInt(random.int(500))
  return [{ act: 'swapV4', poolManager, pool, sender, moved, price, liquidity, feePips: paid }]
}

/** Somebody adds to a position, or takes out of it no more than there is. */
function changeLiquidity(random: Random, before: readonly Act[], pool: Hash, sender: Address): Act {
  const range: Ticks = { lower: -10 * random.int(3), upper: 10 + 10 * random.int(2) }
  const salt = idOf(random.int(2))
  let held = 0n
  for (const act of before)
    if (act.act === 'modifyLiquidityV4' && act.pool === pool && act.sender === sender)
      if (act.salt === salt && act.range.lower === range.lower && act.range.upper === range.upper)
        held += act.delta
  const delta =
    held > 0n && random.chance(0.5) ? -(held * BigInt(random.int(3))) / 2n : BigInt(random.int(500))
  return { act: 'modifyLiquidityV4', poolManager, pool, sender, range, delta, salt }
}
