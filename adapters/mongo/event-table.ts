import type { EventBody, ChainEvent } from '#core/history/event.ts'
import { familyOf, fieldsOfEvent, kindOf } from '#core/history/event.ts'
import type { EventTable } from '#core/history/ports.ts'
import type { BlockRef, Hash } from '#core/chain.ts'
import { fromStored, toStored } from './codec.ts'
import { type Collections, EVENT_ORDER, type EventDocument } from './collections.ts'
import { rangeFilter } from './tuple-range.ts'

export const createMongoEventTable = ({ events }: Collections): EventTable => ({
  async list(chainId, { family, address, from, to, after, descending, limit }) {
    const common = address === undefined ? { chainId, family } : { chainId, family, address }
    const filter = rangeFilter(common, EVENT_ORDER, {
      from: from === undefined ? [] : [from],
      to: to === undefined ? [] : [to],
      after: after && [after.number, after.logIndex, ...(after.hash ? [branchOf(after.hash)] : [])],
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
    return stored.map(fromEventDocument)
  },
})

/** As many bits of a hash as a number holds. */
const BRANCH_HEX_DIGITS = 13

/** Tells the branches of one height apart, in a tenth of the room that the hash would take in an index. */
const branchOf = (hash: Hash): number => Number.parseInt(hash.slice(2, 2 + BRANCH_HEX_DIGITS), 16)

/** What the `_id` of a block is, and those of all in it begin with. */
export const blockId = (chainId: number, { number, hash }: BlockRef): string =>
  `${chainId}:${number}:${hash}`

export function toEventDocument(chainId: number, event: ChainEvent): EventDocument {
  const { block, body } = event
  const kind = kindOf(body)
  const envelope: EventDocument = {
    _id: `${blockId(chainId, block)}:${event.logIndex}`,
    chainId,
    family: familyOf[body.type],
    kind,
    number: block.number,
    hash: block.hash,
    branch: branchOf(block.hash),
    timestamp: block.timestamp,
    logIndex: event.logIndex,
    address: event.address,
    transactionHash: event.transactionHash,
  }
  return toStored(envelope, fieldsOfEvent(kind), body) as EventDocument
}

function fromEventDocument(stored: EventDocument): ChainEvent {
  const { number, hash, timestamp, kind } = stored
  const [type, protocol] = kind.split('/')
  return {
    block: { number, hash, timestamp },
    transactionHash: stored.transactionHash,
    logIndex: stored.logIndex,
    address: stored.address,
    body: { type, protocol, ...fromStored(fieldsOfEvent(kind), stored) } as EventBody,
  }
}
