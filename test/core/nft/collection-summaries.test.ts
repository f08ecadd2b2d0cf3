import { describe, expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import { createViews } from '#core/history/view.ts'
import type { View } from '#core/history/head.ts'
import { createCollectionSummaries } from '#core/nft/collection-summaries.ts'
import { createCollectionFold } from '#core/nft/collection-summary.ts'
import type { Transfer } from '#core/nft/transfer.ts'
import { addressOf } from '../../fakes/encode.ts'
import { createRandom } from '../../fakes/random.ts'
import type { Act } from '../../oracle/acts.ts'
import { sources } from '../../simulation/activity.ts'
import { append, blockOf, openWriter, waypoint } from '../../simulation/mint-chain.ts'
import { CHAIN_ID } from '../../simulation/writer.ts'

const [ANN, BEN, CAT] = [addressOf(0xa), addressOf(0xb), addressOf(0xc)]
const DEAD: Address = `0x${'dead'.padStart(40, '0')}`
const [ART, MULTI] = [addressOf(0x721), addressOf(0x1155)]
const DAY = 86_400

const move = (from: Address, to: Address, tokenId: bigint, amount?: bigint): Transfer => ({
  type: 'transfer',
  protocol: amount === undefined ? 'erc721' : 'erc1155',
  operator: null,
  from,
  to,
  tokenIds: [tokenId],
  amounts: [amount ?? 1n],
})
const at = { number: 9, hash: `0x${'9'.repeat(64)}` } as const

describe('a summary of a collection', () => {
  test('tells what is held, by how many and for how long', () => {
    const fold = createCollectionFold(ART, 'erc721')
    for (const tokenId of [1n, 2n, 3n, 4n]) fold.add(move(ZERO_ADDRESS, ANN, tokenId), 0)
    fold.add(move(ANN, BEN, 1n), 5 * DAY)
    fold.add(move(ANN, DEAD, 2n), 6 * DAY)
    fold.add(move(ANN, ZERO_ADDRESS, 3n), 6 * DAY)
    // What goes to its owner again has not left it.
    fold.add(move(ANN, ANN, 4n), 9 * DAY)
    expect(fold.result(at, 10 * DAY)).toEqual({
      collection: ART,
      standard: 'erc721',
      block: at,
      tokenCount: 2,
      amount: 2n,
      holderCount: 2,
      largestAmount: 1n,
      transferCount: 2,
      mintCount: 4,
      burnCount: 2,
      firstMoveAt: 0,
      lastMoveAt: 9 * DAY,
      holdingTimes: [
        { daysMax: 1, holdings: 0, amount: 0n },
        { daysMax: 7, holdings: 1, amount: 1n },
        { daysMax: 30, holdings: 1, amount: 1n },
        ...[90, 180, 365, null].map((daysMax) => ({ daysMax, holdings: 0, amount: 0n })),
      ],
      medianHeldSeconds: 10 * DAY,
    })
  })

  test('counts units of ERC-1155, from when an account first had some without a pause', () => {
    const fold = createCollectionFold(MULTI, 'erc1155')
    fold.add(move(ZERO_ADDRESS, ANN, 7n, 10n), 0)
    fold.add(move(ZERO_ADDRESS, ANN, 7n, 5n), 50 * DAY)
    fold.add(move(ANN, BEN, 7n, 3n), 60 * DAY)
    fold.add(move(BEN, CAT, 7n, 3n), 60 * DAY)
    fold.add(move(ANN, BEN, 7n, 1n), 99 * DAY)
    fold.add(move(ANN, CAT, 7n, 0n), 99 * DAY)
    const { amount, holderCount, tokenCount, largestAmount, holdingTimes } = fold.result(
      at,
      100 * DAY,
    )
    expect({ amount, holderCount, tokenCount, largestAmount }).toEqual({
      amount: 15n,
      holderCount: 3,
      tokenCount: 1,
      largestAmount: 11n,
    })
    expect(holdingTimes.filter(({ holdings }) => holdings > 0)).toEqual([
      { daysMax: 7, holdings: 1, amount: 1n },
      { daysMax: 90, holdings: 1, amount: 3n },
      { daysMax: 180, holdings: 1, amount: 11n },
    ])
  })

  test('is refused where tokens were there before their first transfer', () => {
    const refusal = {
      kind: 'conflict',
      details: { field: 'collection', reason: 'index-incomplete' },
    }
    const of = (standard: 'erc721' | 'erc1155', body: Transfer) => (): void =>
      createCollectionFold(ART, standard).add(body, 0)
    expect(of('erc721', move(ANN, BEN, 1n))).toThrow(expect.objectContaining(refusal))
    expect(of('erc1155', move(ANN, BEN, 1n, 1n))).toThrow(expect.objectContaining(refusal))
  })

  test('of nothing has nothing', () => {
    expect(createCollectionFold(ART, 'erc721').result(at, 5)).toMatchObject({
      tokenCount: 0,
      amount: 0n,
      firstMoveAt: null,
      medianHeldSeconds: null,
    })
  })
})

/** Acts of a block that could be: who sends something has it. */
function createActs(seed: number) {
  const random = createRandom(seed)
  const accounts = [ANN, BEN, CAT, DEAD]
  const owners = new Map<bigint, Address>()
  return (count: number): Act[] =>
    Array.from({ length: count }, (): Act => {
      const tokenId = BigInt(random.int(6))
      const from = owners.get(tokenId) ?? ZERO_ADDRESS
      const to = from !== ZERO_ADDRESS && random.chance(0.2) ? ZERO_ADDRESS : random.pick(accounts)
      if (to === ZERO_ADDRESS) owners.delete(tokenId)
      else owners.set(tokenId, to)
      return { act: 'transfer721', collection: ART, from, to, tokenId }
    })
}

describe('summaries of a history', () => {
  test('go on from the block that they were at, and begin anew where it was taken back', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const store = createMemoryChainStore(createMemoryTables())
      const views = createViews(store.heads, CHAIN_ID)
      let lists = 0
      const events = {
        ...store.events,
        list: (...asked: Parameters<typeof store.events.list>) => {
          lists++
          return store.events.list(...asked)
        },
      }
      const ports = { ...store, events, views, sources }
      const kept = createCollectionSummaries(ports)
      const writer = await openWriter(store)
      const expectSame = async (): Promise<void> => {
        const view = (await views.current()) as View
        const fresh = await createCollectionSummaries(ports).read(view, ART)
        expect(await kept.read(view, ART)).toEqual(fresh)
      }
      const acts = createActs(seed)
      const shared = Array.from({ length: 5 }, () => acts(3))
      for (const [number, of] of shared.entries()) {
        await append(writer, blockOf(number, 0, of))
        await expectSame()
      }
      const view = (await views.current()) as View
      lists = 0
      expect(await kept.read(view, ART)).toMatchObject({ block: { number: 4 } })
      expect(lists).toBe(0)
      for (let number = 5; number <= 7; number++) {
        await append(writer, blockOf(number, 0, acts(3)))
        await expectSame()
      }
      await writer.moveBack(waypoint(writer, 4))
      // What the other branch made of the tokens is not there on this one.
      const replayed = createActs(seed)
      for (const _ of shared) replayed(3)
      for (let number = 5; number <= 8; number++)
        await append(writer, blockOf(number, 1, replayed(2)), 1)
      // Nobody has asked while the head was below the block that was reached before.
      await expectSame()
    }
  })

  test('are made once, however many ask at a time', async () => {
    const store = createMemoryChainStore(createMemoryTables())
    const views = createViews(store.heads, CHAIN_ID)
    const writer = await openWriter(store)
    await append(writer, blockOf(0, 0, createActs(1)(3)))
    let lists = 0
    const events = {
      ...store.events,
      list: (...asked: Parameters<typeof store.events.list>) => {
        lists++
        return store.events.list(...asked)
      },
    }
    const summaries = createCollectionSummaries({ ...store, events, views, sources })
    const view = (await views.current()) as View
    const all = await Promise.all(Array.from({ length: 5 }, () => summaries.read(view, ART)))
    expect(new Set(all).size).toBe(1)
    expect(lists).toBeLessThanOrEqual(2)
    await expect(summaries.read(view, CAT)).rejects.toMatchObject({
      details: { reason: 'not-indexed' },
    })
  })
})
