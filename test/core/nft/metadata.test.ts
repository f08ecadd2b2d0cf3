import { describe, expect, test } from 'vitest'
import type { Address } from '#core/chain.ts'
import type { FeedCursor, FeedItem } from '#core/history/feed.ts'
import { AppError } from '#core/errors.ts'
import { readDocument } from '#core/nft/metadata/document.ts'
import { followMetadata, type FollowMetadataPorts } from '#core/nft/metadata/follow-metadata.ts'
import type { TokenContent, TokenMetadata } from '#core/nft/metadata/metadata.ts'
import { placesOf, withTokenId } from '#core/nft/metadata/places.ts'
import type { Fetched, ToldUri } from '#core/nft/metadata/ports.ts'
import type { MetadataUpdate } from '#core/nft/metadata/update.ts'
import type { Transfer } from '#core/nft/transfer.ts'
import { createMemoryMetadataStore } from '../../fakes/metadata-store.ts'

const ART: Address = `0x${'a7'.repeat(20)}`
const NOBODY: Address = `0x${'0'.repeat(40)}`
const ANN: Address = `0x${'a1'.repeat(20)}`
const BEN: Address = `0x${'b2'.repeat(20)}`
const CID = `bafybei${'a'.repeat(52)}`
const GATEWAYS = {
  ipfs: ['https://one.example/ipfs/', 'https://two.example/ipfs/'],
  arweave: ['https://ar.example/'],
}
const token = { collection: ART, tokenId: 7n, standard: 'erc721' } as const
const places = (uri: string) => placesOf(uri, GATEWAYS)
const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('where a document is', () => {
  test.each([
    ['https://a.example/7.json?x=1', ['https://a.example/7.json?x=1']],
    ['http://a.example/7', ['http://a.example/7']],
    [`ipfs://${CID}/7.json`, GATEWAYS.ipfs.map((at) => `${at}${CID}/7.json`)],
    [`IPFS://ipfs/${CID}/7`, GATEWAYS.ipfs.map((at) => `${at}${CID}/7`)],
    [`Qm${'a'.repeat(44)}/7`, GATEWAYS.ipfs.map((at) => `${at}Qm${'a'.repeat(44)}/7`)],
    [`ipfs://${CID}/a b?#1`, GATEWAYS.ipfs.map((at) => `${at}${CID}/a b%3F%231`)],
    [`ipfs://${CID}/7.json\n`, GATEWAYS.ipfs.map((at) => `${at}${CID}/7.json`)],
    [`ipfs://${CID}/...a..b`, GATEWAYS.ipfs.map((at) => `${at}${CID}/...a..b`)],
    [`ar://${'A'.repeat(43)}/7`, [`https://ar.example/${'A'.repeat(43)}/7`]],
  ])('%s is asked for at its gateways', (uri, urls) => {
    const part = urls[0]?.split('/').find((each) => each.length >= 43)
    expect(part === undefined).toBe(uri.startsWith('http'))
    expect(places(uri)).toEqual({ kind: 'outside', urls, ...(part && { part }) })
  })

  test.each([
    [`data:application/json;base64,${base64('{"name":"Grüße 🎨"}')}`, '{"name":"Grüße 🎨"}'],
    [`data:;base64,${base64('{}').replaceAll('=', '')}`, '{}'],
    ['data:application/json,%7B%22name%22%3A%22a%22%7D', '{"name":"a"}'],
    // As contracts write it that do not escape anything.
    ['data:application/json;utf8,{"name":"100% #1"}', '{"name":"100% #1"}'],
  ])('%s holds it itself', (uri, text) => {
    expect(places(uri)).toEqual({ kind: 'inline', text })
  })

  test.each([
    ['7.json', 'names no scheme'],
    ['ftp://a.example/7', 'of the scheme "ftp"'],
    ['javascript:alert(1)', 'of the scheme "javascript"'],
    ['ipfs://../../admin', 'no document of that network'],
    [`ipfs://${CID}/../../admin`, 'leads elsewhere'],
    [`ipfs://${CID}/%2e%2e/admin`, 'leads elsewhere'],
    [`ipfs://${CID}/a%2F..%2F..%2fadmin`, 'leads elsewhere'],
    [`ipfs://${CID}/..\\..\\admin`, 'leads elsewhere'],
    // URLs are read without these.
    [`ipfs://${CID}/.\t./.\n./admin`, 'leads elsewhere'],
    [`ipfs://${CID}/\r../..\0 `, 'leads elsewhere'],
    ['ar://short', 'no document of that network'],
    [`https://a.example/${'x'.repeat(3_000)}`, 'more than 2048 characters'],
    [`data:,${'x'.repeat(800_000)}`, 'more than 700000 characters'],
    ['data:application/json;base64,!!!', 'no text in UTF-8'],
    [`data:;base64,${Buffer.from([0xff, 0xfe]).toString('base64')}`, 'no text in UTF-8'],
    ['data:nothing', 'no comma'],
  ])('%s is refused', (uri, why) => {
    expect(places(uri)).toMatchObject({ kind: 'refused', why: expect.stringContaining(why) })
  })

  test('ERC-1155 has the id put in as 64 small hexadecimal digits, ERC-721 has not', () => {
    const of1155 = { standard: 'erc1155', tokenId: 0xabcn } as const
    const full = 'abc'.padStart(64, '0')
    expect(withTokenId('https://a/{id}.json?{id}', of1155)).toBe(`https://a/${full}.json?${full}`)
    expect(withTokenId('https://a/{id}', { ...of1155, standard: 'erc721' })).toBe('https://a/{id}')
  })
})

