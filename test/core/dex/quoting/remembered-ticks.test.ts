import { expect, test, vi } from 'vitest'
import type { BlockRef, Hash } from '#core/chain.ts'
import type { PoolTerms, StateReader, StateWant, TickChanges } from '#core/dex/ports.ts'
import type { ConcentratedState } from '#core/dex/protocols/state.ts'
import { sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { wordOfTick, wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'
import { rememberTicks } from '#core/dex/quoting/remembered-ticks.ts'
import { AppError } from '#core/errors.ts'
import { addressOf } from '../../../fakes/encode.ts'
import { createRandom, type Random } from '../../../fakes/random.ts'

const SPACING = 60
const around = { centred: true, from: -1, to: 1 } as const

const termsOf = (id: number): PoolTerms => ({
  id: addressOf(id),
  protocol: 'uniswap-v3',
  token0: addressOf(1),
  token1: addressOf(2),
  feePips: 3_000,
  tickSpacing: SPACING,
  origin: null,
})

type Truth = { readonly tick: number; readonly nets: ReadonlyMap<number, bigint> }
type Block = BlockRef & {
  readonly parentHash: Hash
  readonly pools: ReadonlyMap<string, Truth>
  readonly changed: ReadonlySet<string>
}

const pools = [termsOf(0x31), termsOf(0x32), termsOf(0x33)]
const hashOf = (id: number): Hash => `0x${id.toString(16).padStart(64, '0')}`

/** A chain whose blocks are made as they are asked for, on any block before. */
function chain(random: Random) {
  const start: Truth = {
    tick: 0,
    nets: new Map([
      [-60_000, 5n],
      [60_000, -5n],
    ]),
  }
  const genesis: Block = {
    number: 0,
    hash: hashOf(0),
    parentHash: hashOf(0xffff),
    pools: new Map(pools.map(({ id }) => [id, start])),
    changed: new Set(),
  }
  const blocks = new Map<Hash, Block>([[genesis.hash, genesis]])

  function next(parent: Block): Block {
    const changed = new Set<string>()
    const after = new Map(
      [...parent.pools].map(([id, { tick, nets }]): [string, Truth] => {
        const moved = random.chance(0.6) ? tick + random.int(4_001) - 2_000 : tick
        const bounded = Math.max(-50_000, Math.min(50_000, moved))
        if (!random.chance(0.2)) return [id, { tick: bounded, nets }]
        changed.add(id)
        const lower = (random.int(400) - 200) * SPACING
        const upper = lower + (1 + random.int(300)) * SPACING
        const size = BigInt(1 + random.int(1_000))
        const more = new Map(nets)
        more.set(lower, (more.get(lower) ?? 0n) + size)
        more.set(upper, (more.get(upper) ?? 0n) - size)
        return [id, { tick: bounded, nets: more }]
      }),
    )
    const block: Block = {
      number: parent.number + 1,
      hash: hashOf(blocks.size),
      parentHash: parent.hash,
      pools: after,
      changed,
    }
    blocks.set(block.hash, block)
    return block
  }

  function stateOf({ hash }: BlockRef, { pool, words }: StateWant): ConcentratedState | undefined {
    const truth = blocks.get(hash)?.pools.get(pool.id)
    if (!truth) return undefined
    const { tick, nets } = truth
    const all = [...nets].toSorted(([a], [b]) => a - b)
    const centre = words.centred ? wordOfTick(tick, SPACING) : 0
    const { fromWord: lowest, toWord: highest } = wordsOfSpacing(SPACING)
    const [fromWord, toWord] = [
      Math.max(lowest, words.from + centre),
      Math.min(highest, words.to + centre),
    ]
    const known = all.filter(([index]) => {
      const word = wordOfTick(index, SPACING)
      return fromWord <= word && word <= toWord
    })
    return {
      kind: 'concentrated',
      sqrtPriceX96: sqrtPriceAtTick(tick),
      tick,
      liquidity: all.reduce((sum, [index, net]) => (index <= tick ? sum + net : sum), 0n),
      feePips: pool.feePips,
      protocolFeePips: [0, 0],
      tickSpacing: SPACING,
      ticks: {
        fromWord,
        toWord,
        indexes: Int32Array.from(known, ([index]) => index),
        nets: known.map(([, net]) => net),
      },
    }
  }

  const states = {
    read: vi.fn<StateReader['read']>(async (block, wants) =>
      wants.map((want) => stateOf(block, want)),
    ),
  }
  const changes = {
    read: vi.fn<TickChanges['read']>(async (block) => {
      const at = blocks.get(block.hash)
      return at && { block, parentHash: at.parentHash, changed: at.changed }
    }),
  }
  return { genesis, blocks, next, stateOf, states, changes }
}

const wordsRead = ({ states }: ReturnType<typeof chain>): number =>
  states.read.mock.calls
    .flatMap(([, wants]) => wants)
    .reduce((sum, { words }) => sum + Math.max(0, words.to - words.from + 1), 0)

test('remembered ticks are those of the block, whatever happened since, on whichever branch', async () => {
  let asked = 0
  let reread = 0
  for (let seed = 1; seed <= 60; seed++) {
    const random = createRandom(seed)
    const world = chain(random)
    const reader = rememberTicks(world.states, world.changes)
    let tip = world.genesis
    for (let round = 0; round < 40; round++) {
      const known = [...world.blocks.values()]
      if (random.chance(0.15)) tip = random.pick(known.slice(-6))
      for (let more = random.chance(0.1) ? 3 : random.int(2); more > 0; more--)
        tip = world.next(tip)
      const wants = pools
        .filter(() => random.chance(0.8))
        .map((pool): StateWant => {
          const from = random.int(6) - 3
          return random.chance(0.8)
            ? { pool, words: around }
            : { pool, words: { centred: false, from, to: from + random.int(5) } }
        })
      asked += wants.reduce((sum, { words }) => sum + words.to - words.from + 1, 0)
      const at = random.chance(0.9) ? tip : random.pick(known)
      // oxlint-disable-next-line no-await-in-loop -- what one read leaves is what the next is about
      const read = await reader.read(at, wants)
      for (const [index, want] of wants.entries()) {
        const state = read[index]
        if (state?.kind !== 'concentrated') throw new Error('a pool is there')
        const { fromWord: from, toWord: to } = state.ticks
        expect(state).toEqual(world.stateOf(at, { ...want, words: { centred: false, from, to } }))
        const centre = want.words.centred ? wordOfTick(state.tick, SPACING) : 0
        expect(from).toBeLessThanOrEqual(want.words.from + centre)
        expect(to).toBeGreaterThanOrEqual(want.words.to + centre)
      }
    }
    reread += wordsRead(world)
  }
  // Most reads would be spared but for positions that change and prices that leave the words that are known.
  expect(reread).toBeLessThan(asked)
})

const still = { ...createRandom(1), chance: () => false }
const wants: StateWant[] = pools.map((pool) => ({ pool, words: around }))

test('of a pool in which nothing happened the very same state is handed on, and no tick is read', async () => {
  const world = chain(still)
  const reader = rememberTicks(world.states, world.changes)
  const before = await reader.read(world.genesis, wants)
  const read = wordsRead(world)
  const next = world.next(world.genesis)
  const after = await reader.read(next, wants)
  for (const [index, state] of before.entries()) expect(after[index]).toBe(state)
  expect(wordsRead(world)).toBe(read)
})

test('ticks hold over blocks of which it was asked what changed, and over no others', async () => {
  const world = chain(still)
  const reader = rememberTicks(world.states, world.changes)
  await reader.read(world.genesis, wants)
  const read = wordsRead(world)
  const first = world.next(world.genesis)
  const second = world.next(first)
  await reader.read(first, wants.slice(1))
  await reader.read(second, wants)
  expect(wordsRead(world)).toBe(read)
  await reader.read(world.next(world.next(second)), wants)
  expect(wordsRead(world)).toBe(read * 2)
})

test('where it cannot be told what changed, all is read anew', async () => {
  const world = chain(still)
  const reader = rememberTicks(world.states, world.changes)
  await reader.read(world.genesis, wants)
  const read = wordsRead(world)
  world.changes.read.mockRejectedValueOnce(new AppError('unavailable', 'away'))
  await reader.read(world.next(world.genesis), wants)
  expect(wordsRead(world)).toBe(read * 2)
})

test('a pool whose liquidity does not follow from its ticks has them read anew', async () => {
  const world = chain(still)
  const reader = rememberTicks(world.states, world.changes)
  await reader.read(world.genesis, wants)
  const read = wordsRead(world)
  const next = world.next(world.genesis)
  const other: Truth = { tick: 0, nets: new Map([[-120, 9n]]) }
  // No event tells it.
  world.blocks.set(next.hash, { ...next, pools: new Map(pools.map(({ id }) => [id, other])) })
  const [state] = await reader.read(next, wants)
  expect(state).toEqual(world.stateOf(next, wants[0] as StateWant))
  expect(wordsRead(world)).toBe(read * 2)
})

test('reads of the same block ask once what changed', async () => {
  const world = chain(still)
  const reader = rememberTicks(world.states, world.changes)
  await reader.read(world.genesis, wants)
  const next = world.next(world.genesis)
  await Promise.all(wants.map((want) => reader.read(next, [want])))
  await reader.read(next, wants)
  expect(world.changes.read).toHaveBeenCalledOnce()
})
