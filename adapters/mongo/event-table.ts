import { mapConcurrent } from '#core/concurrent.ts'
import { AppError, isAppError } from '#core/errors.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { CommitId, DerivedRef } from '#core/history/head.ts'
import type { EventTable } from '#core/history/ports.ts'
import { type StoredRow, storedRow } from '#core/history/stored-row.ts'
import { fromStored, toStored } from './codec.ts'
import { type Collections, EVENT_ORDER, type EventDocument } from './collections.ts'
import { joinEvent } from './event-parts.ts'
import { rangeFilter } from './tuple-range.ts'

/** Events of several documents that are put together at a time. */
const PARTS_AT_ONCE = 4

export const createMongoEventTable = (
  { events, eventParts }: Collections,
  catalogue: HistoryCatalogue,
): EventTable => ({
  async list(chainId, { family, address, from, to, after, descending, limit }) {
    const common = address === undefined ? { chainId, family } : { chainId, family, address }
    const filter = rangeFilter(common, EVENT_ORDER, {
      from: from === undefined ? [] : [from],
      to: to === undefined ? [] : [to],
      after: after && [
        after.number,
        after.logIndex,
        ...(after.branch === undefined ? [] : [after.branch]),
      ],
      descending,
    })
    if (!filter) return []
    const direction = descending ? -1 : 1
    const stored = await events
      .find(filter, {
        sort: Object.fromEntries(EVENT_ORDER.map((field) => [field, direction] as const)),
        limit,
        hint: address === undefined ? 'byFamily' : 'byAddress',
        batchSize: limit,
      })
      .toArray()
    return mapConcurrent(stored, PARTS_AT_ONCE, async (document) => {
      const whole = await joinEvent(eventParts, document).catch((error: unknown) => {
        if (isAppError(error)) return error
        throw error
      })
      return fromEventDocument(catalogue, document, whole)
    })
  },
})

/** What the `_id` of a block is. */
export const blockId = (chainId: number, { number, commit }: DerivedRef): string =>
  `${chainId}:${number}:${commit}`

/** What the `_id` of a log in a block is. */
export const logId = (chainId: number, { number, commit }: DerivedRef, logIndex: number): string =>
  `${chainId}:${number}:${logIndex}:${commit}`

export function toEventDocument(
  catalogue: HistoryCatalogue,
  chainId: number,
  commit: CommitId,
  event: ChainEvent,
): EventDocument {
  const { block, body } = event
  const spec = catalogue.kindOf(body)
  const envelope: EventDocument = {
    _id: logId(chainId, { number: block.number, commit }, event.logIndex),
    chainId,
    family: catalogue.familyOf(spec).name,
    kind: spec.kind,
    number: block.number,
    hash: block.hash,
    commit,
    timestamp: block.timestamp,
    logIndex: event.logIndex,
    address: event.address,
    transactionHash: event.transactionHash,
  }
  return toStored(envelope, spec.fields, body) as EventDocument
}

/** @param whole the same with all its parts; an error where one of them is missing */
function fromEventDocument(
  catalogue: HistoryCatalogue,
  { number, logIndex, commit }: EventDocument,
  whole: EventDocument | AppError,
): StoredRow<ChainEvent> {
  return storedRow({ place: { number, logIndex }, commit, branch: commit }, () => {
    if (whole instanceof AppError) throw whole
    const { hash, timestamp, kind, transactionHash, address } = whole
    const { type, protocol, fields } = catalogue.event(kind)
    return {
      block: { number, hash, timestamp },
      transactionHash,
      logIndex,
      address,
      body: { type, protocol, ...fromStored(fields, whole) },
    }
  })
}
