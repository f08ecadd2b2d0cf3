import {
  createHistoryCatalogue,
  type HistoryCatalogue,
  type HistoryValues,
  refuseFaults,
} from '#core/history/catalogue.ts'
import { misnamed, twice } from '#core/history/catalogue-faults.ts'
import type { EventFamily } from '#core/history/event.ts'
import type { Projection } from '#core/history/projection.ts'
import type { SourceSpec } from './source.ts'

/** All that an index can hold, and how it comes about. */
export type Catalogue = HistoryCatalogue & {
  /** By their kind. */
  readonly sources: ReadonlyMap<string, SourceSpec>
  /** Each event passes them in this order. */
  readonly projections: readonly Projection[]
}

/** What a catalogue is made of: one list each. */
export type CatalogueValues = Pick<HistoryValues, 'families'> & {
  readonly sources: readonly SourceSpec[]
  readonly projections: readonly Projection[]
}

/**
 * Puts a catalogue together: what the history holds are the families of events and the documents of the projections.
 *
 * @throws Error that names every fault: two values that share a name, a projection that stands behind one that it
 *   reads, or is given events or writes documents that are not its catalogue's
 */
export function createCatalogue({ sources, families, projections }: CatalogueValues): Catalogue {
  const documents = projections.flatMap((projection) => projection.documents)
  refuseFaults([
    ...twice(
      'projection',
      projections.map(({ name }) => name),
    ),
    ...twice(
      'kind of source',
      sources.map(({ kind }) => kind),
    ),
    ...projections.flatMap((each) => projectionFaults(each, projections, families)),
    ...sources
      .filter(({ found }) => found && !documents.some(({ kind }) => kind === found.spec.kind))
      .map(
        ({ kind }) => `source ${kind}: no projection writes the documents that name its contracts`,
      ),
  ])
  const byKind = new Map(sources.map((spec) => [spec.kind, spec]))
  return { ...createHistoryCatalogue({ families, documents }), sources: byKind, projections }
}

function projectionFaults(
  projection: Projection,
  all: readonly Projection[],
  known: readonly EventFamily[],
): string[] {
  const { name, version, families, documents, reads = [] } = projection
  const behind = new Set(all.slice(all.indexOf(projection) + 1).map((each) => each.name))
  return [
    ...misnamed('projection', name),
    ...(Number.isSafeInteger(version) && version > 0
      ? []
      : [`projection ${name}: ${version} is no version; take 1, and one more with each change`]),
    ...families
      .filter((family) => !known.includes(family))
      .map(
        (family) =>
          `projection ${name}: the family ${family.name} is not in the catalogue; list it`,
      ),
    ...reads
      .filter((read) => !behind.has(read))
      .map((read) => `projection ${name}: it must stand in front of ${read}, which it reads`),
    ...documents
      .filter((spec) => spec.projection.name !== name || spec.projection.version !== version)
      .map(
        (spec) =>
          `documents of the kind ${spec.kind} belong to the projection ${name}, version ${version}`,
      ),
  ]
}
