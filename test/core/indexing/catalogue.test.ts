import { expect, test } from 'vitest'
import { collectionIndexes } from '#adapters/mongo/collections.ts'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { halyardValues } from '#core/catalogue.ts'
import { COLLECTIONS } from '#core/history/catalogue-faults.ts'
import type { DocumentSpec } from '#core/history/document.ts'
import type { EventSpec } from '#core/history/event.ts'
import { type HeadEntry, viewFrom } from '#core/history/head.ts'
import type { Views } from '#core/history/view.ts'
import { createFoundContracts } from '#core/indexing/found-contracts.ts'
import { type Admission, createAdmission } from '#core/indexing/admission.ts'
import { type CatalogueValues, createCatalogue } from '#core/indexing/catalogue.ts'
import type { ContractRole, SourceSpec } from '#core/indexing/source.ts'
import { addressOf } from '../../fakes/encode.ts'
import { greeters, greetingFamily, guestDocuments, guestsProjection } from '../../toy/greetings.ts'

/** Halyard's values and one more of each, some of them changed. */
function valuesWith({
  event = {},
  family = {},
  document = {},
  projection = {},
}: {
  readonly event?: Partial<EventSpec>
  readonly family?: object
  readonly document?: Partial<DocumentSpec>
  readonly projection?: object
}): CatalogueValues {
  const greeting = {
    ...greetingFamily,
    events: greetingFamily.events.map((spec) => ({ ...spec, ...event })),
    ...family,
  }
  const guests = {
    ...guestsProjection,
    families: [greeting],
    documents: [{ ...guestDocuments, ...document }],
    ...projection,
  }
  return {
    sources: halyardValues.sources,
    families: [...halyardValues.families, greeting],
    projections: [...halyardValues.projections, guests],
  }
}

const eventFields = (name: string): { readonly event: Partial<EventSpec> } => ({
  event: { fields: { guest: 'hex', [name]: 'uint256' } },
})
const documentFields = (name: string): { readonly document: Partial<DocumentSpec> } => ({
  document: { fields: { ...guestDocuments.fields, [name]: 'int' } },
})

test.each<[string, Parameters<typeof valuesWith>[0], RegExp]>([
  ...['_id', 'chainId', 'kind', 'commit', 'parts', 'logindex', 'a.b', '$set'].map(
    (name): [string, Parameters<typeof valuesWith>[0], RegExp] => [
      `an event with a field ${name}`,
      eventFields(name),
      /field of greeted\/toy: .*(give it another name|take letters and digits)/,
    ],
  ),
  ...['_id', 'tree', 'at', 'previous', 'Body', 'at_number', 'x y'].map(
    (name): [string, Parameters<typeof valuesWith>[0], RegExp] => [
      `a document with a field ${name}`,
      documentFields(name),
      /field of guest: .*(give it another name|take letters and digits)/,
    ],
  ),
  [
    'fields that differ in capital letters alone',
    documentFields('Times'),
    /field of guest: Times is there twice/,
  ],
  [
    'documents in a collection that a store keeps',
    { document: { plural: 'undo' } },
    /plural of guest: a store keeps a collection undo/,
  ],
  [
    'a plural that is another one’s',
    { document: { plural: 'Pools' } },
    /plural of a document: Pools/,
  ],
  ['a kind of document that is no name', { document: { kind: 'a:b' } }, /kind of document: "a:b"/],
  [
    'a family that is no name',
    { family: { name: 'swap_height' } },
    /family of events: "swap_height"/,
  ],
  ['a type with a space', { event: { type: 'a b' } }, /type of greeted\/toy: "a b"/],
  ['a number below zero', { event: { number: -1 } }, /number of greeted\/toy: -1/],
  [
    'an order over a field that is not there',
    { document: { orders: { byAge: ['age', 'greeter', 'guest'] } } },
    /order byAge of guest: there is no field age/,
  ],
  [
    'an order whose places are not unique',
    { document: { orders: { byTimes: ['times', 'guest'] } } },
    /order byTimes of guest: it does not end in greeter/,
  ],
  [
    'an order over what stores sort differently',
    { document: { fields: { ...guestDocuments.fields, times: 'int256' } } },
    /order byTimes of guest: times is of the type int256/,
  ],
  [
    'an identity that may be null',
    { document: { fields: { ...guestDocuments.fields, guest: 'hex?' } } },
    /order identity of guest: guest is nullable/,
  ],
  [
    'a document without an identity',
    { document: { identity: [] } },
    /order identity of guest: it has no field/,
  ],
  [
    'a projection of a family that is not listed',
    { projection: { families: [greetingFamily] } },
    /projection guests: the family greeting is not in the catalogue; list it/,
  ],
  [
    'a projection that reads one that is not there',
    { projection: { reads: ['prices'] } },
    /projection guests: it must stand in front of prices/,
  ],
  [
    'a projection whose name is none',
    { projection: { name: 'swap-events' } },
    /projection: "swap-events"/,
  ],
  [
    'a projection without a version',
    { projection: { version: 0 } },
    /projection guests: 0 is no version/,
  ],
])('%s is refused by its name, with the remedy', (_, change, message) => {
  expect(() => createCatalogue(valuesWith(change))).toThrow(message)
})

