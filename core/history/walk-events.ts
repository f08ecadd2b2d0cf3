import type { ChainEvent, EventFamily } from './event.ts'
import type { View } from './head.ts'
import { type EventPorts, listEvents } from './list-events.ts'
import type { EventPlace } from './ports.ts'

/** A family's events that were read and not yet given. */
type Reading = {
  readonly family: EventFamily
  events: ChainEvent[]
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
export async function* walkEvents(
  ports: EventPorts,
  view: View,
  families: readonly EventFamily[],
  range: { readonly from: number; readonly to: number },
  limit: number,
): AsyncGenerator<readonly ChainEvent[]> {
  const readings = families.map((family): Reading => ({ family, events: [], isEnd: false }))
  const places = new Map<EventFamily, EventPlace>()

  async function fill(reading: Reading): Promise<void> {
    if (reading.isEnd || reading.events.length > 0) return
    const after = places.get(reading.family)
    const query = { ...range, limit, ...(after && { after }) }
    reading.events = await listEvents(ports, view, reading.family, query)
    reading.isEnd = reading.events.length < limit
    const last = reading.events.at(-1)
    if (last) places.set(reading.family, placeOf(last))
  }

  async function next(): Promise<readonly ChainEvent[]> {
    await Promise.all(readings.map(fill))
    // Behind the end of what is read of a family, the others may go on only when it has no more.
    const ends = readings.filter(({ isEnd }) => !isEnd).map(({ events }) => events.at(-1))
    const bound = ends.filter((event) => event !== undefined).toSorted(byPlace)[0]
    const given: ChainEvent[] = []
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

const placeOf = ({ block, logIndex }: ChainEvent): EventPlace => ({
  number: block.number,
  logIndex,
})

const byPlace = (a: ChainEvent, b: ChainEvent): number =>
  a.block.number - b.block.number || a.logIndex - b.logIndex

/** How many of these, which are in chain order, come before an event or are it. */
function countUpTo(events: readonly ChainEvent[], bound: ChainEvent): number {
  const place = events.findIndex((event) => byPlace(event, bound) > 0)
  return place < 0 ? events.length : place
}
