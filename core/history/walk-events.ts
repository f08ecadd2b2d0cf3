import type { ChainEvent, EventBody, EventFamily } from './event.ts'
import type { View } from './head.ts'
import { type EventPorts, listEvents, placeOfEvent } from './list-events.ts'
import type { EventQuery } from './ports.ts'

/** All events of a family that a query asks for, `limit` at a time: a page that has fewer is the last. */
export async function* pagesOfEvents<Body extends EventBody>(
  ports: EventPorts,
  view: View,
  family: EventFamily<Body>,
  query: Omit<EventQuery, 'family'>,
): AsyncGenerator<readonly ChainEvent<Body>[]> {
  let after = query.after
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const page = await listEvents(ports, view, family, { ...query, ...(after && { after }) })
    if (page.length > 0) yield page
    const last = page.at(-1)
    if (!last || page.length < query.limit) return
    after = placeOfEvent(last)
  }
}

/** Events of a list that were read and not yet given. */
type Reading<Body extends EventBody> = {
  readonly pages: AsyncGenerator<readonly ChainEvent<Body>[]>
  events: readonly ChainEvent<Body>[]
  /** Nothing comes behind them. */
  isEnd: boolean
}

/**
 * All events of families up to the head of a view, in chain order, a few thousand at a time. The next ones are read
 * while these are used.
 *
 * @param range the blocks to walk, both ends included
 * @param limit how many events of a family are read at a time
 */
export function walkEvents(
  ports: EventPorts,
  view: View,
  families: readonly EventFamily[],
  range: { readonly from: number; readonly to: number },
  limit: number,
): AsyncGenerator<readonly ChainEvent[]> {
  const lists = families.map((family) => pagesOfEvents(ports, view, family, { ...range, limit }))
  return inChainOrder(lists, limit)
}

/**
 * Lists of events, each in chain order, as one. No more of each is held than a page.
 *
 * @param lists pages of events; one that has fewer than `limit` is the last of its list
 */
export async function* inChainOrder<Body extends EventBody>(
  lists: readonly AsyncGenerator<readonly ChainEvent<Body>[]>[],
  limit: number,
): AsyncGenerator<readonly ChainEvent<Body>[]> {
  const readings = lists.map((pages): Reading<Body> => ({ pages, events: [], isEnd: false }))

  async function fill(reading: Reading<Body>): Promise<void> {
    if (reading.isEnd || reading.events.length > 0) return
    const page = await reading.pages.next()
    reading.events = page.done === true ? [] : page.value
    reading.isEnd = reading.events.length < limit
  }

  async function next(): Promise<readonly ChainEvent<Body>[]> {
    await Promise.all(readings.map(fill))
    // Behind the end of what is read of a family, the others may go on only when it has no more.
    const ends = readings.filter(({ isEnd }) => !isEnd).map(({ events }) => events.at(-1))
    const bound = ends.filter((event) => event !== undefined).toSorted(byPlace)[0]
    const given: ChainEvent<Body>[] = []
    for (const reading of readings) {
      const count = bound ? countUpTo(reading.events, bound) : reading.events.length
      for (const event of reading.events.slice(0, count)) given.push(event)
      reading.events = reading.events.slice(count)
    }
    return given.toSorted(byPlace)
  }

  let ahead = next()
  for (;;) {
    const events = await ahead
    if (events.length === 0) return
    ahead = next()
    // Whoever awaits it hears of its failure; if nobody does any more, nobody needs to.
    ahead.catch(() => undefined)
    yield events
  }
}

const byPlace = (a: ChainEvent, b: ChainEvent): number =>
  a.block.number - b.block.number || a.logIndex - b.logIndex

/** How many of these, which are in chain order, come before an event or are it. */
function countUpTo(events: readonly ChainEvent[], bound: ChainEvent): number {
  const place = events.findIndex((event) => byPlace(event, bound) > 0)
  return place < 0 ? events.length : place
}
