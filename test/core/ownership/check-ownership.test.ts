import { describe, expect, test } from 'vitest'
import { createEthersDelegationReader } from '#adapters/ethers/delegation-reader.ts'
import { createEthersOwnerReader } from '#adapters/ethers/owner-reader.ts'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { createViews } from '#core/history/view.ts'
import { createAsk } from '#core/ownership/ask.ts'
import { createBlockAges } from '#core/ownership/block-ages.ts'
import { type TokenMetadata, newMetadata } from '#core/nft/metadata/metadata.ts'
import type { MetadataStore } from '#core/nft/metadata/ports.ts'
import { refuseUnknownTraits } from '#core/ownership/refuse-unknown-traits.ts'
import { createTraitIndex } from '#core/ownership/trait-index.ts'
import { createOwnershipChecker } from '#core/ownership/checker.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import type {
  DelegationList,
  OwnerReader,
  OwnershipRead,
  ReadAnswer,
} from '#core/ownership/ports.ts'
import type { Rule } from '#core/ownership/rule.ts'
import { addressOf } from '../../fakes/encode.ts'
import { createMemoryMetadataStore } from '../../fakes/metadata-store.ts'
import { createFakeClock } from '../../fakes/index-app.ts'

const ART = addressOf(0x721)
const [ANN, BEN, CAT, DAN] = [addressOf(0xa), addressOf(0xb), addressOf(0xc), addressOf(0xd)]
const ZERO = `0x${'0'.repeat(64)}` as const
const hashOf = (digit: string) => `0x${digit.repeat(64)}` as const
const outage = (): never => {
  throw new AppError('unavailable', 'chain.rpc: no node answers')
}
const value = (of: bigint): ReadAnswer => ({ status: 'value', value: of, isContract: false })

/** Ann holds one token of every collection. */
const asItIs = (read: OwnershipRead): ReadAnswer => {
  if (read.of === 'interface') return value(read.standard === 'erc721' ? 1n : 0n)
  return value(read.of === 'balance' && read.account === ANN ? 1n : 0n)
}

function world() {
  const store = createMemoryChainStore(createMemoryTables())
  const clock = createFakeClock()
  const reads: OwnershipRead[] = []
  const state = {
    block: { number: 9, hash: hashOf('9'), timestamp: 900 },
    answer: asItIs,
    isAway: { block: false, reads: false },
    delegations: { status: 'listed', delegations: [] } as DelegationList,
  }
  const owners: OwnerReader = {
    blockAt: async () => (state.isAway.block ? outage() : state.block),
    async read(_block, asked) {
      if (state.isAway.reads) outage()
      reads.push(...asked)
      return asked.map((each) => state.answer(each))
    },
    timestamps: async (numbers) => numbers.map((number) => number * 100),
  }
  const checker = createOwnershipChecker(
    {
      ...store,
      views: createViews(store.heads, 1),
      owners,
      collections: new Set(),
      isKnownErc721: () => false,
      escrows: [],
      traits: null,
      delegations: {
        registry: addressOf(0xde1),
        rights: ZERO,
        reader: { incoming: async () => state.delegations },
      },
      clock,
    },
    1_000,
  )
  const rule = parseRule({ erc721: { collection: ART } })
  const saidOf = async (of: Rule, ...people: Address[][]) =>
    (await checker.check({ rule: of, people, finality: 'latest' })).map(
      ({ answer, reason }) => `${answer} ${reason}`,
    )
  const said = (...people: Address[][]) => saidOf(rule, ...people)
  return { state, clock, reads, said, saidOf }
}

