import { AppError } from '#core/errors.ts'
import type { EventFamily } from '#core/history/event.ts'
import type { ProjectionIds } from '#core/history/head.ts'
import type { Projection } from '#core/history/projection.ts'
import { eventsOf } from '#core/history/versions.ts'
import type { Catalogue } from '#core/indexing/catalogue.ts'
import { otherNames } from '#core/indexing/projection-ids.ts'

/** What is to be made anew. */
export type RebuildPlan = {
  /** Whether the rows of all blocks are: their events have another form, or come from other sources. */
  readonly isOfEvents: boolean
  /** In the order of the catalogue. */
  readonly projections: readonly Projection[]
  /** Names of projections that are stored and are not to be any more. */
  readonly dropped: readonly string[]
}

export type RebuildWish = {
  /** Projections that are derived anew though they are of this version. */
  readonly projections?: readonly string[]
  /** Families of which events were changed. */
  readonly families?: readonly EventFamily[]
}

/**
 * What has to be made anew so that a history is of these ids. A projection is derived together with those that it
 * reads, since it needs them as they were at each event, and with those that read it.
 *
 * @throws AppError `invalid` for the name of a projection that there is none of
 */
export function planRebuild(
  catalogue: Pick<Catalogue, 'families' | 'projections'>,
  stored: ProjectionIds,
  own: ProjectionIds,
  wish: RebuildWish = {},
): RebuildPlan {
  const { projections } = catalogue
  const known = projections.map(({ name }) => name)
  for (const name of wish.projections ?? [])
    if (!known.includes(name))
      throw new AppError(
        'invalid',
        `--projection: there is none of the name "${name}"; these are: ${known.join(', ')}`,
        { details: { field: '--projection' } },
      )
  const other = new Set(otherNames(stored, own))
  const families = catalogue.families.filter((family) => other.has(eventsOf(family).name))
  const changed = new Set([...families, ...(wish.families ?? [])])
  const chosen = new Set(wish.projections)
  for (const projection of projections)
    if (other.has(projection.name) || projection.families.some((family) => changed.has(family)))
      chosen.add(projection.name)
  for (let size = -1; size !== chosen.size;) {
    size = chosen.size
    for (const { name, reads = [] } of projections)
      if (chosen.has(name) || reads.some((read) => chosen.has(read)))
        for (const each of [name, ...reads]) chosen.add(each)
  }
  return {
    isOfEvents: families.length > 0,
    projections: projections.filter(({ name }) => chosen.has(name)),
    dropped: Object.keys(stored).filter((name) => !(name in own)),
  }
}