const contentOf = (value: unknown, of = token): TokenContent => {
  const read = readDocument(typeof value === 'string' ? value : JSON.stringify(value), of)
  if (read.status !== 'read') throw new Error(read.why)
  return read.content
}

describe('what a document says', () => {
  test('is taken as far as it is as it should be, and cut', () => {
    const content = contentOf({
      name: `A\u202Etra\u0000p${'x'.repeat(500)}`,
      description: 'two\nlines\u0007',
      image: 'ipfs://x/1.png',
      animation_url: 'data:text/html;base64,AAAA',
      external_url: 'javascript:alert(1)',
      attributes: [
        { trait_type: 'Sky', value: 'Blue' },
        { trait_type: 'Level', value: 5, display_type: 'number' },
        { value: true },
        'Rare',
        { trait_type: 'Odd', value: { a: 1 } },
        { trait_type: 'Empty', value: '' },
        null,
      ],
      __proto__: { name: 'no' },
    })
    expect(content).toMatchObject({
      description: 'two\nlines',
      image: { kind: 'ipfs', uri: 'ipfs://x/1.png', mediaType: null },
      animation: { kind: 'data', mediaType: 'text/html' },
      externalUrl: null,
      attributes: [
        { traitType: 'Sky', value: 'Blue', displayType: null },
        { traitType: 'Level', value: '5', displayType: 'number' },
        { traitType: null, value: 'true', displayType: null },
        { traitType: null, value: 'Rare', displayType: null },
      ],
    })
    expect(content.name).toMatch(/^Atrapx+$/)
    expect(content.name).toHaveLength(200)
  })

  test('may have its traits as an object, its picture as SVG, and {id} in its URIs', () => {
    const content = contentOf(
      { attributes: { Sky: 'Blue' }, image: 'https://a/{id}.png', image_data: '<svg>' },
      { ...token, standard: 'erc1155' } as never,
    )
    expect(content.attributes).toEqual([{ traitType: 'Sky', value: 'Blue', displayType: null }])
    expect(content.image.uri).toBe(`https://a/${'7'.padStart(64, '0')}.png`)
    expect(contentOf({ image_data: '<svg xmlns="x"/>' }).image).toMatchObject({
      kind: 'data',
      mediaType: 'image/svg+xml',
    })
  })

  test.each([
    'javascript:alert(1)',
    'vbscript:x',
    'file:///etc/passwd',
    'x'.repeat(40),
    `https://a/${'x'.repeat(3_000)}`,
    `data:image/png;base64,${'x'.repeat(40_000)}`,
    'https://a/\u0000',
    7,
  ])('names no picture by %s', (image) => {
    expect(contentOf({ image }).image).toEqual({ kind: 'none', uri: null, mediaType: null })
  })

  test('is never of more than some traits', () => {
    const attributes = Array.from({ length: 5_000 }, (_, index) => ({ value: index }))
    expect(contentOf({ attributes }).attributes).toHaveLength(100)
  })

  test.each([
    ['[]', 'not an object'],
    ['null', 'not an object'],
    ['<html>', 'not JSON'],
    [`{"a":${'['.repeat(20)}${']'.repeat(20)}}`, 'deeper than 16'],
    ['['.repeat(200_000), 'deeper than 16'],
    [`{"a":"${'\\"['.repeat(50_000)}`, 'not JSON'],
  ])('%.20s is refused', (text, why) => {
    const read = readDocument(text, token)
    expect(read).toMatchObject({ status: 'refused', why: expect.stringContaining(why) })
  })

  test('may hold brackets in its texts', () => {
    expect(contentOf({ name: '[{'.repeat(30) }).name).toBe('[{'.repeat(30))
  })
})

