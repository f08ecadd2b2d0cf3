import type { Collection, Db } from 'mongodb'
import type { Address, BlockHeader, BlockRef, Hash } from '#core/chain.ts'
import {
  type DocumentKind,
  documentKinds,
  documentSpecs,
  type VersionRef,
} from '#core/history/document.ts'
import type { EventFamily, EventKind } from '#core/history/event.ts'
import type { HeadEntry } from '#core/history/head.ts'
import type { Upkeep } from '#core/history/ports.ts'
import type { QuarantinedLog } from '#core/indexing/ports.ts'

/*
 * Every `_id` is text made of the natural key, so that the index which each collection has anyway is the unique key
 * that a commit needs. Text and not an embedded document: it is asked for by equality, `$in` and prefix alone, which
 * every server of the protocol can do; it does not depend on the order of fields; and it reads well in a shell. Where a
 * list walks an order, the fields themselves have a compound index, for text does not sort as numbers.
 */

/** `chain:move` */
export type HeadDocument = { readonly _id: string } & HeadEntry
/** `chain` */
export type UpkeepDocument = { readonly _id: string; readonly chainId: number } & Partial<Upkeep>
/** `chain:number:hash` */
export type BlockDocument = {
  readonly _id: string
  readonly chainId: number
} & BlockHeader
/** `chain:number` */
export type CanonicalDocument = {
  readonly _id: string
  readonly chainId: number
  readonly number: number
  readonly hash: Hash
}
/**
 * `chain:number:hash:logIndex`, and the fields of the body. It begins with the block's so that a block's events are
 * one range; the number comes before the hash so that new ones are added at one end of the index.
 */
export type EventDocument = {
  readonly _id: string
  readonly chainId: number
  readonly family: EventFamily
  readonly kind: EventKind
  readonly number: number
  readonly hash: Hash
  /** The beginning of the hash as a number. */
  readonly branch: number
  readonly timestamp: number
  readonly logIndex: number
  readonly address: Address
  readonly transactionHash: Hash
}
/** As an event's. */
export type QuarantineDocument = {
  readonly _id: string
  readonly chainId: number
} & QuarantinedLog
/** `tree:kind:key`, and the fields of the value, which is true at the block `at`. */
export type TreeDocument = { readonly _id: string; readonly tree: string } & VersionRef
/** `tree:kind:key:block:version`; `version` has the fields of the value too, or is null. */
export type UndoDocument = {
  readonly _id: string
  readonly tree: string
  readonly kind: DocumentKind
  /** `kind:key` */
  readonly key: string
  readonly by: BlockRef
  readonly version: VersionRef | null
}

/** All fields ascending; an index is walked both ways. */
export type Index = { readonly name: string; readonly fields: readonly string[] }

/** Where the documents of a kind are. */
const documentCollections: Readonly<Record<DocumentKind, string>> = {
  pool: 'pools',
  tick: 'ticks',
  candle: 'candles',
  volume: 'volumes',
  holding: 'holdings',
  holder: 'holders',
}

/** The order of events; the branch, since blocks of one height have events of one log index. */
export const EVENT_ORDER = ['number', 'logIndex', 'branch'] as const

/** An index for each order that a list may walk, named as the order is. */
const documentIndexes = (kind: DocumentKind): Index[] => {
  const { identity, orders } = documentSpecs[kind]
  return Object.entries({ identity, ...orders }).map(([name, fields]) => ({
    name,
    fields: ['tree', ...fields],
  }))
}

/** Every collection with its indexes besides the one on `_id`. */
export const collectionIndexes: Readonly<Record<string, readonly Index[]>> = {
  heads: [{ name: 'byMove', fields: ['chainId', 'move'] }],
  upkeep: [],
  blocks: [{ name: 'byNumber', fields: ['chainId', 'number'] }],
  canonical: [],
  events: [
    { name: 'byFamily', fields: ['chainId', 'family', ...EVENT_ORDER] },
    { name: 'byAddress', fields: ['chainId', 'family', 'address', ...EVENT_ORDER] },
  ],
  quarantine: [],
  undo: [
    { name: 'byDocument', fields: ['tree', 'key'] },
    { name: 'byBlock', fields: ['tree', 'by.number'] },
  ],
  ...Object.fromEntries(
    documentKinds.map((kind) => [documentCollections[kind], documentIndexes(kind)]),
  ),
}

export type Collections = {
  readonly heads: Collection<HeadDocument>
  readonly upkeep: Collection<UpkeepDocument>
  readonly blocks: Collection<BlockDocument>
  readonly canonical: Collection<CanonicalDocument>
  readonly events: Collection<EventDocument>
  readonly quarantine: Collection<QuarantineDocument>
  readonly undo: Collection<UndoDocument>
  readonly documents: (kind: DocumentKind) => Collection<TreeDocument>
}

/**
 * A commit rests on all that it makes reachable being there, and on reading nothing that a failover could take back:
 * whatever the URL says, writes wait for a majority's journals, and reads come from the primary and were acknowledged.
 */
const CONCERNS = {
  writeConcern: { w: 'majority', j: true },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
} as const

export const collectionsOf = (db: Db): Collections => ({
  heads: db.collection<HeadDocument>('heads', CONCERNS),
  upkeep: db.collection<UpkeepDocument>('upkeep', CONCERNS),
  blocks: db.collection<BlockDocument>('blocks', CONCERNS),
  canonical: db.collection<CanonicalDocument>('canonical', CONCERNS),
  events: db.collection<EventDocument>('events', CONCERNS),
  quarantine: db.collection<QuarantineDocument>('quarantine', CONCERNS),
  undo: db.collection<UndoDocument>('undo', CONCERNS),
  documents: (kind) => db.collection<TreeDocument>(documentCollections[kind], CONCERNS),
})

/** Makes the indexes that are not there yet. One by one: not every server takes a list of which some are there. */
export async function createIndexes(db: Db): Promise<void> {
  for (const [collection, indexes] of Object.entries(collectionIndexes))
    for (const { name, fields } of indexes)
      await db
        .collection(collection, CONCERNS)
        .createIndex(Object.fromEntries(fields.map((field) => [field, 1] as const)), { name })
}
