import type { ChainEvent } from '#core/history/event.ts'
import type {
  DocumentsAtHand,
  Fold,
  FoldInput,
  Projection,
  Wanted,
} from '#core/history/projection.ts'
import type { Catalogue } from './catalogue.ts'

/** The events of a batch that a projection is given. */
export type Part = { readonly projection: Projection; readonly events: readonly ChainEvent[] }

const typesByProjection = new WeakMap<Projection, ReadonlySet<string>>()

/** The types of the events that a projection is given. */
function typesOf(projection: Projection): ReadonlySet<string> {
  const known = typesByProjection.get(projection)
  if (known) return known
  const types = new Set(projection.families.flatMap(({ events }) => events.map(({ type }) => type)))
  typesByProjection.set(projection, types)
  return types
}

/** A batch, divided among the projections. An event may be given to several; those that are given the same share a list. */
export function partsOf({ projections }: Catalogue, events: readonly ChainEvent[]): Part[] {
  const present = typesIn(events)
  const lists = new Map<string, ChainEvent[]>()
  const listsOf = new Map(present.map((type) => [type, [] as ChainEvent[][]]))
  const parts = projections.map((projection): Part => {
    const types = present.filter((type) => typesOf(projection).has(type))
    if (types.length === present.length) return { projection, events }
    const name = types.join()
    let list = lists.get(name)
    if (!list) {
      list = []
      lists.set(name, list)
      for (const type of types) listsOf.get(type)?.push(list)
    }
    return { projection, events: list }
  })
  if (lists.size > 0)
    for (const event of events) addToAll(listsOf.get(event.body.type) as ChainEvent[][], event)
  return parts
}

/** The types that events are of. */
function typesIn(events: readonly ChainEvent[]): string[] {
  const types = new Set<string>()
  for (const { body } of events) types.add(body.type)
  return [...types]
}

/** A loop of its own: one within the loop over all events is compiled anew each time that it is left. */
function addToAll(lists: readonly ChainEvent[][], event: ChainEvent): void {
  for (const list of lists) list.push(event)
}

/** The documents that these events read, as far as the events alone tell. */
export const wantedByEvents = (parts: readonly Part[]): Wanted[] =>
  parts.flatMap(({ projection, events }) => projection.wants(events))

/** The others, once those are at hand. */
export const wantedThen = (parts: readonly Part[], documents: DocumentsAtHand): Wanted[] =>
  parts.flatMap(({ projection, events }) => projection.wantsThen?.(events, documents) ?? [])

/** Begins a fold over all projections: each event passes them in the order of the catalogue. */
export function beginFold({ projections }: Catalogue, input: FoldInput): Fold {
  const folds = projections.map((projection) => ({
    fold: projection.begin(input),
    types: typesOf(projection),
  }))
  const byType = new Map<string, readonly Fold[]>()
  function foldsOf(type: string): readonly Fold[] {
    const known = byType.get(type)
    if (known) return known
    const found = folds.filter(({ types }) => types.has(type)).map(({ fold }) => fold)
    byType.set(type, found)
    return found
  }
  return {
    apply(event) {
      for (const fold of foldsOf(event.body.type)) fold.apply(event)
    },
    finish() {
      for (const { fold } of folds) fold.finish()
    },
  }
}