type Body = Transfer | MetadataUpdate
const hashOf = (number: number): `0x${string}` => `0x${number.toString(16).padStart(64, '0')}`

const transfer = (from: Address, to: Address, ...tokenIds: bigint[]): Transfer => ({
  type: 'transfer',
  protocol: 'erc721',
  operator: null,
  from,
  to,
  tokenIds,
  amounts: tokenIds.map(() => 1n),
})
const update = (fromTokenId: bigint, toTokenId = fromTokenId): MetadataUpdate => ({
  type: 'metadataUpdate',
  protocol: 'erc721',
  fromTokenId,
  toTokenId,
})

/** A follower whose feed, contracts and servers are what the test says. */
function openWorld() {
  const store = createMemoryMetadataStore()
  const feed: FeedItem<Body>[] = []
  const world = {
    nowMs: 1_000_000,
    head: 10,
    height: 10,
    told: (tokenId: bigint): ToldUri => ({ status: 'told', uri: `https://a.example/${tokenId}` }),
    answer: async (_url: string): Promise<Fetched> => ({ status: 'fetched', text: '{"name":"a"}' }),
    asked: [] as string[],
    append(number: number, ...bodies: Body[]) {
      feed.push({
        type: 'appended',
        block: { number, hash: hashOf(number) },
        cursor: cursorOf(),
        events: bodies.map((body, logIndex) => ({
          block: { number, hash: hashOf(number), timestamp: 0 },
          transactionHash: hashOf(1),
          logIndex,
          address: ART,
          body,
        })),
      })
    },
    retract(number: number) {
      feed.push({
        type: 'retracted',
        to: { number, hash: hashOf(number) },
        cursor: cursorOf(),
      })
    },
    round: () => followMetadata(ports, 1, { aborted: false }),
    async of(tokenId: bigint): Promise<TokenMetadata> {
      const [found] = await store.read(1, [{ collection: ART, tokenId }])
      return found as TokenMetadata
    },
    lostFeed: false,
  }
  /** `move` counts the items that were read. */
  const cursorOf = (): FeedCursor => ({
    number: 0,
    hash: hashOf(0),
    commit: 'c',
    logIndex: null,
    move: feed.length + 1,
    finalized: -1,
  })
  const ports: FollowMetadataPorts = {
    metadata: store,
    gateways: GATEWAYS,
    clock: { nowMs: () => world.nowMs },
    feed: {
      newest: async () => undefined,
      async read(cursor) {
        if (world.lostFeed && cursor)
          throw new AppError('invalid', 'x', { details: { reason: 'other-branch' } })
        const at = { number: world.head, hash: hashOf(world.head) }
        return feed
          .slice(cursor?.move ?? 0)
          .map((item) => ({ ...item, cursor: { ...item.cursor, ...at } })) as never
      },
    },
    uris: {
      height: async () => world.height,
      read: async (block, tokens) => {
        expect(block.hash).toBe(hashOf(block.number))
        return tokens.map(({ tokenId }) => world.told(tokenId))
      },
    },
    outside: {
      get(url) {
        world.asked.push(url)
        return world.answer(url)
      },
    },
  }
  return world
}

