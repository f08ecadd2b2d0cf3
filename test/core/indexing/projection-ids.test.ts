import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/node/sha256.ts'
import { halyardValues, type Source } from '#core/catalogue.ts'
import type { AnyFields } from '#core/record.ts'
import { PAIR_CREATED, SWAP_V2, SYNC } from '#core/dex/sources/uniswap-v2.ts'
import { MINT_V3, POOL_CREATED } from '#core/dex/sources/uniswap-v3.ts'
import type { Hash } from '#core/chain.ts'
import type { EventSpec } from '#core/history/event.ts'
import type { ProjectionIds } from '#core/history/head.ts'
import type { Projection } from '#core/history/projection.ts'
import { createAdmission } from '#core/indexing/admission.ts'
import { type Catalogue, createCatalogue } from '#core/indexing/catalogue.ts'
import { projectionIds } from '#core/indexing/projection-ids.ts'
import type { ContractRole, Decoder, SourceSpec } from '#core/indexing/source.ts'
import { TRANSFER } from '#core/nft/sources.ts'
import { transferFamily } from '#core/nft/transfer.ts'
import { addressOf } from '../../fakes/encode.ts'

const CHAIN_ID = 31_337
const sources: readonly Source[] = [
  { kind: 'uniswap-v2', factory: addressOf(0xf2), feePips: 3_000, startBlock: 7 },
  { kind: 'uniswap-v3', factory: addressOf(0xf3), feePips: null, startBlock: null },
  {
    kind: 'pool',
    protocol: 'uniswap-v2',
    address: addressOf(0x22),
    token0: addressOf(1),
    token1: addressOf(2),
    feePips: 2_500,
    startBlock: null,
  },
  { kind: 'erc721', address: addressOf(0x721), startBlock: 3 },
  { kind: 'erc1155', address: addressOf(0x1155), startBlock: null },
]
const [v2, v3, , erc721, erc1155] = sources as [Source, Source, Source, Source, Source]

const idsOf = (
  of: readonly Source[] = sources,
  catalogue: Catalogue = createCatalogue(halyardValues),
): ProjectionIds => projectionIds(sha256, CHAIN_ID, catalogue, of)

/** The names whose ids are not the same. */
const changedBetween = (a: ProjectionIds, b: ProjectionIds): string[] =>
  Object.keys({ ...a, ...b })
    .filter((name) => a[name] !== b[name])
    .toSorted()

/** Halyard with the decoder of a topic replaced, wherever a contract has it. */
function withDecoder(topic: Hash, change: (decoder: Decoder) => readonly [Hash, Decoder]) {
  const specs = new Map<EventSpec, EventSpec>()
  const roleOf = (role: ContractRole): ContractRole => ({
    ...role,
    decoders: new Map(
      [...role.decoders].map(([each, decoder]) => {
        if (each !== topic) return [each, decoder] as const
        const [to, changed] = change(decoder)
        specs.set(decoder.spec, changed.spec)
        return [to, changed] as const
      }),
    ),
    ...(role.children && { children: role.children.map(roleOf) }),
  })
  const changed = halyardValues.sources.map((spec): SourceSpec => ({
    ...spec,
    contractOf(source) {
      const contract = spec.contractOf(source)
      return { ...contract, role: roleOf(contract.role) }
    },
  }))
  for (const source of sources) changed.find(({ kind }) => kind === source.kind)?.contractOf(source)
  const familyOf = <F extends (typeof halyardValues.families)[number]>(family: F): F => ({
    ...family,
    events: family.events.map((spec) => specs.get(spec) ?? spec),
  })
  const families = new Map(halyardValues.families.map((family) => [family, familyOf(family)]))
  return createCatalogue({
    sources: changed,
    families: [...families.values()],
    projections: halyardValues.projections.map((each) => ({
      ...each,
      families: each.families.map((family) => families.get(family) ?? family),
    })),
  })
}

const withFields = (decoder: Decoder, fields: AnyFields): Decoder => ({
  ...decoder,
  spec: { ...decoder.spec, fields },
})