describe('a decision', () => {
  test('is not known while no node can be asked, wherever it fails, and never a no', async () => {
    for (const away of [
      { block: true, reads: false },
      { block: false, reads: true },
    ]) {
      const { state, said, clock } = world()
      state.isAway = away
      expect(await said([ANN], [BEN])).toEqual(['unknown unavailable', 'unknown unavailable'])
      state.isAway = { block: false, reads: false }
      await clock.sleep(2_000)
      expect(await said([ANN], [BEN])).toEqual(['yes met', 'no too-few'])
    }
  })

  test('that asks for delegations is not known where the registry does not tell of them', async () => {
    const { state, saidOf } = world()
    const rule = parseRule({ erc721: { collection: ART, delegates: true } })
    for (const [status, reason] of [
      ['no-code', 'no-code'],
      ['odd-answer', 'odd-answer'],
      ['no-answer', 'no-answer'],
      ['too-many', 'too-many-tokens'],
    ] as const) {
      state.delegations = { status }
      // What somebody holds needs no registry.
      expect(await saidOf(rule, [ANN], [BEN])).toEqual(['yes met', `unknown ${reason}`])
    }
    const all = { of: 'all', rights: ZERO, contract: addressOf(0), tokenId: 0n } as const
    state.delegations = { status: 'listed', delegations: [{ ...all, vault: ANN }] }
    state.answer = (read) => (read.of === 'delegated' ? { status: 'no-answer' } : asItIs(read))
    expect(await saidOf(rule, [BEN])).toEqual(['unknown no-answer'])
    // A list that names what the registry does not stand for is a no.
    state.answer = (read) => (read.of === 'delegated' ? value(0n) : asItIs(read))
    expect(await saidOf(rule, [BEN])).toEqual(['no too-few'])
  })

  test('looks at so many delegations, and says that there are more', async () => {
    const { state, saidOf } = world()
    const rule = parseRule({ erc721: { collection: ART, delegates: true } })
    const all = { of: 'all', rights: ZERO, contract: addressOf(0), tokenId: 0n } as const
    state.answer = (read) => (read.of === 'delegated' ? value(1n) : asItIs(read))
    const spam = Array.from({ length: 60 }, (_, index) => ({
      ...all,
      vault: addressOf(0x5000 + index),
    }))
    // Whoever holds nothing stands in nobody's way.
    state.delegations = { status: 'listed', delegations: spam }
    expect(await saidOf(rule, [BEN])).toEqual(['no too-few'])
    state.delegations = { status: 'listed', delegations: [...spam, { ...all, vault: ANN }] }
    expect(await saidOf(rule, [CAT])).toEqual(['yes delegated'])
    state.answer = (read) =>
      read.of === 'delegated' || read.of === 'balance' ? value(1n) : asItIs(read)
    const many = parseRule({ erc721: { collection: ART, delegates: true, min: '60' } })
    expect(await saidOf(many, [CAT])).toEqual(['unknown too-many-tokens'])
    // Of those that the contract does not tell of nothing is known.
    state.delegations = { status: 'listed', delegations: spam }
    state.answer = (read) => {
      if (read.of === 'delegated') return value(1n)
      const isSilent = read.of === 'balance' && read.account === spam[0]?.vault
      return isSilent ? { status: 'no-answer' } : asItIs(read)
    }
    expect(await saidOf(rule, [DAN])).toEqual(['unknown no-answer'])
  })

  test('counts what is delegated of punks, all of them or one', async () => {
    const { state, saidOf } = world()
    const rule = (more: object = {}) =>
      parseRule({ punks: { collection: ART, delegates: true, ...more } })
    const one = { of: 'erc721', rights: ZERO, contract: ART, tokenId: 7n, vault: ANN } as const
    state.delegations = { status: 'listed', delegations: [one] }
    state.answer = (read) => {
      if (read.of === 'delegated') return value(read.scope === 'erc721' ? 1n : 0n)
      if (read.of === 'punk-owner') return value(read.tokenId === 7n ? BigInt(ANN) : 5n)
      return asItIs(read)
    }
    expect(await saidOf(rule(), [BEN])).toEqual(['yes delegated'])
    expect(await saidOf(rule({ tokenIds: ['8'] }), [BEN])).toEqual(['no too-few'])
    expect(await saidOf(parseRule({ punks: { collection: ART } }), [BEN])).toEqual(['no too-few'])
    state.delegations = { status: 'listed', delegations: [{ ...one, tokenId: 9n }] }
    expect(await saidOf(rule(), [CAT])).toEqual(['no too-few'])
  })

  test('is taken from memory at the same block, and made anew at another', async () => {
    const { state, reads, said, clock } = world()
    await said([ANN], [BEN])
    const asked = reads.length
    await clock.sleep(2_000)
    await said([BEN], [ANN])
    expect(reads).toHaveLength(asked)
    state.block = { number: 9, hash: hashOf('a'), timestamp: 900 }
    state.answer = (read) => (read.of === 'balance' ? value(0n) : asItIs(read))
    await clock.sleep(2_000)
    expect(await said([ANN])).toEqual(['no too-few'])
  })

  test('that is not known is not remembered', async () => {
    const { state, said } = world()
    state.answer = (read) => (read.of === 'balance' ? { status: 'no-answer' } : asItIs(read))
    expect(await said([ANN])).toEqual(['unknown no-answer'])
    state.answer = asItIs
    expect(await said([ANN])).toEqual(['yes met'])
  })

  test('asks nothing twice, however many people and parts ask it', async () => {
    const { reads, said } = world()
    await said([ANN], [ANN, BEN], [BEN])
    expect(reads).toHaveLength(3)
  })
})

