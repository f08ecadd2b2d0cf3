import { type BlockRange, rangeWith } from '#core/chain.ts'
import type { CommitId, DerivedRef, HeadEntry, View } from './head.ts'
import type { Views } from './view.ts'

/**
 * A range whose rows are those that a rebuild stored, and not those of the commits that first brought its blocks. Only
 * a head that names the run shows them.
 */
export type Rewrite = BlockRange & {
  readonly commit: CommitId
  /** The move of the head that put the run in. */
  readonly move: number
}

/**
 * A rebuild makes rows and documents anew, beside those that are read, and has them take their place by one move of the
 * head. Its name stands in the place of a commit's: rows of that name count where a run of the head's says so, and
 * documents of that name are in trees of their own, which only a head names that has them.
 */
const PREFIX = 'rebuild-'

/** @param id text that nobody else is given: letters, digits, `-` and `_` */
export const rebuildCommit = (id: string): CommitId => `${PREFIX}${id}`

export const isRebuild = (commit: CommitId): boolean => commit.startsWith(PREFIX)

/** What stands between the id of a projection and the rebuild that derived it anew, see `HeadEntry.projections`. */
const GENERATION = '.'

/** Characters of a rebuild's name in an id, which every document carries. */
const NAME_LENGTH = 8

/** The id under which a rebuild keeps what it derives. */
export const generationOf = (projectionId: string, commit: CommitId): string =>
  `${baseOf(projectionId)}${GENERATION}${commit.slice(PREFIX.length, PREFIX.length + NAME_LENGTH)}`

/** A projection's id without the rebuild that derived it: equal for all derivations of the same. */
export const baseOf = (projectionId: string): string => {
  const end = projectionId.indexOf(GENERATION)
  return end < 0 ? projectionId : projectionId.slice(0, end)
}

/** Whether no rebuild lies between two heads of one chain. */
export const isSameBuild = (a: Build, b: Build): boolean =>
  JSON.stringify([a.projections, a.rewrites]) === JSON.stringify([b.projections, b.rewrites])

/** What a rebuild puts in place. */
type Build = Pick<HeadEntry, 'projections' | 'rewrites'>

/** The run that a height lies in. */
export const rewriteAt = (
  rewrites: readonly Rewrite[] | undefined,
  number: number,
): Rewrite | undefined => rewrites && rangeWith(rewrites, number)

/** The runs with new ones put in the place of what they cover; sorted, and apart from one another. */
export function withRewrites(
  rewrites: readonly Rewrite[] | undefined,
  added: readonly Rewrite[],
): readonly Rewrite[] {
  let runs = [...(rewrites ?? [])]
  for (const one of added)
    runs = [
      ...runs.flatMap((run): Rewrite[] => [
        ...(run.from < one.from ? [{ ...run, to: Math.min(run.to, one.from - 1) }] : []),
        ...(run.to > one.to ? [{ ...run, from: Math.max(run.from, one.to + 1) }] : []),
      ]),
      one,
    ]
  return runs.toSorted((a, b) => a.from - b.from)
}

/**
 * A predicate for rows of blocks (headers, events, logs that are set apart): is what is named so canonical in this view?
 * What holds of documents (`Views.canonical`) does not hold of rows, since a rebuild may have put others in their place.
 */
export async function canonicalRows(
  views: Pick<Views, 'canonical'>,
  view: View,
  refs: readonly DerivedRef[],
): Promise<(ref: DerivedRef) => boolean> {
  const { rewrites } = view.head
  const isFirst = ({ number, commit }: DerivedRef): boolean =>
    !isRebuild(commit) && !rewriteAt(rewrites, number)
  const isCanonical = await views.canonical(view, refs.filter(isFirst))
  return (ref) => {
    const run = rewriteAt(rewrites, ref.number)
    // What was not asked for above is not canonical.
    return run ? run.commit === ref.commit : isCanonical(ref)
  }
}
