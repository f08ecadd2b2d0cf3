import { expect } from 'vitest'
import { catalogue } from '#core/catalogue.ts'
import type { FeedCursor, FeedItem, HistoryFeed } from '#core/history/feed.ts'
import { eventLine } from '../oracle/text.ts'

/** What a reader of the feed has made of it: the events that it was told and that were not retracted. */
export type FeedConsumer = {
  /** Reads once. Gives the number of items. */
  read(feed: HistoryFeed, limit: number): Promise<number>
  /** Reads until there is nothing more. */
  readAll(feed: HistoryFeed, limit: number): Promise<void>
  /** Its process ends, and another goes on with what was kept. What was read last is read again. */
  restart(): void
  readonly cursor: () => FeedCursor | undefined
  readonly events: () => string[]
  readonly retractions: () => number
}

type Kept = { readonly cursor: FeedCursor | undefined; readonly events: ReadonlyMap<string, Line> }
type Line = { readonly number: number; readonly text: string }

export function createFeedConsumer(): FeedConsumer {
  let now: Kept = { cursor: undefined, events: new Map() }
  let before = now
  let retractions = 0

  function apply(item: FeedItem): void {
    const events = new Map(now.events)
    const { cursor } = now
    switch (item.type) {
      case 'appended':
        expect(item.block.number).toBeGreaterThanOrEqual(cursor?.number ?? -1)
        for (const event of item.events) {
          expect(event.block).toMatchObject(item.block)
          const text = eventLine(event)
          events.set(text, { number: event.block.number, text })
        }
        break
      case 'retracted':
        retractions++
        expect(item.to.number).toBeLessThan(cursor?.number ?? -1)
        // What was told to be final stays.
        expect(item.to.number).toBeGreaterThanOrEqual(cursor?.finalized ?? -1)
        for (const [text, { number }] of events) if (number > item.to.number) events.delete(text)
        break
      case 'finalized':
        expect(item.block.number).toBeGreaterThan(cursor?.finalized ?? -1)
        expect(item.block.number).toBeLessThanOrEqual(item.cursor.number)
        break
      default:
        throw new Error(item satisfies never)
    }
    now = { cursor: item.cursor, events }
  }

  async function read(feed: HistoryFeed, limit: number): Promise<number> {
    const { families } = catalogue
    const items = await feed.read(now.cursor, { families, limit })
    before = now
    for (const item of items) apply(item)
    return items.length
  }

  return {
    read,
    async readAll(feed, limit) {
      while ((await read(feed, limit)) > 0);
    },
    restart() {
      now = before
    },
    cursor: () => now.cursor,
    events: () => Array.from(now.events.values(), ({ text }) => text).toSorted(),
    retractions: () => retractions,
  }
}