test('the ids of known sources are those that were written down', () => {
  expect(idsOf()).toMatchInlineSnapshot(`
    {
      "activity": "31337-1-95f5cb0411ed",
      "balances": "31337-1-1b5bb2fa608b",
      "contract-events": "31337-1-e3b0c44298fc",
      "fee-events": "31337-1-e3b0c44298fc",
      "holdings": "31337-2-6bf3ca5d8536",
      "liquidity-events": "31337-1-84d5c73140e0",
      "metadata-events": "31337-1-2c0950522461",
      "pool-events": "31337-1-bbd77e41d8b8",
      "pools": "31337-5-90ab881e02a6",
      "position-events": "31337-1-e3b0c44298fc",
      "positions": "31337-1-5a4eaa32f1be",
      "swap-events": "31337-1-cb0917c06733",
      "tickPages": "31337-1-2c8ee24dc220",
      "ticks": "31337-1-29e93320a0cc",
      "token-events": "31337-1-e3b0c44298fc",
      "trades": "31337-4-de57abe65527",
      "transfer-events": "31337-1-ea3d0e25acf2",
    }
  `)
})

describe('an id does not change', () => {
  test('with the order of sources and of their properties, nor with where they start', () => {
    const known = idsOf()
    const shuffled = fc.shuffledSubarray([...sources], { minLength: sources.length })
    fc.assert(
      fc.property(shuffled, fc.integer(), fc.nat(), (list, seed, startBlock) => {
        const reordered = list.map((source, index) => {
          const entries = Object.entries({ ...source, startBlock })
          const turn = Math.abs(seed + index) % entries.length
          return Object.fromEntries([...entries.slice(turn), ...entries.slice(0, turn)])
        })
        expect(idsOf(reordered as unknown as Source[])).toEqual(known)
      }),
    )
  })

  test('with the order of families, documents, decoders and orders of lists', () => {
    const { families, projections } = halyardValues
    const reordered = createCatalogue({
      ...halyardValues,
      families: families.toReversed(),
      projections: projections.map((each) => ({
        ...each,
        families: each.families.toReversed(),
        documents: each.documents
          .map((spec) => ({ ...spec, orders: { ...spec.orders, other: spec.identity } }))
          .toReversed(),
      })),
    })
    expect(idsOf(sources, reordered)).toEqual(idsOf())
  })

  test('with what no source emits', () => {
    const collections = [erc721, erc1155]
    const other = withDecoder(SYNC, (decoder) => [`0x${'9'.repeat(64)}`, decoder])
    expect(idsOf(collections, other)).toEqual(idsOf(collections))
  })
})