describe('the age of blocks', () => {
  const ages = (away = false) => {
    const asked: number[] = []
    const wasMadeBy = createBlockAges(
      {
        async timestamps(numbers) {
          if (away) outage()
          asked.push(...numbers)
          return numbers.map((number) => number * 12)
        },
      },
      createFakeClock(),
    )
    return { asked, wasMadeBy }
  }

  test('takes a thousand blocks ten questions, and one block one', async () => {
    const { asked, wasMadeBy } = ages()
    const numbers = Array.from({ length: 1_000 }, (_, index) => 5_000 - index)
    const told = await Promise.all(numbers.map((number) => wasMadeBy(number, 4_500 * 12)))
    expect(told).toEqual(numbers.map((number) => number <= 4_500))
    expect(asked.length).toBeLessThanOrEqual(10)
    asked.length = 0
    expect(await wasMadeBy(7, 7 * 12)).toBe(true)
    expect(await wasMadeBy(8, 7 * 12)).toBe(false)
    expect(asked).toEqual([7, 8])
  })

  test('is not known while no node tells', async () => {
    expect(await ages(true).wasMadeBy(7, 84)).toBeUndefined()
  })
})

test('a request that comes to too many questions has no answer, and never a no', async () => {
  const ask = createAsk(
    { read: async (_block, reads) => reads.map(asItIs) },
    { number: 9, hash: hashOf('9'), timestamp: 900 },
    createFakeClock(),
    10,
  )
  const reads = Array.from({ length: 11 }, (_, index) =>
    ask({ of: 'balance', contract: ART, account: addressOf(index + 1) }),
  )
  const told = await Promise.all(reads)
  expect(told.at(-2)).toMatchObject({ status: 'value' })
  expect(told.at(-1)).toEqual({ status: 'too-many' })
})