test('a catalogue tells all of its faults at once', () => {
  const change = { event: { number: -1 }, document: { plural: 'undo' } }
  expect(() => createCatalogue(valuesWith(change))).toThrow(/number of greeted.*plural of guest/)
})

test('every collection that a store keeps for itself is reserved', () => {
  const own = Object.keys(collectionIndexes({ documents: [] }))
  expect(own.filter((name) => !COLLECTIONS.includes(name))).toEqual([])
})

const catalogue = createCatalogue(valuesWith({}))
const roleOf = (change: (role: ContractRole) => ContractRole): SourceSpec => ({
  kind: 'greeter',
  contractOf(source) {
    const contract = greeters.contractOf(source as never)
    return { ...contract, role: change(contract.role) }
  },
})
const admit = (spec: SourceSpec) => {
  const source = { kind: 'greeter', address: addressOf(0x9ee7), startBlock: null }
  return createAdmission({ events: catalogue.events, sources: new Map([['greeter', spec]]) }, [
    source,
  ])
}

test('a source is refused whose logs become events of no family', () => {
  const other = roleOf((role) => ({
    ...role,
    decoders: new Map(
      [...role.decoders].map(([topic, decoder]) => [
        topic,
        { ...decoder, spec: { ...decoder.spec } },
      ]),
    ),
  }))
  expect(() => admit(other)).toThrow(/events greeted\/toy of greeter are in a family/)
})

test('a source is refused whose contracts create contracts that create others', () => {
  const leaf: ContractRole = { name: 'leaf', decoders: new Map() }
  const middle: ContractRole = { name: 'middle', decoders: new Map(), children: [leaf] }
  expect(() =>
    admit(roleOf((role) => ({ ...role, decoders: new Map(), children: [leaf] }))),
  ).not.toThrow()
  expect(() =>
    admit(roleOf((role) => ({ ...role, decoders: new Map(), children: [middle] }))),
  ).toThrow(/middle, which a contract creates, creates none itself/)
})

test('two lists of the same documents each name their contracts', async () => {
  const role: ContractRole = { name: 'leaf', decoders: new Map() }
  const [one, other] = [addressOf(0x51), addressOf(0x52)]
  const listing = (kind: string, address: typeof one): SourceSpec => ({
    kind,
    contractOf: () => ({ address: addressOf(kind.length), role }),
    found: { spec: guestDocuments, contractOf: () => ({ address, role, number: 1 }) },
  })
  const specs = [listing('a', one), listing('bb', other)]
  const store = createMemoryChainStore(createMemoryTables(), undefined, catalogue)
  const id = { tree: '1-1-000000000000', kind: 'guest', key: [one, one] }
  const commit = { number: 1, commit: 'c1', move: 2 }
  const value = { greeter: one, guest: one, times: 1n }
  const version = { ...commit, value }
  await store.writer.replace([{ id, version, previous: null, expected: null }])
  const head = { chainId: 1, ...commit, projections: { guests: id.tree } }
  const view = viewFrom(head as unknown as HeadEntry)
  const followed: string[] = []
  const found = createFoundContracts(
    {
      ...store,
      views: { canonical: async () => () => true } as unknown as Views,
      catalogue: { ...catalogue, sources: new Map(specs.map((spec) => [spec.kind, spec])) },
    },
    specs.map(({ kind }) => ({ kind, startBlock: null })),
    { follow: ({ address }) => followed.push(address) > 0 } as Admission,
  )
  await found.readFrom(view)
  expect(followed).toEqual([one, other])
})