describe('an id changes', () => {
  const everything = Object.keys(idsOf()).filter(
    (name) => !/holdings|transfer|fee|token|metadata|position-events|contract-events/.test(name),
  )

  test.each<[string, Hash, string[]]>([
    [
      'the reserves of a V2 pool',
      SYNC,
      ['balances', 'pool-events', 'pools', 'tickPages', 'ticks', 'trades'],
    ],
    [
      'a swap of a V2 pool',
      SWAP_V2,
      ['activity', 'balances', 'pools', 'swap-events', 'tickPages', 'ticks', 'trades'],
    ],
    [
      'a mint of a V3 pool',
      MINT_V3,
      [
        'activity',
        'balances',
        'liquidity-events',
        'pools',
        'positions',
        'tickPages',
        'ticks',
        'trades',
      ],
    ],
    ['a transfer of an NFT', TRANSFER, ['activity', 'holdings', 'transfer-events']],
    // Whatever tells of a pool decides on all that is known of it.
    ['the creation of a V2 pool', PAIR_CREATED, everything],
    ['the creation of a V3 pool', POOL_CREATED, everything],
  ])('with how %s is told apart and with its fields', (_, topic, names) => {
    const known = idsOf()
    const moved = withDecoder(topic, (decoder) => [`0x${'9'.repeat(64)}`, decoder])
    expect(changedBetween(known, idsOf(sources, moved))).toEqual(names.toSorted())
    const longer = withDecoder(topic, (decoder) => [
      topic,
      withFields(decoder, { ...decoder.spec.fields, another: 'int' }),
    ])
    expect(changedBetween(known, idsOf(sources, longer))).toEqual(names.toSorted())
    const turned = withDecoder(topic, (decoder) => [
      topic,
      withFields(decoder, Object.fromEntries(Object.entries(decoder.spec.fields).toReversed())),
    ])
    expect(changedBetween(known, idsOf(sources, turned))).toEqual(names.toSorted())
  })

  test('with any decoder of any source', () => {
    const known = idsOf()
    const catalogue = createCatalogue(halyardValues)
    const topics = new Set<Hash>()
    const collect = ({ decoders, children = [] }: ContractRole): void => {
      for (const topic of decoders.keys()) topics.add(topic)
      children.forEach(collect)
    }
    for (const source of sources)
      collect((catalogue.sources.get(source.kind) as SourceSpec).contractOf(source).role)
    expect(topics.size).toBeGreaterThan(15)
    for (const topic of topics) {
      const moved = withDecoder(topic, (decoder) => [`0x${'9'.repeat(64)}`, decoder])
      expect(changedBetween(known, idsOf(sources, moved))).not.toEqual([])
    }
  })

  test('with any source, for what it feeds', () => {
    const known = idsOf()
    const without = (source: Source) =>
      changedBetween(known, idsOf(sources.filter((each) => each !== source)))
    expect(without(erc721)).toEqual(['activity', 'holdings', 'metadata-events', 'transfer-events'])
    expect(without(v2)).toEqual(everything.toSorted())
    const other = sources.map((each) => (each === v3 ? { ...v3, factory: addressOf(0xf9) } : each))
    expect(changedBetween(known, idsOf(other as Source[]))).toEqual(everything.toSorted())
    expect(projectionIds(sha256, 1, createCatalogue(halyardValues), sources)).not.toEqual(known)
  })

  test('with any field of a document and any version, for the projection and for those that read it', () => {
    const known = idsOf()
    const readersOf: Readonly<Record<string, string[]>> = {
      pools: ['balances', 'pools', 'tickPages', 'ticks', 'trades'],
      positions: ['activity', 'positions'],
    }
    for (const projection of halyardValues.projections) {
      const changed = (change: (each: Projection) => Projection) => {
        const projections = halyardValues.projections.map((each) =>
          each === projection ? change(each) : each,
        )
        const catalogue = createCatalogue({ ...halyardValues, projections })
        return changedBetween(known, idsOf(sources, catalogue))
      }
      const names = readersOf[projection.name] ?? [projection.name]
      for (const spec of projection.documents)
        for (const fields of [
          { ...spec.fields, another: 'int' as const },
          Object.fromEntries(Object.entries(spec.fields).toReversed()),
        ])
          expect(
            changed((each) => ({
              ...each,
              documents: each.documents.map((one) => (one === spec ? { ...one, fields } : one)),
            })),
          ).toEqual(names)
      const version = { name: projection.name, version: 99 }
      expect(
        changed((each) => ({
          ...each,
          ...version,
          documents: each.documents.map((one) => ({ ...one, projection: version })),
        })),
      ).toEqual(names)
    }
  })

  test('with the version of a family, for it and for all that is made of it', () => {
    const families = halyardValues.families.map((family) =>
      family.name === transferFamily.name ? { ...family, version: 99 } : family,
    )
    const projections = halyardValues.projections.map((each) => ({
      ...each,
      families: each.families.map(
        (family) => families.find(({ name }) => name === family.name) ?? family,
      ),
    }))
    const catalogue = createCatalogue({ ...halyardValues, families, projections })
    expect(changedBetween(idsOf(), idsOf(sources, catalogue))).toEqual([
      'activity',
      'holdings',
      'transfer-events',
    ])
  })

  test('for events that no projection folds as well', () => {
    const catalogue = createCatalogue({
      ...halyardValues,
      sources: halyardValues.sources.filter(({ found }) => !found),
      projections: [],
    })
    expect(changedBetween(idsOf([erc721], catalogue), idsOf([erc1155], catalogue))).toEqual([
      'metadata-events',
      'transfer-events',
    ])
  })
})

test('two sources of one contract are refused: which of them it is would depend on their order', () => {
  const twice = [erc721, { ...erc1155, address: addressOf(0x721) } as Source]
  expect(() => createAdmission(createCatalogue(halyardValues), twice)).toThrow(
    /sources: 0x0+721 is there twice; name it once/,
  )
})
