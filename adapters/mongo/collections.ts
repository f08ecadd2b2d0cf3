import type { Binary, Collection, Db, Document, MongoClient } from 'mongodb'
import type { Address, BlockHeader, Hash } from '#core/chain.ts'
import type { HistoryValues } from '#core/history/catalogue.ts'
import type { DocumentSpec, VersionRef } from '#core/history/document.ts'
import type { CommitId, StoredHead } from '#core/history/head.ts'
import type { Upkeep } from '#core/history/ports.ts'
import type { StoredToken } from '#core/tokens/ports.ts'
import { inAnswer } from './answer-session.ts'
import { CONCERNS } from './concerns.ts'
import type { JournalRecord, QuarantinedLog, SettledCommit } from '#core/indexing/ports.ts'

/*
 * Every `_id` is text made of the natural key, so that the index which each collection has anyway is the unique key
 * that a commit needs. Text and not an embedded document: it is asked for by equality, `$in` and prefix alone, which
 * every server of the protocol can do; it does not depend on the order of fields; and it reads well in a shell. Where a
 * list walks an order, the fields themselves have a compound index, for text does not sort as numbers.
 */

/** `chain:move` */
export type HeadDocument = { readonly _id: string } & StoredHead
/** `chain` */
type UpkeepDocument = { readonly _id: string; readonly chainId: number } & Partial<Upkeep>
/** `chain:number:commit` */
type BlockDocument = {
  readonly _id: string
  readonly chainId: number
  readonly commit: CommitId
} & BlockHeader
/** `chain:reader`; `until` in ms since 1970. */
export type HoldDocument = {
  readonly _id: string
  readonly chainId: number
  readonly number: number
  readonly until: number
}
/** `chain:commit` */
type SettledDocument = { readonly _id: string; readonly chainId: number } & SettledCommit
/** `chain:commit:part`; `ids` are names of documents as `tree:kind:key`. */
type JournalDocument = {
  readonly _id: string
  readonly chainId: number
  readonly ids: readonly string[]
} & JournalRecord
/**
 * `chain:number:logIndex:commit`, and the fields of the body. It begins with the block's number so that a block's
 * events are one range, and new ones are added at one end of the index.
 */
export type EventDocument = {
  readonly _id: string
  readonly chainId: number
  readonly family: string
  readonly kind: string
  readonly number: number
  readonly hash: Hash
  readonly commit: CommitId
  readonly timestamp: number
  readonly logIndex: number
  readonly address: Address
  readonly transactionHash: Hash
  /** How many documents hold the lists of an event that is too large for one; missing where this one has them. */
  readonly parts?: number
}
/** `event:part`: the same stretch of each list of an event. */
export type EventPartDocument = {
  readonly _id: string
  readonly commit: CommitId
  readonly lists: Readonly<Record<string, readonly Binary[]>>
}
/** As an event's. */
type QuarantineDocument = {
  readonly _id: string
  readonly chainId: number
  readonly commit: CommitId
} & QuarantinedLog
/** `chain:address` */
export type TokenDocument = { readonly _id: string; readonly chainId: number } & StoredToken
/** A version: the fields of the value, and which version it is. */
export type VersionDocument = { readonly at: VersionRef }
/** `tree:kind:key`, the current version, and the one before it as `previous`. */
export type TreeDocument = {
  readonly _id: string
  readonly tree: string
  readonly previous: VersionDocument | null
} & VersionDocument
/** `tree:kind:key:number:commit`; `version` has the fields of the value too. */
export type UndoDocument = {
  readonly _id: string
  readonly tree: string
  /** `kind:key` */
  readonly key: string
  readonly until: number
  readonly version: VersionDocument
}

/** All fields ascending; an index is walked both ways. */
export type Index = { readonly name: string; readonly fields: readonly string[] }

/** The order of events; the commit, since several may have stored events for one place. */
export const EVENT_ORDER = ['number', 'logIndex', 'commit'] as const

/** The order of logs that are set apart. */
export const QUARANTINE_ORDER = ['block.number', 'log.logIndex', 'commit'] as const

/** An index for each order that a list may walk, named as the order is. */
const documentIndexes = ({ identity, orders }: DocumentSpec): Index[] =>
  Object.entries({ identity, ...orders }).map(([name, fields]) => ({
    name,
    fields: ['tree', ...fields],
  }))

/** Every collection with its indexes besides the one on `_id`. */
export const collectionIndexes = ({
  documents,
}: Pick<HistoryValues, 'documents'>): Readonly<Record<string, readonly Index[]>> => ({
  heads: [{ name: 'byMove', fields: ['chainId', 'move'] }],
  upkeep: [],
  holds: [],
  blocks: [{ name: 'byNumber', fields: ['chainId', 'number'] }],
  settled: [{ name: 'byBlock', fields: ['chainId', 'to'] }],
  journal: [{ name: 'byBlock', fields: ['chainId', 'to'] }],
  events: [
    { name: 'byFamily', fields: ['chainId', 'family', ...EVENT_ORDER] },
    { name: 'byAddress', fields: ['chainId', 'family', 'address', ...EVENT_ORDER] },
  ],
  eventParts: [],
  tokens: [],
  quarantine: [{ name: 'byPlace', fields: ['chainId', ...QUARANTINE_ORDER] }],
  undo: [
    { name: 'byDocument', fields: ['tree', 'key', 'version.at.number', 'version.at.commit'] },
    { name: 'byUntil', fields: ['tree', 'until'] },
  ],
  ...Object.fromEntries(documents.map((spec) => [spec.plural, documentIndexes(spec)])),
})

export type Collections = {
  /** Through which the server is asked now. */
  readonly client: () => MongoClient
  readonly heads: Collection<HeadDocument>
  readonly upkeep: Collection<UpkeepDocument>
  readonly holds: Collection<HoldDocument>
  readonly blocks: Collection<BlockDocument>
  readonly settled: Collection<SettledDocument>
  readonly journal: Collection<JournalDocument>
  readonly events: Collection<EventDocument>
  readonly eventParts: Collection<EventPartDocument>
  readonly quarantine: Collection<QuarantineDocument>
  readonly tokens: Collection<TokenDocument>
  readonly undo: Collection<UndoDocument>
  readonly documents: (spec: DocumentSpec) => Collection<TreeDocument>
}

export function collectionsOf(db: Db): Collections {
  const open = <D extends Document>(name: string): Collection<D> =>
    inAnswer(db, db.collection<D>(name, CONCERNS))
  return {
    client: () => db.client,
    heads: open<HeadDocument>('heads'),
    upkeep: open<UpkeepDocument>('upkeep'),
    holds: open<HoldDocument>('holds'),
    blocks: open<BlockDocument>('blocks'),
    settled: open<SettledDocument>('settled'),
    journal: open<JournalDocument>('journal'),
    events: open<EventDocument>('events'),
    eventParts: open<EventPartDocument>('eventParts'),
    quarantine: open<QuarantineDocument>('quarantine'),
    tokens: open<TokenDocument>('tokens'),
    undo: open<UndoDocument>('undo'),
    documents: ({ plural }) => open<TreeDocument>(plural),
  }
}

/** Makes the indexes that are not there yet. One by one: not every server takes a list of which some are there. */
export async function createIndexes(
  db: Db,
  values: Pick<HistoryValues, 'documents'>,
): Promise<void> {
  for (const [collection, indexes] of Object.entries(collectionIndexes(values)))
    for (const { name, fields } of indexes)
      await db
        .collection(collection, CONCERNS)
        .createIndex(Object.fromEntries(fields.map((field) => [field, 1] as const)), { name })
}
