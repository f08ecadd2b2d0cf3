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

/** A batch, divided among the projections. An event may be given to several. */
export function partsOf({ projections }: Catalogue, events: readonly ChainEvent[]): Part[] {
  const parts = projections.map((projection) => ({ projection, events: [] as ChainEvent[] }))
  const byType = new Map<string, ChainEvent[][]>()
  for (const event of events) {
    const { type } = event.body
    let lists = byType.get(type)
    if (!lists) {
      lists = parts
        .filter(({ projection }) => typesOf(projection).has(type))
        .map((part) => part.events)
      byType.set(type, lists)
    }
    for (const list of lists) list.push(event)
  }
  return parts
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
