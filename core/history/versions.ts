import { AppError } from '#core/errors.ts'
import type { HistoryValues } from './catalogue.ts'
import type { DocumentSpec } from './document.ts'
import type { EventFamily } from './event.ts'
import type { View } from './head.ts'

/** What a history has of one name, and which version of it: a projection, or the events of a family. */
export type NamedVersion = { readonly name: string; readonly version: number }

/** The events of a family as the head names them. No projection has such a name: theirs are letters and digits. */
export const eventsOf = ({ name, version }: EventFamily): NamedVersion => ({
  name: `${name}-events`,
  version,
})

/** What an id begins with, see `HeadEntry.projections`; the rest says of which sources it was made. */
export const idPrefix = (chainId: number, { version }: NamedVersion): string =>
  `${chainId}-${version}-`

/** The version that an id names; `none` where there is no id. */
export const versionText = (id: string | undefined): string =>
  id === undefined ? 'none' : `version ${id.split('-')[1]}`

/** Whether a reader of this version reads what the view has of that name. */
const isReadable = (view: View, wanted: NamedVersion): boolean =>
  view.head.projections[wanted.name]?.startsWith(idPrefix(view.chainId, wanted)) ?? false

const differenceOf = (view: View, wanted: NamedVersion): string =>
  `${wanted.name}: ${versionText(view.head.projections[wanted.name])} stored, version ${wanted.version} here`

/**
 * The id under which a view has what is wanted.
 *
 * @param what it is, for people: `pools`
 * @throws AppError `unavailable` (`other-version`) where the view has none, or one of another version: documents and
 *   events of the same form may mean something else there
 */
function idOf(view: View, wanted: NamedVersion, what: string): string {
  const id = view.head.projections[wanted.name]
  if (id !== undefined && isReadable(view, wanted)) return id
  const message =
    id === undefined
      ? `store: this history was indexed without ${what}; \`halyard derive\` makes them beside what is there`
      : `store: another version of Halyard made its ${what} (${differenceOf(view, wanted)}); read it with that ` +
        'version, or have `halyard derive` make it anew'
  throw new AppError('unavailable', message, {
    details: { field: 'store', reason: 'other-version' },
  })
}

/** The projection of a kind of documents as a view has it. @throws AppError as `idOf` does */
export const treeOf = (view: View, { projection, plural }: DocumentSpec): string =>
  idOf(view, projection, plural)

/** @throws AppError as `idOf` does, where a view's events of a family are none that this version reads */
export const refuseOtherEvents = (view: View, family: EventFamily): void =>
  void idOf(view, eventsOf(family), `${family.name} events`)

/** What a reader of these values cannot read of a view, for people: `pools: version 2 stored, version 3 here`. */
export function otherVersions(view: View, { documents, families }: HistoryValues): string[] {
  const wanted = [...documents.map(({ projection }) => projection), ...families.map(eventsOf)]
  const unreadable = wanted.filter((each) => !isReadable(view, each))
  return [...new Set(unreadable.map((each) => differenceOf(view, each)))]
}
