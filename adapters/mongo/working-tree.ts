import {
  type DocumentKind,
  fieldsOfDocument,
  type Key,
  keyText,
  orderFields,
  parseKeyText,
  type Version,
  type VersionRef,
} from '#core/history/document.ts'
import type { Scan, Undo, WorkingTree } from '#core/history/ports.ts'
import { batchesOf } from './batches.ts'
import { fromStored, toStored } from './codec.ts'
import type { Collections, TreeDocument, UndoDocument } from './collections.ts'
import { rangeFilter } from './tuple-range.ts'

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

  async readUndo<K extends DocumentKind>(tree: string, kind: K, keys: readonly Key[]) {
    const texts = keys.map((key) => keyText(kind, key))
    const found = new Map(texts.map((text) => [text, [] as Undo<K>[]]))
    for (const batch of batchesOf(texts, KEYS_BATCH)) {
      const cursor = undo
        .find({ tree, key: { $in: batch } }, { batchSize: KEYS_BATCH })
        .hint('byDocument')
      for await (const stored of cursor)
        found.get(stored.key)?.push(fromUndoDocument(stored) as unknown as Undo<K>)
    }
    return texts.map((text) => found.get(text) ?? [])
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
  kind: DocumentKind,
  key: Key,
  version: Version,
): TreeDocument {
  const envelope = { _id: documentId(tree, kind, key), tree, ...refOf(version) }
  return toStored(envelope, fieldsOfDocument(kind), version.value) as TreeDocument
}

function fromVersion<K extends DocumentKind>(kind: K, stored: VersionRef): Version<K> {
  return {
    ...refOf(stored),
    value: fromStored(fieldsOfDocument(kind), stored) as Version<K>['value'],
  }
}

const refOf = ({ at: { number, hash }, move }: VersionRef): VersionRef => ({
  at: { number, hash },
  move,
})

/** Stands in an undo record's `_id` for "there was none". */
const NO_VERSION = 'none'

export const undoId = (tree: string, { id, by, version }: Undo): string =>
  `${documentId(tree, id.kind, id.key)}:${by.hash}:${version?.at.hash ?? NO_VERSION}`

export function toUndoDocument(tree: string, record: Undo): UndoDocument {
  const { id, by, version } = record
  return {
    _id: undoId(tree, record),
    tree,
    kind: id.kind,
    key: keyText(id.kind, id.key),
    by: { number: by.number, hash: by.hash },
    version:
      version && (toStored(refOf(version), fieldsOfDocument(id.kind), version.value) as VersionRef),
  }
}

export function fromUndoDocument({ kind, key, by, version }: UndoDocument): Undo {
  return {
    id: { kind, key: parseKeyText(kind, key) },
    version: version && fromVersion(kind, version),
    by: { number: by.number, hash: by.hash },
  }
}
