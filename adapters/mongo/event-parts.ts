import type { Binary, Collection } from 'mongodb'
import { damagedStore } from '#core/errors.ts'
import type { EventDocument, EventPartDocument } from './collections.ts'

/**
 * Elements of all lists of an event that one document holds, at about 45 bytes each: far below the 16 MB that a document
 * may have. A single transfer of an ERC-1155 contract may name hundreds of thousands of tokens.
 */
const LIST_MAX = 50_000

function listsOf(event: EventDocument): [string, readonly Binary[]][] {
  const entries: [string, unknown][] = Object.entries(event)
  return entries.filter((entry): entry is [string, Binary[]] => Array.isArray(entry[1]))
}

/** An event as the documents that it takes: itself, and its lists in parts where they are too long for one. */
export function splitEvent(event: EventDocument): {
  readonly event: EventDocument
  readonly parts: readonly EventPartDocument[]
} {
  const lists = listsOf(event)
  const longest = Math.max(0, ...lists.map(([, list]) => list.length))
  const size = Math.floor(LIST_MAX / Math.max(lists.length, 1))
  if (longest <= size) return { event, parts: [] }
  const { _id: id, commit } = event
  const parts = Array.from({ length: Math.ceil(longest / size) }, (_, part) => ({
    _id: `${id}:${part}`,
    commit,
    lists: Object.fromEntries(
      lists.map(([name, list]) => [name, list.slice(part * size, (part + 1) * size)]),
    ),
  }))
  const emptied = Object.fromEntries(lists.map(([name]) => [name, []]))
  return { event: { ...event, ...emptied, parts: parts.length }, parts }
}

/** The event that was split. @throws AppError `unavailable` where a part of it is missing */
export async function joinEvent(
  eventParts: Collection<EventPartDocument>,
  event: EventDocument,
): Promise<EventDocument> {
  const { _id: id, parts: count } = event
  if (count === undefined) return event
  const ids = Array.from({ length: count }, (_, part) => `${id}:${part}`)
  const found = new Map<string, EventPartDocument>()
  for (const part of await eventParts.find({ _id: { $in: ids } }).toArray()) {
    const { _id: name } = part
    found.set(name, part)
  }
  const parts = ids.map((name) => found.get(name))
  if (parts.some((part) => part === undefined))
    throw damagedStore(`a part of event ${id} is missing`)
  const lists = listsOf(event).map(([name]) => [
    name,
    parts.flatMap((part) => part?.lists[name] ?? []),
  ])
  return { ...event, ...Object.fromEntries(lists) }
}
