import { beforeEach, describe, expect, test } from 'vitest'
import { NATIVE } from '#core/dex/native.ts'
import type { StoredToken, TokenReader } from '#core/tokens/ports.ts'
import { createTokenReader } from '#core/tokens/read-tokens.ts'
import { addressOf } from '../../fakes/encode.ts'
import { createTokenWorld, FAILS, REFUSES, tells } from '../../fakes/token-world.ts'

const CHAIN_ID = 31_337
const DAY_MS = 24 * 3_600_000
const [one, two, three] = [1, 2, 3].map(addressOf) as [string, string, string] as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]

describe('what is known of tokens', () => {
  let world: ReturnType<typeof createTokenWorld>
  let reader: TokenReader
  beforeEach(() => {
    world = createTokenWorld()
    reader = createTokenReader(world, CHAIN_ID)
  })

  const stored = (address: `0x${string}`, words: Partial<StoredToken> = {}): StoredToken => ({
    address,
    symbol: 'STORED',
    name: 'Stored',
    decimals: 6,
    number: 50,
    readAtMs: world.clock.nowMs(),
    ...words,
  })

  test('a token that is stored is told while no node answers', async () => {
    await world.tokens.put(CHAIN_ID, [stored(one)])
    world.isAway = true
    expect(await reader.read([one])).toEqual([
      { address: one, symbol: 'STORED', name: 'Stored', decimals: 6, unknownBecause: null },
    ])
    expect(world.requests).toBe(0)
  })

  test('what one failed request leaves unknown does not take the rest with it, and is asked again', async () => {
    await world.tokens.put(CHAIN_ID, [stored(one)])
    world.looks.set(two, tells('TWO'))
    world.isAway = true
    expect(await reader.read([one, two])).toMatchObject([
      { symbol: 'STORED', unknownBecause: null },
      { symbol: null, decimals: null, unknownBecause: 'unavailable' },
    ])
    world.isAway = false
    world.ms += 1_000
    expect(await reader.read([one, two])).toMatchObject([
      { symbol: 'STORED' },
      { symbol: 'TWO', unknownBecause: null },
    ])
  })

  test('a chain that is away holds up one answer a second, not each of them', async () => {
    world.isAway = true
    for (let ms = 0; ms < 1_000; ms += 100) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await reader.read([one])
      world.ms += 100
    }
    expect(world.requests).toBe(1)
    await reader.read([one])
    expect(world.requests).toBe(2)
  })

  test('an error of a node is forgotten after a second; a refusal of the contract is kept', async () => {
    world.looks.set(one, FAILS)
    world.looks.set(two, REFUSES)
    expect(await reader.read([one, two])).toMatchObject([
      { unknownBecause: 'unavailable' },
      { unknownBecause: 'refused' },
    ])
    world.ms += 1_000
    world.looks.set(one, tells('ONE'))
    world.looks.set(two, tells('TWO'))
    expect(await reader.read([one, two])).toMatchObject([
      { symbol: 'ONE', unknownBecause: null },
      { symbol: null, unknownBecause: 'refused' },
    ])
    world.ms += 10 * 60_000
    expect(await reader.read([two])).toMatchObject([{ symbol: 'TWO' }])
  })

  test('the words that a node did tell are shown, though another call for the token failed', async () => {
    world.looks.set(one, { ...tells('ONE'), name: null, isProven: false })
    expect(await reader.read([one])).toMatchObject([
      { symbol: 'ONE', name: null, decimals: 18, unknownBecause: 'unavailable' },
    ])
  })

  test('a node that is behind the history proves no refusal', async () => {
    world.number = 99
    expect(await reader.read([one])).toMatchObject([{ unknownBecause: 'unavailable' }])
    world.number = 100
    world.ms += 1_000
    expect(await reader.read([one])).toMatchObject([{ unknownBecause: 'refused' }])
  })

  test('what the chain told once is never lost, whatever becomes of the chain', async () => {
    world.looks.set(one, tells('ONE'))
    await reader.read([one])
    world.looks.set(one, REFUSES)
    world.ms += 30 * DAY_MS
    expect(await reader.read([one])).toMatchObject([{ symbol: 'ONE' }])
    expect(world.requests).toBe(1)
  })

  test('a token that was stored anew is told anew after a minute', async () => {
    await world.tokens.put(CHAIN_ID, [stored(one)])
    await reader.read([one])
    await world.tokens.put(CHAIN_ID, [stored(one, { symbol: 'NEW', number: 60 })])
    world.ms += 60_000
    expect(await reader.read([one])).toMatchObject([{ symbol: 'NEW' }])
  })

  test('an answer is given without what is not there in time', async () => {
    await world.tokens.put(CHAIN_ID, [stored(one)])
    world.source.read = () => new Promise(() => undefined)
    expect(await reader.read([one, two], Promise.resolve())).toMatchObject([
      { symbol: 'STORED' },
      { symbol: null, unknownBecause: 'unavailable' },
    ])
  })

  test('the native currency needs neither store nor chain', async () => {
    world.isAway = true
    const matic = createTokenReader(world, CHAIN_ID, 'POL')
    expect(await matic.read([NATIVE])).toMatchObject([{ symbol: 'POL', decimals: 18 }])
  })

  test('asks once for what many want at the same time', async () => {
    world.looks.set(one, tells('ONE'))
    const all = await Promise.all(Array.from({ length: 20 }, () => reader.read([one, one, three])))
    for (const infos of all) expect(infos.map(({ symbol }) => symbol)).toEqual(['ONE', 'ONE', null])
    expect(world.asked).toEqual([one, three])
  })

  test('has a few requests under way, however many ask for tokens of their own at once', async () => {
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => reader.read([addressOf(100 + n)])))
    expect(world.most).toBeLessThanOrEqual(4)
    expect(world.requests).toBeLessThan(60)
  })

  test('asks once for what is no token, and keeps that beside what is one', async () => {
    world.looks.set(one, tells('ONE'))
    await reader.read([one])
    for (let first = 0; first < 12_000; first += 2_000) {
      const some = Array.from({ length: 2_000 }, (_, n) => addressOf(100 + first + n))
      // oxlint-disable-next-line no-await-in-loop -- one page after the other
      await reader.read(some)
    }
    const before = world.asked.length
    expect(await reader.read([one])).toMatchObject([{ symbol: 'ONE', decimals: 18 }])
    await reader.read([addressOf(100 + 11_999)])
    expect(world.asked).toHaveLength(before)
  })

  test('says that it is busy instead of letting any number wait, and tells what it knows', async () => {
    await world.tokens.put(CHAIN_ID, [stored(one)])
    const waiting = reader.read(Array.from({ length: 2_000 }, (_, n) => addressOf(100 + n)))
    // The store is asked first.
    await new Promise((resolve) => setImmediate(resolve))
    expect(await reader.read([one, two])).toMatchObject([
      { symbol: 'STORED' },
      { unknownBecause: 'busy' },
    ])
    await waiting
    expect(await reader.read([two])).toMatchObject([{ unknownBecause: 'refused' }])
  })
})
