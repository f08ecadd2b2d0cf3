import { AppError } from '#core/errors.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { HeadEntry, ProjectionIds } from '#core/history/head.ts'
import type { Projection } from '#core/history/projection.ts'
import type { Catalogue } from './catalogue.ts'
import { typesOf } from './project.ts'
import type { AnySource, ContractRole } from './source.ts'

/** Hexadecimal digits of the part of an id that is a hash. */
const DIGITS = 12

/**
 * Names what each projection makes of these sources: equal only where the same events fold into the same documents. An
 * id is made of the chain, the projection's version, and a hash of its fields, of the sources that emit its events, and
 * of the projections that it reads. Neither the order of sources nor where one starts matters: a start is a hint for
 * planning.
 */
export function projectionIds(
  sha256: Sha256,
  chainId: number,
  catalogue: Catalogue,
  sources: readonly AnySource[],
): ProjectionIds {
  const ids: Record<string, string> = {}
  // Those that are read stand behind those that read them.
  for (const projection of catalogue.projections.toReversed()) {
    const { name, version, documents, reads = [] } = projection
    const text = [
      JSON.stringify(documents.map(({ kind, identity, fields }) => [kind, identity, fields])),
      ...sources
        .filter((source) => feeds(catalogue, source, projection))
        .map((source) => JSON.stringify({ ...source, startBlock: undefined }))
        .toSorted(),
      ...reads.map((read) => ids[read]),
    ].join('\n')
    ids[name] = `${chainId}-${version}-${sha256(text).slice(2, 2 + DIGITS)}`
  }
  return ids
}

/** The version that an id names. */
const versionOfId = (id: string): number => Number(id.split('-')[1])

/** Whether contracts of a source emit events of a projection. */
function feeds({ sources }: Catalogue, source: AnySource, projection: Projection): boolean {
  const types = typesOf(projection)
  const emits = ({ decoders, children = [] }: ContractRole): boolean =>
    decoders.values().some(({ spec }) => types.has(spec.type)) || children.some(emits)
  const role = sources.get(source.kind)?.contractOf(source).role
  return role !== undefined && emits(role)
}

/**
 * One history cannot mix what was made of other sources, or by other versions of a projection.
 *
 * @throws AppError `conflict` with the remedy
 */
export function refuseOtherProjections(
  { projections: stored }: HeadEntry,
  own: ProjectionIds,
): void {
  const names = Object.keys({ ...stored, ...own }).filter((name) => stored[name] !== own[name])
  if (names.length === 0) return
  const versions = (id: string | undefined): string =>
    id === undefined ? 'none' : `version ${versionOfId(id)}`
  const other = names.filter((name) => versions(stored[name]) !== versions(own[name]))
  const details = {
    field: 'sources',
    stored: names.map((name) => stored[name]).join(' '),
    configured: names.map((name) => own[name]).join(' '),
  }
  throw other.length === 0
    ? new AppError(
        'conflict',
        'sources: this store was filled from other sources, and one history cannot mix them; give the new ' +
          'configuration a store of its own',
        { details },
      )
    : new AppError(
        'conflict',
        `store: another version of Halyard filled it (${other
          .map((name) => `${name}: ${versions(stored[name])} stored, ${versions(own[name])} here`)
          .join('; ')}); use that version, or index into a fresh store`,
        { details: { ...details, field: 'store', reason: 'other-version' } },
      )
}
