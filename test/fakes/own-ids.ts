import { catalogue } from '#core/catalogue.ts'
import type { ProjectionIds } from '#core/history/head.ts'
import { eventsOf, idPrefix } from '#core/history/versions.ts'

/** What a head names that this version made, of no matter which sources. */
export const ownIds = (chainId: number): ProjectionIds =>
  Object.fromEntries(
    [...catalogue.projections, ...catalogue.families.map(eventsOf)].map((each) => [
      each.name,
      `${idPrefix(chainId, each)}000000000000`,
    ]),
  )
