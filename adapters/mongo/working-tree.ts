import { AppError } from '#core/errors.ts'
import {
  type DocumentId,
  type DocumentKind,
  fieldsOfDocument,
  isSameVersion,
  type Key,
  keyText,
  orderFields,
  refOf,
  type Version,
} from '#core/history/document.ts'
import type { Scan, WorkingTree } from '#core/history/ports.ts'
import type { Undo } from '#core/indexing/ports.ts'
import { batchesOf } from './batches.ts'
import { fromStored, toStored } from './codec.ts'
import type { Collections, TreeDocument, UndoDocument, VersionDocument } from './collections.ts'
import { rangeFilter } from './tuple-range.ts'

/** How often a document may change while its versions are read. */
const LOOKS_MAX = 16
/** Documents that one query asks for by name. */
const KEYS_BATCH = 1_000

export const createMongoWorkingTree = ({ documents, undo }: Collections): WorkingTree => ({
  async read<K extends DocumentKind>(tree: string, kind: K, keys: readonly Key[]) {
    const found = new Map<string, Version<K>>()
    const ids = keys.map((key) => documentId(tree, kind, key))
    for (const batch of batchesOf(ids, KEYS_BATCH)) {
      const cursor = documents(kind).find({ _id: { $in: batch } }, { batchSize: KEYS_BATCH })
      for await (const { _id: id, ...stored } of cursor) found.set(id, fromVersion(kind, stored))
    }
    return ids.map((id) => found.get(id))
  },

  async readPrevious<K extends DocumentKind>(tree: string, kind: K, keys: readonly Key[]) {
    const found = new Map<string, Version<K>>()
    const ids = keys.map((key) => documentId(tree, kind, key))
    for (const batch of batchesOf(ids, KEYS_BATCH)) {
      const cursor = documents(kind).find(
        { _id: { $in: batch } },
        { batchSize: KEYS_BATCH, projection: { previous: 1 } },
      )
      for await (const { _id: id, previous } of cursor)
        if (previous) found.set(id, fromVersion(kind, previous))
    }
    return ids.map((id) => found.get(id))
  },

  async versions<K extends DocumentKind>(
    tree: string,
    kind: K,
    key: Key,
    { atMost, limit }: { readonly atMost: number; readonly limit: number },
  ) {
    const named = { _id: documentId(tree, kind, key) }
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const document = await documents(kind).findOne(named)
      const aside = await undo
        .find({ tree, key: keyText(kind, key), 'version.at.number': { $lte: atMost } })
        .sort({ 'version.at.number': -1, 'version.at.commit': -1 })
        .limit(limit)
        .hint('byDocument')
        .toArray()
      const again = await documents(kind).findOne(named, { projection: { at: 1 } })
      // Where the document stayed as it was, both were read as of one moment.
      if (!isSameVersion(document?.at, again?.at)) continue
      return [document, document?.previous, ...aside.map(({ version }) => version)]
        .filter((version) => version !== undefined && version !== null)
        .map((version) => fromVersion(kind, version))
        .filter(({ number }) => number <= atMost)
        .toSorted((a, b) => b.number - a.number || (a.commit < b.commit ? 1 : -1))
        .slice(0, limit)
    }
    throw new AppError(
      'unavailable',
      'store: a document is changed too often to be read; try again',
      {
        details: { field: 'store' },
      },
    )
  },

  async scan<K extends DocumentKind>(tree: string, scan: Scan<K>) {
    const { kind, order, descending, limit } = scan
    const fields = orderFields(kind, order)
    const filter = rangeFilter({ tree }, fields, scan)
    if (!filter) return []
    const direction = descending ? -1 : 1
    const sort = Object.fromEntries(fields.map((field) => [field, direction] as const))
    const options = { sort, limit, hint: order, batchSize: limit }
    const stored = await documents(kind).find(filter, options).toArray()
    return stored.map((document) => fromVersion(kind, document))
  },
})

export const documentId = (tree: string, kind: DocumentKind, key: Key): string =>
  `${tree}:${keyText(kind, key)}`

export function toTreeDocument(
  tree: string,
  { kind, key }: DocumentId,
  version: Version,
  previous: Version | null,
): TreeDocument {
  const envelope = {
    _id: documentId(tree, kind, key),
    tree,
    at: refOf(version),
    previous: previous && toVersion(kind, previous),
  }
  return toStored(envelope, fieldsOfDocument(kind), version.value) as TreeDocument
}

const toVersion = (kind: DocumentKind, version: Version): VersionDocument =>
  toStored({ at: refOf(version) }, fieldsOfDocument(kind), version.value) as VersionDocument

const fromVersion = <K extends DocumentKind>(kind: K, stored: VersionDocument): Version<K> => ({
  ...refOf(stored.at),
  value: fromStored(fieldsOfDocument(kind), stored) as Version<K>['value'],
})

export function toUndoDocument(tree: string, { id, version, until }: Undo): UndoDocument {
  const { kind, key } = id
  return {
    _id: `${documentId(tree, kind, key)}:${version.number}:${version.commit}`,
    tree,
    key: keyText(kind, key),
    until,
    version: toVersion(kind, version),
  }
}
