import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Address } from '#core/chain.ts'
import { newMetadata, type TokenMetadata, type WantedToken } from '#core/nft/metadata/metadata.ts'
import type { MetadataStore } from '#core/nft/metadata/ports.ts'

const CHAIN = 31_337
const ART: Address = `0x${'a7'.repeat(20)}`
const OTHER: Address = `0x${'0b'.repeat(20)}`
const HASH = `0x${'1'.repeat(64)}` as const

const art = (tokenId: bigint, collection = ART): WantedToken => ({
  collection,
  tokenId,
  standard: 'erc721',
})
const noMedia = { kind: 'none', uri: null, mediaType: null } as const

/** As it is when its document was read, at a block. */
const fetched = (metadata: TokenMetadata, number: number, trait = 'Sky'): TokenMetadata => ({
  ...metadata,
  version: metadata.version + 1,
  state: 'fetched',
  isStale: false,
  uri: 'ipfs://x/{id}',
  content: {
    name: 'Ünïcode 🎨',
    description: null,
    image: { kind: 'data', uri: 'data:image/svg+xml,<svg/>', mediaType: 'image/svg+xml' },
    animation: noMedia,
    externalUrl: null,
    attributes: [
      { traitType: trait, value: 'Blue', displayType: null },
      { traitType: null, value: 'Rare', displayType: null },
      { traitType: trait, value: 'Red', displayType: 'number' },
    ],
  },
  block: { number, hash: HASH },
  fetchedAtMs: 1_700_000_000_123,
  failures: 0,
  dueAtMs: null,
})

/** What every store of metadata does. @param open a store that holds nothing */
export function metadataStoreContract(
  name: string,
  open: () => Promise<{ readonly store: MetadataStore; dispose(): Promise<void> }>,
): void {
  describe(`metadata of tokens in ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let store: MetadataStore
    beforeEach(async () => {
      opened = await open()
      ;({ store } = opened)
    })
    afterEach(() => opened.dispose())

    const one = async (tokenId: bigint, collection = ART): Promise<TokenMetadata> => {
      const [found] = await store.read(CHAIN, [art(tokenId, collection)])
      return found as TokenMetadata
    }
    const dueIds = async (nowMs: number, limit = 10): Promise<bigint[]> =>
      (await store.due(CHAIN, nowMs, limit)).map(({ tokenId }) => tokenId)

    test('a token that is wanted is due once, the longest due first, and is given back as it was put', async () => {
      const last = 2n ** 256n - 1n
      await store.want(CHAIN, [art(last), art(0n)], 100, false)
      await store.want(CHAIN, [art(7n), art(7n)], 50, true)
      await store.want(CHAIN + 1, [art(1n)], 1, false)
      expect(await dueIds(99)).toEqual([7n])
      expect((await dueIds(100)).slice(0, 1)).toEqual([7n])
      expect(new Set(await dueIds(100))).toEqual(new Set([0n, last, 7n]))
      expect(await dueIds(100, 1)).toEqual([7n])
      const [known, unknown, first] = await store.read(CHAIN, [art(last), art(9n), art(0n)])
      expect(known).toEqual(newMetadata(art(last), 100))
      expect(unknown).toBeUndefined()
      expect(first?.tokenId).toBe(0n)
      const done = fetched(known as TokenMetadata, 5)
      expect(await store.put(CHAIN, done)).toBe(true)
      expect(await one(last)).toEqual(done)
      expect(await dueIds(1_000)).not.toContain(last)
    })

    test('what an event touches meanwhile is not overwritten by what was read before it', async () => {
      await store.want(CHAIN, [art(1n)], 100, false)
      const before = await one(1n)
      await store.want(CHAIN, [art(1n)], 200, false)
      expect(await one(1n)).toEqual(before)
      expect(await store.put(CHAIN, fetched(before, 5))).toBe(true)
      const read = await one(1n)
      await store.want(CHAIN, [art(1n)], 200, true)
      expect(await store.put(CHAIN, fetched(read, 6))).toBe(false)
      const touched = await one(1n)
      // What is known stays, and says that it may be otherwise.
      expect(touched).toEqual({
        ...read,
        version: touched.version,
        isStale: true,
        dueAtMs: 200,
      })
      expect(await store.put(CHAIN, { ...fetched(touched, 6), failures: 2 })).toBe(true)
      await store.wantRange(CHAIN, ART, { from: 1n, to: 1n }, 300)
      expect(await one(1n)).toMatchObject({ isStale: true, failures: 0, dueAtMs: 300 })
      expect(await store.put(CHAIN, fetched(art0(9n), 1))).toBe(false)
    })

    test('a range and a reorganisation touch what is known of their tokens alone', async () => {
      await store.want(CHAIN, [art(1n), art(2n), art(16n), art(255n), art(2n, OTHER)], 0, false)
      for (const [id, number] of [
        [1n, 10],
        [2n, 11],
        [16n, 12],
        [255n, 13],
      ] as const)
        await store.put(CHAIN, fetched(await one(id), number))
      await store.put(CHAIN, fetched(await one(2n, OTHER), 10))
      expect(await dueIds(1_000)).toEqual([])
      await store.wantRange(CHAIN, ART, { from: 2n, to: 200n }, 500)
      expect(new Set(await dueIds(1_000))).toEqual(new Set([2n, 16n]))
      await store.wantReadAbove(CHAIN, 12, 600)
      expect(await dueIds(1_000)).toContain(255n)
      expect(await dueIds(1_000)).not.toContain(1n)
      expect(await store.states(CHAIN, ART)).toEqual({
        wanted: 0,
        fetched: 4,
        missing: 0,
        refused: 0,
        failed: 0,
      })
      await store.want(CHAIN, [art(300n)], 0, false)
      expect(await store.states(CHAIN, ART)).toMatchObject({ wanted: 1, fetched: 4 })
      expect(await store.states(CHAIN + 1, ART)).toMatchObject({ fetched: 0 })
    })

    test('the traits of a collection are those that its documents have named, each once', async () => {
      await store.want(CHAIN, [art(1n), art(2n), art(3n, OTHER)], 0, false)
      await store.put(CHAIN, fetched(await one(1n), 1, 'Sky'))
      await store.put(CHAIN, fetched(await one(2n), 1, 'Background'))
      await store.put(CHAIN, fetched(await one(3n, OTHER), 1, 'Hat'))
      await store.put(CHAIN, fetched(await one(2n), 2, 'Sky'))
      expect(await store.traitTypes(CHAIN, ART)).toEqual(['Background', 'Sky'])
      expect(await store.traitTypes(CHAIN + 1, ART)).toEqual([])
    })

    test('how far the feed was read is kept of each chain', async () => {
      const cursor = { number: 1, hash: HASH, commit: 'c', logIndex: null, move: 3, finalized: -1 }
      expect(await store.cursor(CHAIN)).toBeUndefined()
      await store.putCursor(CHAIN, { ...cursor, number: 0 })
      await store.putCursor(CHAIN, cursor)
      expect(await store.cursor(CHAIN)).toEqual(cursor)
      expect(await store.cursor(CHAIN + 1)).toBeUndefined()
    })
  })
}

const art0 = (tokenId: bigint): TokenMetadata => newMetadata(art(tokenId), 0)
