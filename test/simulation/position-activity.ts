import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import { addressOf } from '../fakes/encode.ts'
import type { Random } from '../fakes/random.ts'
import type { Act, Pair, Ticks } from '../oracle/acts.ts'
import { accounts, FOREIGN, type PoolAtHand } from './activity.ts'

export const positionManager = addressOf(0xc364)

/** Positions that were there before anything was indexed: nobody knows whose they are. */
const OLD_IDS = 2n
const FIRST_ID = 10n

type PositionAtHand = {
  readonly tokenId: bigint
  readonly pool: Address
  readonly range: Ticks
  readonly owner: Address
  readonly liquidity: bigint
}

/** What somebody does with positions in pools of V3, in one transaction. */
export function actPosition(
  random: Random,
  before: readonly Act[],
  pools: readonly PoolAtHand[],
): Act[] {
  const positions = positionsOf(before)
  const inPools = pools.filter(({ isV3 }) => isV3).map(({ pool }) => pool)
  const somePool = (): Address =>
    inPools.length === 0 || random.chance(0.15) ? FOREIGN : random.pick(inPools)
  const known = [...positions.values()].filter(({ owner }) => owner !== ZERO_ADDRESS)
  if (known.length === 0 || random.chance(0.3)) {
    const tokenId = FIRST_ID + BigInt(positions.size)
    return makePosition(random, tokenId, somePool())
  }
  const position = random.chance(0.1) ? oldPosition(random, somePool()) : random.pick(known)
  switch (random.int(6)) {
    case 0:
      return increase(random, position)
    case 1:
      return decrease(random, position, (position.liquidity * BigInt(random.int(4))) / 3n)
    case 2:
    case 3:
      return collect(random, position)
    case 4:
      return [moveTo(position, random.pick(accounts))]
    default: {
      const { liquidity } = position
      const emptied = liquidity > 0n ? decrease(random, position, liquidity) : []
      const paid = random.chance(0.8) ? collect(random, { ...position, liquidity: 0n }) : []
      return [...emptied, ...paid, moveTo(position, ZERO_ADDRESS)]
    }
  }
}

/** Positions that were made, by id; those that were burnt are the zero address's. */
function positionsOf(acts: readonly Act[]): Map<bigint, PositionAtHand> {
  const positions = new Map<bigint, PositionAtHand>()
  let place: { readonly pool: Address; readonly range: Ticks } | undefined
  for (const act of acts) {
    if (act.act === 'mintV3') place = act
    if (!('manager' in act)) continue
    const { tokenId } = act
    const known = positions.get(tokenId)
    if (act.act === 'transferPosition' && act.from === ZERO_ADDRESS && place) {
      const { pool, range } = place
      positions.set(tokenId, { tokenId, pool, range, liquidity: 0n, owner: act.to })
    } else if (known && act.act === 'transferPosition') {
      positions.set(tokenId, { ...known, owner: act.to })
    } else if (known && act.act === 'increasePosition') {
      positions.set(tokenId, { ...known, liquidity: known.liquidity + act.liquidity })
    } else if (known && act.act === 'decreasePosition') {
      positions.set(tokenId, { ...known, liquidity: known.liquidity - act.liquidity })
    }
  }
  return positions
}

const someRange = (random: Random): Ticks => ({
  lower: -10 * random.int(3),
  upper: 10 + 10 * random.int(2),
})

const someAmounts = (random: Random): Pair => [BigInt(random.int(1_000)), BigInt(random.int(1_000))]

const oldPosition = (random: Random, pool: Address): PositionAtHand => ({
  tokenId: 1n + BigInt(random.int(Number(OLD_IDS))),
  pool,
  range: { lower: -20, upper: 20 },
  owner: random.pick(accounts),
  liquidity: 300n,
})

function makePosition(random: Random, tokenId: bigint, pool: Address): Act[] {
  const [range, owner] = [someRange(random), random.pick(accounts)]
  const made = { tokenId, pool, range, owner, liquidity: 0n }
  const [ofPool, ofManager] = increase(random, made) as [Act, Act]
  return [ofPool, { ...moveTo(made, owner), from: ZERO_ADDRESS }, ofManager]
}

const moveTo = ({ tokenId, owner }: PositionAtHand, to: Address) =>
  ({ act: 'transferPosition', manager: positionManager, tokenId, from: owner, to }) as const

function increase(random: Random, { tokenId, pool, range }: PositionAtHand): Act[] {
  const [liquidity, amounts] = [BigInt(1 + random.int(500)), someAmounts(random)]
  const manager = positionManager
  return [
    { act: 'mintV3', pool, owner: manager, range, liquidity, amounts },
    { act: 'increasePosition', manager, tokenId, liquidity, amounts },
  ]
}

function decrease(
  random: Random,
  { tokenId, pool, range }: PositionAtHand,
  liquidity: bigint,
): Act[] {
  const [manager, amounts] = [positionManager, someAmounts(random)]
  return [
    { act: 'burnV3', pool, owner: manager, range, liquidity, amounts },
    { act: 'decreasePosition', manager, tokenId, liquidity, amounts },
  ]
}

/** The pool counts fees up when nothing is burnt, and may pay a unit less than the manager says. */
function collect(random: Random, { tokenId, pool, range, liquidity }: PositionAtHand): Act[] {
  const [manager, amounts] = [positionManager, someAmounts(random)]
  const less = (amount: bigint): bigint =>
    amount > 0n && random.chance(0.3) ? amount - 1n : amount
  const paid = [less(amounts[0]), less(amounts[1])] as const
  // What is to be unwrapped goes to the manager first.
  const recipient = random.chance(0.2) ? manager : random.pick(accounts)
  const counted: Act = {
    act: 'burnV3',
    pool,
    owner: manager,
    range,
    liquidity: 0n,
    amounts: [0n, 0n],
  }
  return [
    ...(liquidity > 0n ? [counted] : []),
    { act: 'collectV3', pool, owner: manager, recipient, range, amounts: paid },
    { act: 'collectPosition', manager, tokenId, recipient, amounts },
  ]
}