describe('a follower of metadata', () => {
  test('fetches what is minted, once, and what was seen to move before it was known', async () => {
    const world = openWorld()
    world.append(1, transfer(NOBODY, ANN, 1n, 2n), transfer(ANN, BEN, 3n))
    expect(await world.round()).toMatchObject({ tried: 3, fetched: 3, hasMore: false })
    world.append(2, transfer(ANN, BEN, 1n))
    expect(await world.round()).toMatchObject({ tried: 0 })
    expect(world.asked).toHaveLength(3)
    expect(await world.of(1n)).toMatchObject({
      state: 'fetched',
      isStale: false,
      uri: 'https://a.example/1',
      content: { name: 'a' },
      block: { number: 10, hash: hashOf(10) },
      fetchedAtMs: 1_000_000,
      dueAtMs: null,
    })
  })

  test('fetches again what an event says has changed, one token or a range, and nothing else', async () => {
    const world = openWorld()
    world.append(1, transfer(NOBODY, ANN, 1n, 2n, 3n, 9n))
    await world.round()
    world.asked.length = 0
    world.append(2, update(1n), update(3n, 2n ** 256n - 1n))
    world.answer = async () => ({ status: 'fetched', text: '{"name":"revealed"}' })
    await world.round()
    expect(world.asked.toSorted()).toEqual([1, 3, 9].map((id) => `https://a.example/${id}`))
    expect((await world.of(9n)).content?.name).toBe('revealed')
    expect((await world.of(2n)).content?.name).toBe('a')
  })

  test('reads again what was read at a block that a reorganisation took back', async () => {
    const world = openWorld()
    world.append(1, transfer(NOBODY, ANN, 1n))
    await world.round()
    world.retract(9)
    world.head = 11
    await world.round()
    expect(world.asked).toHaveLength(2)
    expect((await world.of(1n)).block?.number).toBe(11)
    world.retract(11)
    await world.round()
    expect(world.asked).toHaveLength(2)
  })

  test('asks contracts where the feed has told of, so that it tells where that leaves the chain', async () => {
    const world = openWorld()
    world.append(1, transfer(NOBODY, ANN, ...Array.from({ length: 1_000 }, (_, id) => BigInt(id))))
    for (let number = 2; number <= 1_000; number++) world.append(number, transfer(NOBODY, ANN, 1n))
    expect(await world.round()).toMatchObject({ tried: 0, hasMore: true })
    // What came to the history since then the feed has not told of.
    world.head = 12
    expect(await world.round()).toMatchObject({ tried: 64 })
    expect((await world.of(0n)).block).toEqual({ number: 10, hash: hashOf(10) })
    world.retract(9)
    await world.round()
    expect((await world.of(0n)).block?.number).toBe(12)
  })

  test('takes nothing that was read before an event that came meanwhile', async () => {
    const world = openWorld()
    world.append(1, transfer(NOBODY, ANN, 1n))
    let isFirst = true
    world.answer = async () => {
      if (!isFirst) return { status: 'fetched', text: '{"name":"new"}' }
      isFirst = false
      world.append(2, update(1n))
      // Another process of the same kind reads on.
      await world.round()
      return { status: 'fetched', text: '{"name":"old"}' }
    }
    await world.round()
    await world.round()
    expect(await world.of(1n)).toMatchObject({ content: { name: 'new' }, isStale: false })
  })

  test('asks the gateways one after the other, and comes again where one may have it later', async () => {
    const world = openWorld()
    world.told = () => ({ status: 'told', uri: `ipfs://${CID}/1` })
    world.append(1, transfer(NOBODY, ANN, 1n))
    world.answer = async (url) =>
      url.includes('one.example')
        ? { status: 'failed', why: 'slow', retryAfterMs: 120_000 }
        : { status: 'missing', why: 'it answered HTTP 404' }
    await world.round()
    expect(world.asked).toHaveLength(2)
    expect(await world.of(1n)).toMatchObject({
      state: 'failed',
      failures: 1,
      dueAtMs: 1_120_000,
    })
    expect(await world.round()).toMatchObject({ tried: 0 })
    world.nowMs += 120_000
    world.answer = async (url) =>
      url.includes('two.example')
        ? { status: 'fetched', text: '{}' }
        : { status: 'failed', why: 'slow', retryAfterMs: null }
    await world.round()
    expect(await world.of(1n)).toMatchObject({ state: 'fetched', failures: 0 })
  })

  test('waits twice as long after each failure, up to a day', async () => {
    const world = openWorld()
    world.append(1, transfer(NOBODY, ANN, 1n))
    world.answer = async () => ({ status: 'failed', why: 'down', retryAfterMs: null })
    const pauses: number[] = []
    for (let round = 0; round < 14; round++) {
      await world.round()
      const { dueAtMs } = await world.of(1n)
      pauses.push((dueAtMs as number) - world.nowMs)
      world.nowMs = dueAtMs as number
    }
    expect(pauses.slice(0, 3)).toEqual([30_000, 60_000, 120_000])
    expect(pauses.at(-1)).toBe(86_400_000)
  })

  test.each<[ToldUri, string, boolean]>([
    [{ status: 'none' }, 'missing', false],
    [{ status: 'odd', why: 'no text' }, 'refused', false],
    [{ status: 'unavailable', why: 'no node' }, 'failed', true],
    [{ status: 'told', uri: 'ftp://a' }, 'refused', false],
    [{ status: 'told', uri: 'data:,[]' }, 'refused', false],
  ])('says why it has nothing where the contract tells %j', async (told, state, isTriedAgain) => {
    const world = openWorld()
    world.told = () => told
    world.append(1, transfer(NOBODY, ANN, 1n))
    await world.round()
    const found = await world.of(1n)
    expect(found).toMatchObject({ state, reason: expect.any(String), content: null })
    expect(found.dueAtMs !== null).toBe(isTriedAgain)
  })

  test('keeps what it had where it cannot be read any more, and says so', async () => {
    const world = openWorld()
    world.append(1, transfer(NOBODY, ANN, 1n))
    await world.round()
    world.append(2, update(1n))
    world.answer = async () => ({ status: 'failed', why: 'down', retryAfterMs: null })
    await world.round()
    expect(await world.of(1n)).toMatchObject({
      state: 'failed',
      isStale: true,
      content: { name: 'a' },
    })
  })

  test('asks no contract at a block that nodes have left behind', async () => {
    const world = openWorld()
    world.append(1, transfer(NOBODY, ANN, 1n))
    world.height = 1_000
    expect(await world.round()).toMatchObject({
      tried: 0,
      waitsFor: expect.stringContaining('the index is at block 10 and the chain at 1000'),
    })
    world.height = 20
    expect(await world.round()).toMatchObject({ tried: 1, waitsFor: null })
  })

  test('reads a history from its beginning that was begun anew', async () => {
    const world = openWorld()
    world.append(1, transfer(NOBODY, ANN, 1n))
    await world.round()
    world.lostFeed = true
    expect(await world.round()).toMatchObject({ tried: 1 })
  })
})
