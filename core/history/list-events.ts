import { invalidField } from '#core/errors.ts'
import type { ChainEvent, EventBody, EventFamily } from './event.ts'
import type { CommitId, DerivedRef, View } from './head.ts'
import type { EventPlace, EventQuery, EventTable } from './ports.ts'
import { canonicalRows } from './rebuilds.ts'
import { valueOfRow } from './stored-row.ts'
import { refuseOtherEvents } from './versions.ts'
import type { Views } from './view.ts'

export type EventPorts = { readonly events: EventTable; readonly views: Views }

/** An event, and the commit that brought it into the history. */
export type CommittedEvent<Body extends EventBody = EventBody> = {
  readonly event: ChainEvent<Body>
  readonly commit: CommitId
}

/**
 * A page of a family's events as of a view: those of canonical blocks up to its head, ordered by block and log index.
 *
 * @throws AppError `unavailable` (`other-version`) where another version decoded them
 */
export async function listEvents<Body extends EventBody>(
  ports: EventPorts,
  view: View,
  family: EventFamily<Body>,
  query: Omit<EventQuery, 'family'>,
): Promise<ChainEvent<Body>[]> {
  const page = await listCommittedEvents(ports, view, family, query)
  return page.map(({ event }) => event)
}

/** Where an event stands: a page that goes on behind it begins there. */
export const placeOfEvent = ({
  block,
  logIndex,
}: Pick<ChainEvent, 'block' | 'logIndex'>): EventPlace => ({
  number: block.number,
  logIndex,
})

/** The same, each with its commit. */
export async function listCommittedEvents<Body extends EventBody>(
  ports: EventPorts,
  view: View,
  family: EventFamily<Body>,
  query: Omit<EventQuery, 'family'>,
): Promise<CommittedEvent<Body>[]> {
  if (query.limit < 1) throw invalidField('limit', 'at least 1')
  refuseOtherEvents(view, family)
  const to = Math.min(query.to ?? view.head.number, view.head.number)
  const page: CommittedEvent[] = []
  let after: EventQuery['after'] = query.after
  while (page.length < query.limit) {
    const asked = { ...query, family: family.name, to, ...(after && { after }) }
    const stored = await ports.events.list(view.chainId, asked)
    const refs = stored.map(({ place, commit }) => ({ number: place.number, commit }))
    const isCanonical = await canonicalRows(ports.views, view, refs)
    for (const [index, row] of stored.entries()) {
      if (page.length < query.limit && isCanonical(refs[index] as DerivedRef))
        page.push({ event: valueOfRow(row), commit: row.commit })
    }
    const last = stored.at(-1)
    if (!last || stored.length < query.limit) break
    // The page may end between the rows of one place.
    after = { ...last.place, branch: last.branch }
  }
  return page as CommittedEvent<Body>[]
}
