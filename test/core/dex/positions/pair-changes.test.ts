import { expect, test } from 'vitest'
import type { Address, Hash } from '#core/chain.ts'
import type { LiquidityChange } from '#core/dex/events.ts'
import { createPairing } from '#core/dex/positions/pair-changes.ts'
import type { PositionEvent } from '#core/dex/positions/position-events.ts'
import type { ChainEvent, EventBody } from '#core/history/event.ts'
import { addressOf } from '../../../fakes/encode.ts'

const [MANAGER, POOL, OTHER_POOL, VAULT] = [1, 2, 3, 4].map((each) => addressOf(each)) as [
  Address,
  Address,
  Address,
  Address,
]
const hashOf = (number: number): Hash => `0x${String(number).padStart(64, '0')}`
let logIndex = 0

const eventOf = <B extends EventBody>(address: Address, body: B, tx = 1): ChainEvent<B> => ({
  block: { number: 1, hash: hashOf(0), timestamp: 1 },
  transactionHash: hashOf(tx),
  logIndex: logIndex++,
  address,
  body,
})

const amounts = (liquidity: bigint) => ({ liquidity, amount0: liquidity, amount1: 2n * liquidity })
const ticks = { tickLower: -10, tickUpper: 10 }

const mint = (pool: Address, liquidity: bigint, sender = MANAGER, owner = MANAGER, tx = 1) =>
  eventOf<LiquidityChange>(
    pool,
    { type: 'mint', protocol: 'uniswap-v3', sender, owner, ...ticks, ...amounts(liquidity) },
    tx,
  )
const burn = (pool: Address, liquidity: bigint) =>
  eventOf<LiquidityChange>(pool, {
    type: 'burn',
    protocol: 'uniswap-v3',
    owner: MANAGER,
    ...ticks,
    ...amounts(liquidity),
  })
const changed = (type: 'increasePosition' | 'decreasePosition', liquidity: bigint, tx = 1) =>
  eventOf<PositionEvent>(
    MANAGER,
    { type, protocol: 'uniswap-v3', tokenId: 7n, ...amounts(liquidity) },
    tx,
  )
const made = () =>
  eventOf<PositionEvent>(MANAGER, {
    type: 'transferPosition',
    protocol: 'uniswap-v3',
    tokenId: 7n,
    from: addressOf(0),
    to: VAULT,
  })

test('the mint before an increase tells its pool, also to the transfer between them', () => {
  const pairing = createPairing()
  pairing.note(mint(POOL, 5n))
  expect(pairing.take(made())?.pool).toBe(POOL)
  expect(pairing.take(changed('increasePosition', 5n))?.pool).toBe(POOL)
})

test('each of several increases in one transaction has the mint before it, also of equal amounts', () => {
  const pairing = createPairing()
  for (const pool of [POOL, OTHER_POOL, POOL]) {
    pairing.note(mint(pool, 5n))
    expect(pairing.take(changed('increasePosition', 5n))?.pool).toBe(pool)
  }
})

test('a mint that another contract made in the name of the manager is not of any position', () => {
  const pairing = createPairing()
  pairing.note(mint(POOL, 5n))
  pairing.note(mint(OTHER_POOL, 5n, VAULT))
  expect(pairing.take(changed('increasePosition', 5n))?.pool).toBe(POOL)
})

test('a mint of another contract for itself lies between and changes nothing', () => {
  const pairing = createPairing()
  pairing.note(mint(POOL, 5n))
  pairing.note(mint(OTHER_POOL, 5n, VAULT, VAULT))
  expect(pairing.take(changed('increasePosition', 5n))?.pool).toBe(POOL)
})

test('where the pool is not indexed, the mint of the position before is not taken for its own', () => {
  const pairing = createPairing()
  pairing.note(mint(POOL, 5n))
  expect(pairing.take(changed('increasePosition', 5n))).toBeDefined()
  expect(pairing.take(changed('increasePosition', 5n))).toBe(undefined)
  // Nor one that no event of the manager followed.
  pairing.note(mint(POOL, 6n))
  expect(pairing.take(changed('increasePosition', 5n))).toBe(undefined)
  pairing.note(burn(POOL, 5n))
  expect(pairing.take(changed('increasePosition', 5n))).toBe(undefined)
})

test('an event of another transaction belongs to none of this one', () => {
  const pairing = createPairing()
  pairing.note(mint(POOL, 5n, MANAGER, MANAGER, 1))
  expect(pairing.take(changed('increasePosition', 5n, 2))).toBe(undefined)
})

test('a burn tells the pool of a position that was made before the first block indexed', () => {
  const pairing = createPairing()
  pairing.note(burn(POOL, 5n))
  expect(pairing.take(changed('decreasePosition', 5n))).toMatchObject({ pool: POOL, body: ticks })
})
