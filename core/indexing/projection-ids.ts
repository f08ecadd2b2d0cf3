import { AppError } from '#core/errors.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { DocumentSpec } from '#core/history/document.ts'
import type { EventFamily } from '#core/history/event.ts'
import type { HeadEntry, ProjectionIds } from '#core/history/head.ts'
import { baseOf } from '#core/history/rebuilds.ts'
import { eventsOf, idPrefix, type NamedVersion, versionText } from '#core/history/versions.ts'
import type { Catalogue } from './catalogue.ts'
import type { AnySource, ContractRole } from './source.ts'

/** Hexadecimal digits of the part of an id that is a hash. */
const DIGITS = 12

/**
 * Names what each projection makes of these sources, and what their logs are decoded into: ids are equal only where the
 * same logs become the same events and those fold into the same documents. An id is made of the chain, the version, and
 * a hash of
 *
 * - the form of the documents,
 * - the sources that emit its events, how their logs are decoded, and the fields of those events,
 * - the projections that it reads.
 *
 * Neither the order of sources and of their properties matters nor where a source starts: a start is a hint for
 * planning.
 */
export function projectionIds(
  sha256: Sha256,
  chainId: number,
  catalogue: Catalogue,
  sources: readonly AnySource[],
): ProjectionIds {
  const ids: Record<string, string> = {}
  const feedLines = createFeedLines(catalogue, sources)
  const add = (version: NamedVersion, lines: readonly string[]): void => {
    const hash = sha256(lines.join('\n')).slice(2, 2 + DIGITS)
    ids[version.name] = `${idPrefix(chainId, version)}${hash}`
  }
  for (const family of catalogue.families) add(eventsOf(family), feedLines([family]))
  // Those that are read stand behind those that read them.
  for (const projection of catalogue.projections.toReversed()) {
    const { documents, families, reads = [] } = projection
    add(projection, [
      ...documents.map(documentLine).toSorted(),
      ...feedLines(families),
      ...reads.map((read) => `${read} ${ids[read]}`).toSorted(),
    ])
  }
  return ids
}

/** The order of fields is the order in which they are written. */
const documentLine = ({ kind, plural, identity, fields }: DocumentSpec): string =>
  JSON.stringify([kind, plural, identity, Object.entries(fields)])

type DecoderLine = { readonly type: string; readonly line: string }

/**
 * The sources that emit events of given families, and how their contracts' logs become events. What many families ask
 * for is written once: there may be thousands of sources.
 */
function createFeedLines(
  catalogue: Catalogue,
  sources: readonly AnySource[],
): (families: readonly EventFamily[]) => string[] {
  const linesByRole = new Map<ContractRole, readonly DecoderLine[]>()
  const told = sources.map((source) => ({
    text: canonicalText({ ...source, startBlock: undefined }),
    role: catalogue.sources.get(source.kind)?.contractOf(source).role,
  }))

  /** How a log of each topic becomes an event, in the order of the lines. */
  function linesOf(role: ContractRole): readonly DecoderLine[] {
    const known = linesByRole.get(role)
    if (known) return known
    const unordered = Array.from(role.decoders, ([topic, { spec }]) => ({
      type: spec.type,
      line: JSON.stringify([
        topic,
        spec.kind,
        // A store may keep it in the place of the kind.
        spec.number,
        catalogue.familyOf(spec).version,
        Object.entries(spec.fields),
      ]),
    }))
    const lines = unordered.toSorted((a, b) => (a.line < b.line ? -1 : 1))
    linesByRole.set(role, lines)
    return lines
  }

  /**
   * How the logs of a role, and of the contracts that it brings into being, become events of these types; undefined
   * where none do. Where those contracts matter, so does every log that may tell of one.
   */
  function feedOf(role: ContractRole, types: ReadonlySet<string>): string | undefined {
    const below = (role.children ?? []).flatMap((child) => feedOf(child, types) ?? [])
    const own = linesOf(role)
      .filter(({ type }) => below.length > 0 || types.has(type))
      .map(({ line }) => line)
    return own.length + below.length === 0 ? undefined : JSON.stringify([own, below.toSorted()])
  }

  return (families) => {
    const types = new Set(families.flatMap(({ events }) => events.map(({ type }) => type)))
    const feeds = new Map<ContractRole, string | undefined>()
    const lines = told.flatMap(({ text, role }) => {
      if (!role) return []
      if (!feeds.has(role)) feeds.set(role, feedOf(role, types))
      const feed = feeds.get(role)
      return feed ? [`${text} ${feed}`] : []
    })
    return lines.toSorted()
  }
}

/** JSON whose properties are in alphabetical order; equal for equal values. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

/** The names of projections and events whose ids differ, whatever rebuild derived them. */
export const otherNames = (stored: ProjectionIds, own: ProjectionIds): string[] =>
  Object.keys({ ...stored, ...own }).filter(
    (name) => baseOf(stored[name] ?? '') !== baseOf(own[name] ?? ''),
  )

/**
 * One history cannot mix what was made of other sources, or by other versions of a projection.
 *
 * @throws AppError `conflict` with the remedy
 */
export function refuseOtherProjections(
  { projections: stored }: HeadEntry,
  own: ProjectionIds,
): void {
  const names = otherNames(stored, own)
  if (names.length === 0) return
  const other = names.filter((name) => versionText(stored[name]) !== versionText(own[name]))
  const details = {
    field: 'sources',
    stored: names.map((name) => stored[name]).join(' '),
    configured: names.map((name) => own[name]).join(' '),
  }
  if (other.length === 0)
    throw new AppError(
      'conflict',
      'sources: this store was filled from other sources, and one history cannot mix them; where this process has the ' +
        'configuration that you want, run `halyard collect` and then `halyard derive`, which makes the history anew ' +
        'beside what is read, or give this configuration a store of its own',
      { details },
    )
  const isOtherVersion = other.some((name) => stored[name] && own[name])
  const found = isOtherVersion
    ? 'another version of Halyard filled it'
    : 'what is kept in it is not what is to be kept'
  const differences = other.map((name) => differenceText(name, stored[name], own[name]))
  throw new AppError(
    'conflict',
    `store: ${found} (${differences.join('; ')}); \`halyard derive\` brings it to what this process makes, beside what is ` +
      'read; or go on with the version and the configuration that filled it',
    { details: { ...details, field: 'store', reason: 'other-version' } },
  )
}

const differenceText = (name: string, stored: string | undefined, own: string | undefined) =>
  own === undefined
    ? `${name}: stored, and left out here`
    : `${name}: ${versionText(stored)} stored, ${versionText(own)} here`