describe('questions to contracts', () => {
  const block = { number: 9, hash: hashOf('9') }
  const balances = (count: number): OwnershipRead[] =>
    Array.from({ length: count }, (_, index) => ({
      of: 'balance',
      contract: ART,
      account: addressOf(index + 1),
    }))
  /** One answer of owner-lens.sol: a word. */
  const told = (of: number): string => `01${of.toString(16).padStart(64, '0')}`

  test('that a call had no gas left for are asked again', async () => {
    const calls: unknown[][] = []
    const reader = createEthersOwnerReader(async (method, params) => {
      calls.push([method, ...params])
      return `0x${told(calls.length)}${calls.length === 1 ? told(1) : ''}`
    }, 1)
    const answers = await reader.read(block, balances(4))
    expect(answers.map((each) => each.status === 'value' && each.value)).toEqual([1n, 1n, 2n, 3n])
    expect(calls.map(([method, , at]) => [method, at])).toEqual(
      Array.from({ length: 3 }, () => [
        'eth_call',
        { blockHash: block.hash, requireCanonical: true },
      ]),
    )
  })

  test.each([
    ['nothing', '0x'],
    ['half a word', '0x01ff'],
    ['no bytes', { error: 1 }],
    ['more answers than questions', `0x${told(1)}${told(1)}`],
    ['an outcome that there is not', `0x99${told(1).slice(2)}`],
  ])('are not answered by a node that gives %s', async (_, result) => {
    const reader = createEthersOwnerReader(async () => result, 1)
    await expect(reader.read(block, balances(1))).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('fail as the transport does, with its own words', async () => {
    const reader = createEthersOwnerReader(async () => outage(), 1)
    await expect(reader.read(block, balances(1))).rejects.toThrow('chain.rpc: no node answers')
    await expect(reader.blockAt('safe')).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

describe('the list of a registry of delegations', () => {
  /** `getIncomingDelegations`, `getIncomingDelegationHashes` and `getDelegationsFromHashes`. */
  const [LISTED, NAMED, PAGED] = ['0x42f87c25', '0x063182a5', '0x4705ed38']
  const word = (of: bigint): string => of.toString(16).padStart(64, '0')
  const delegation = (type: bigint): string =>
    [type, BigInt(ANN), BigInt(BEN), 5n, BigInt(ART), 7n, 1n].map(word).join('')
  const listOf = (result: unknown): Promise<DelegationList> =>
    createEthersDelegationReader(async () => {
      if (result instanceof Error) throw result
      return result
    }, 1).incoming({ number: 1, hash: hashOf('1') }, addressOf(0xde1), ANN)

  test('names what is delegated, and leaves out what was taken back and what is of no known kind', async () => {
    const list = `0x${word(32n)}${word(3n)}${delegation(3n)}${delegation(0n)}${delegation(9n)}`
    expect(await listOf(list)).toEqual({
      status: 'listed',
      delegations: [
        { of: 'erc721', vault: BEN, rights: `0x${word(5n)}`, contract: ART, tokenId: 7n },
      ],
    })
    expect(await listOf(`0x${word(32n)}${word(0n)}`)).toMatchObject({ delegations: [] })
  })

  test.each([
    ['0x', 'no-code'],
    [`0x${word(1n)}`, 'odd-answer'],
    [`0x${word(32n)}${word(2n)}${delegation(1n)}`, 'odd-answer'],
    [`0x${word(32n)}${word(2n ** 255n)}`, 'odd-answer'],
    [`0x${word(64n)}${word(1n)}${delegation(1n)}`, 'odd-answer'],
    [Object.assign(new Error('reverted'), { kind: 'reverted' }), 'no-answer'],
  ])('%.80s says nothing: %s', async (result, status) => {
    expect(await listOf(result)).toEqual({ status })
  })

  test('that is too long for one answer is read by the names of its delegations, page by page', async () => {
    const registry = (count: number, fails?: string) => {
      const asked: string[] = []
      const reader = createEthersDelegationReader(async (_method, [{ data }]: any) => {
        asked.push(data.slice(0, 10))
        if (asked.at(-1) === fails) throw Object.assign(new Error('gas'), { kind: 'reverted' })
        switch (data.slice(0, 10)) {
          case LISTED:
            throw Object.assign(new Error('out of gas'), { kind: 'reverted' })
          case NAMED:
            return `0x${word(32n)}${word(BigInt(count))}${Array.from({ length: count }, (_, index) => word(BigInt(index))).join('')}`
          default: {
            const names = (data.slice(10).match(/.{64}/g) as string[]).slice(2)
            const list = names.map((name) => delegation(BigInt(`0x${name}`) === 4_000n ? 3n : 1n))
            return `0x${word(32n)}${word(BigInt(list.length))}${list.join('')}`
          }
        }
      }, 1)
      return {
        asked,
        list: () => reader.incoming({ number: 1, hash: hashOf('1') }, addressOf(0xde1), ANN),
      }
    }
    const spammed = registry(4_001)
    const list = await spammed.list()
    if (list.status !== 'listed') throw new Error(list.status)
    expect(list.delegations).toHaveLength(4_001)
    expect(list.delegations.at(-1)).toMatchObject({ of: 'erc721', vault: BEN })
    expect(spammed.asked).toEqual([LISTED, NAMED, PAGED, PAGED, PAGED])
    expect(await registry(10_001).list()).toEqual({ status: 'too-many' })
    expect(await registry(4_001, PAGED).list()).toEqual({ status: 'no-answer' })
  })

  test('is not known where no node tells, or what it answers is none', async () => {
    for (const result of [7, '0xzz', new AppError('unavailable', 'away')])
      await expect(listOf(result)).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

describe('a rule on traits', () => {
  const rule = parseRule({ traits: { collection: ART, traits: { Fur: ['Gold', 5] }, min: '1' } })
  const token = { collection: ART, tokenId: 1n, standard: 'erc721' } as const
  const noMedia = { kind: 'none', uri: null, mediaType: null } as const
  /** A document that names a trait. */
  const fetched = (before: TokenMetadata): TokenMetadata => ({
    ...before,
    version: before.version + 1,
    state: 'fetched',
    isStale: false,
    dueAtMs: null,
    block: { number: 7, hash: hashOf('7') },
    fetchedAtMs: 5_000,
    content: {
      name: null,
      description: null,
      image: noMedia,
      animation: noMedia,
      externalUrl: null,
      attributes: [{ traitType: 'Sky', value: 'Blue', displayType: null }],
    },
  })

  test('that names one which no token has is refused by its name, once all tokens are known', async () => {
    const refused = (metadata: MetadataStore | undefined) => refuseUnknownTraits(metadata, 1, rule)
    await expect(refused(undefined)).rejects.toMatchObject({ details: { reason: 'not-stored' } })
    const metadata = createMemoryMetadataStore()
    await refused(metadata)
    await metadata.want(1, [token, { ...token, tokenId: 2n }], 0, false)
    await metadata.put(1, fetched(newMetadata(token, 0)))
    // Another one may have it.
    await refused(metadata)
    await metadata.put(1, fetched(newMetadata({ ...token, tokenId: 2n }, 0)))
    await expect(refused(metadata)).rejects.toMatchObject({
      message: expect.stringContaining('has a trait "Fur"; there are Sky'),
      details: { reason: 'unknown-trait', field: 'rule.traits' },
    })
  })

  test('is looked up once for each collection, and refuses none where not all names are told', async () => {
    let asked = 0
    const ofNames = (count: number) => ({
      async traitTypes() {
        asked++
        return Array.from({ length: count }, (_, index) => `Trait ${index}`)
      },
      states: async () => ({ wanted: 0, fetched: 9, missing: 0, refused: 0, failed: 0 }),
    })
    const traits = (name: string) => ({ traits: { collection: ART, traits: { [name]: 'Gold' } } })
    const twice = parseRule({ any: [traits('Trait 1'), traits('Trait 2')] })
    await refuseUnknownTraits(ofNames(999), 1, twice)
    expect(asked).toBe(1)
    await expect(refuseUnknownTraits(ofNames(999), 1, rule)).rejects.toMatchObject({
      details: { reason: 'unknown-trait' },
    })
    await refuseUnknownTraits(ofNames(1_000), 1, rule)
  })

  test('knows nothing of what was not fetched, or may have changed since', async () => {
    const metadata = createMemoryMetadataStore()
    const traits = createTraitIndex(metadata, 1)
    const of = () => traits?.traitsOf(ART, [1n])
    expect(await of()).toEqual(['unknown'])
    await metadata.want(1, [token], 0, false)
    expect(await of()).toEqual(['unknown'])
    await metadata.put(1, fetched(newMetadata(token, 0)))
    expect(await of()).toEqual([
      {
        attributes: [{ traitType: 'Sky', value: 'Blue', displayType: null }],
        document: { block: { number: 7, hash: hashOf('7') }, fetchedAtMs: 5_000 },
      },
    ])
    await metadata.want(1, [token], 5, true)
    expect(await of()).toEqual(['unknown'])
  })

  test('is not known where metadata is not kept', async () => {
    const { saidOf } = world()
    expect(await saidOf(rule, [ANN])).toEqual(['unknown metadata-not-kept'])
  })
})
