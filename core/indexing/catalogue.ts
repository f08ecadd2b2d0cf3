import { assert } from '#core/errors.ts'
import {
  createHistoryCatalogue,
  type HistoryCatalogue,
  type HistoryValues,
} from '#core/history/catalogue.ts'
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
 * @throws Error where two values share a name, or a projection stands behind one that it reads
 */
export function createCatalogue({ sources, families, projections }: CatalogueValues): Catalogue {
  const names = projections.map(({ name }) => name)
  assert(new Set(names).size === names.length, 'each projection has a name of its own')
  for (const [place, { name, version, reads = [], documents }] of projections.entries()) {
    for (const read of reads)
      assert(names.indexOf(read) > place, `${name} stands in front of ${read}, which it reads`)
    for (const { kind, projection } of documents)
      assert(
        projection.name === name && projection.version === version,
        `documents of the kind ${kind} belong to the projection ${name}, version ${version}`,
      )
  }
  const byKind = new Map(sources.map((spec) => [spec.kind, spec]))
  assert(byKind.size === sources.length, 'each kind of source has a name of its own')
  const documents = projections.flatMap((projection) => projection.documents)
  return { ...createHistoryCatalogue({ families, documents }), sources: byKind, projections }
}
