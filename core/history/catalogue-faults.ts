import { type FieldType, scalarOf } from '#core/record.ts'
import type { HistoryValues } from './catalogue.ts'
import type { DocumentSpec } from './document.ts'
import type { EventSpec } from './event.ts'

/*
 * Stores make tables, columns, collections and fields of the names in a catalogue. What cannot be stored, or would be
 * stored over something else, is found here, before a store is opened.
 */

/** What every event has besides the fields of its body, in one store or another. */
const EVENT_FIELDS = [
  'address',
  'chainId',
  'commit',
  'family',
  'hash',
  'kind',
  'logIndex',
  'number',
  'parts',
  'protocol',
  'timestamp',
  'transactionHash',
  'type',
]
/** The same of documents. */
const DOCUMENT_FIELDS = ['at', 'body', 'previous', 'tree']
/** Collections that a store keeps for itself. */
export const COLLECTIONS = [
  'about',
  'blocks',
  'eventParts',
  'events',
  'heads',
  'holds',
  'journal',
  'leases',
  'migrations',
  'migrationTurn',
  'quarantine',
  'rawParts',
  'rawScopes',
  'rawSegments',
  'settled',
  'tokens',
  'undo',
  'upkeep',
  'workRanges',
]

/** Names of tables, columns and collections: SQL needs no quotes, and no other name can be made of two of them. */
const NAME = /^[a-zA-Z][a-zA-Z0-9]*$/
/** A protocol is stored as text only. */
const PROTOCOL = /^[a-zA-Z][a-zA-Z0-9-]*$/
/** Stores compare these alike. */
const ORDERED: ReadonlySet<FieldType> = new Set<FieldType>(['text', 'hex', 'int', 'uint256'])

/** What of these values no store can hold, each with the remedy; empty where all is well. */
export function historyFaults({ families, documents }: HistoryValues): string[] {
  const events = families.flatMap((family) => family.events)
  const types = families.flatMap((family) => [...new Set(family.events.map(({ type }) => type))])
  return [
    ...twice(
      'family of events',
      families.map(({ name }) => name),
    ),
    ...twice(
      'kind of event',
      events.map(({ kind }) => kind),
    ),
    ...twice(
      'number of an event',
      events.map(({ number }) => String(number)),
    ),
    ...twice('type of event in two families', types),
    ...twice(
      'kind of document',
      documents.map(({ kind }) => kind),
    ),
    ...twice(
      'plural of a document',
      documents.map(({ plural }) => plural),
    ),
    ...families.flatMap(({ name }) => misnamed('family of events', name)),
    ...events.flatMap(eventFaults),
    ...documents.flatMap(documentFaults),
  ]
}

/** Two names that some store takes for one: SQL makes no difference between capital letters and small ones. */
export function twice(what: string, names: readonly string[]): string[] {
  const seen = new Set<string>()
  return names.flatMap((name) => {
    const isSeen = seen.has(name.toLowerCase())
    seen.add(name.toLowerCase())
    return isSeen ? [`${what}: ${name} is there twice; give one of them another name`] : []
  })
}

export const misnamed = (what: string, name: string, pattern = NAME): string[] =>
  pattern.test(name)
    ? []
    : [`${what}: "${name}" is no name; take letters and digits, a letter first`]

const isOneOf = (names: readonly string[], name: string): boolean =>
  names.some((each) => each.toLowerCase() === name.toLowerCase())

function fieldFaults(what: string, fields: readonly string[], taken: readonly string[]): string[] {
  return [
    ...twice(`field of ${what}`, fields),
    ...fields.flatMap((name) => misnamed(`field of ${what}`, name)),
    ...fields
      .filter((name) => isOneOf(taken, name))
      .map(
        (name) => `field of ${what}: ${name} is what stores keep beside it; give it another name`,
      ),
  ]
}

const eventFaults = ({ kind, type, protocol, number, fields }: EventSpec): string[] => [
  ...misnamed(`type of ${kind}`, type),
  ...misnamed(`protocol of ${kind}`, protocol, PROTOCOL),
  ...(Number.isSafeInteger(number) && number >= 0
    ? []
    : [`number of ${kind}: ${number} is none; take one from 0 on that no other kind has`]),
  ...fieldFaults(kind, Object.keys(fields), EVENT_FIELDS),
]

function documentFaults(spec: DocumentSpec): string[] {
  const { kind, plural, fields, identity, orders } = spec
  const walks = Object.entries({ identity, ...orders })
  return [
    ...misnamed('kind of document', kind),
    ...misnamed(`plural of ${kind}`, plural),
    ...(isOneOf(COLLECTIONS, plural)
      ? [`plural of ${kind}: a store keeps a collection ${plural} of its own; take another word`]
      : []),
    ...fieldFaults(kind, Object.keys(fields), DOCUMENT_FIELDS),
    ...twice(`order of ${kind}`, ['identity', ...Object.keys(orders)]),
    ...walks.flatMap(([name, walk]) => [
      ...misnamed(`order of ${kind}`, name),
      ...orderFaults(spec, name, walk),
    ]),
  ]
}

function orderFaults(
  { kind, fields, identity }: DocumentSpec,
  name: string,
  walk: readonly string[],
) {
  const what = `order ${name} of ${kind}`
  if (walk.length === 0) return [`${what}: it has no field; name at least one`]
  const missing = identity.filter((field) => !walk.includes(field))
  return [
    ...twice(what, walk),
    ...walk.flatMap((field) => {
      const type = fields[field]
      if (type === undefined) return [`${what}: there is no field ${field}`]
      if (ORDERED.has(type)) return []
      return [
        `${what}: ${field} is ${type === scalarOf(type) ? 'of the type' : 'nullable, of the type'} ${type}, which stores ` +
          `sort differently; take one of ${[...ORDERED].join(', ')}`,
      ]
    }),
    ...(missing.length > 0
      ? [
          `${what}: it does not end in ${missing.join(', ')}, so that places in it would not be unique`,
        ]
      : []),
  ]
}
