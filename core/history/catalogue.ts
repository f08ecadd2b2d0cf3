import { AppError, assert } from '#core/errors.ts'
import { historyFaults } from './catalogue-faults.ts'
import type { DocumentSpec } from './document.ts'
import type { EventBody, EventFamily, EventSpec } from './event.ts'

/** The values that a history holds, as plain data: it can be given to another thread. */
export type HistoryValues = {
  readonly families: readonly EventFamily[]
  readonly documents: readonly DocumentSpec[]
}

/** The values that a history holds, to be looked up. A store is opened with it. */
export type HistoryCatalogue = HistoryValues & {
  /** All kinds of events, by their number. */
  readonly events: readonly EventSpec[]
  /** @throws AppError `unavailable` for a kind that the catalogue does not have: a store names it, so it is another version's */
  document(kind: string): DocumentSpec
  /** @throws AppError `unavailable` as for documents */
  event(kind: string): EventSpec
  /** @throws AppError `unavailable` as for documents */
  eventOfNumber(number: number): EventSpec
  kindOf(body: EventBody): EventSpec
  familyOf(spec: EventSpec): EventFamily
}

/** @throws Error that names each value which no store can hold, or not beside another one: see `historyFaults` */
export function createHistoryCatalogue({ families, documents }: HistoryValues): HistoryCatalogue {
  const events = families.flatMap((family) => family.events).toSorted((a, b) => a.number - b.number)
  refuseFaults(historyFaults({ families, documents }))

  const documentByKind = new Map(documents.map((spec) => [spec.kind, spec]))
  const eventByKind = new Map(events.map((spec) => [spec.kind, spec]))
  const eventByNumber = new Map(events.map((spec) => [spec.number, spec]))
  /** By type and protocol: looking a name up is quicker than putting it together, a million times. */
  const eventByBody = new Map<string, Map<string, EventSpec>>()
  for (const spec of events) {
    const ofType = eventByBody.get(spec.type) ?? new Map<string, EventSpec>()
    eventByBody.set(spec.type, ofType.set(spec.protocol, spec))
  }
  const familyByType = new Map(
    families.flatMap((family) => family.events.map(({ type }) => [type, family] as const)),
  )
  const found = <V>(value: V | undefined, name: string): V => {
    if (value !== undefined) return value
    throw otherVersion(name)
  }

  return {
    families,
    documents,
    events,
    document: (kind) => found(documentByKind.get(kind), `documents of the kind "${kind}"`),
    event: (kind) => found(eventByKind.get(kind), `events of the kind "${kind}"`),
    eventOfNumber: (number) => found(eventByNumber.get(number), `events of the kind ${number}`),
    kindOf({ type, protocol }) {
      const spec = eventByBody.get(type)?.get(protocol)
      assert(spec, `an event ${type}/${protocol} is of the catalogue`)
      return spec
    },
    familyOf(spec) {
      const family = familyByType.get(spec.type)
      assert(family, `the event ${spec.kind} is of the catalogue`)
      return family
    },
  }
}

const otherVersion = (name: string): AppError =>
  new AppError(
    'unavailable',
    `store: it was written by another version of Halyard: it has ${name}, which this one does not know; use that ` +
      'version, or index into a fresh store',
    { details: { field: 'store', reason: 'other-version' } },
  )

/** @throws Error with all of them: who writes a catalogue mends them at once */
export function refuseFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(`the catalogue cannot be stored: ${faults.join('; ')}`)
}
