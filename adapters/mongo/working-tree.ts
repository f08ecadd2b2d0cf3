import type { Collection } from 'mongodb'
import { AppError } from '#core/errors.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import {
  type DocumentId,
  type DocumentSet,
  type DocumentSpec,
  idText,
  isSameVersion,
  type Key,
  keyText,
  orderFields,
  refOf,
  type Version,
} from '#core/history/document.ts'
import type { WorkingTree } from '#core/history/ports.ts'
import type { Undo } from '#core/indexing/ports.ts'
import { batchesOf } from './batches.ts'
import { fromStored, toStored } from './codec.ts'
import type { Collections, TreeDocument, UndoDocument, VersionDocument } from './collections.ts'
import { rangeFilter } from './tuple-range.ts'

/** How often a document may change while its versions are read. */
const LOOKS_MAX = 16
/** Documents that one query asks for by name. */
const KEYS_BATCH = 1_000

export const createMongoWorkingTree = (
  { documents, undo }: Collections,
  catalogue: HistoryCatalogue,
): WorkingTree => ({
  async read(set, keys) {
    const spec = catalogue.document(set.kind)
    const found = await findById(documents(spec), set, keys)
    return found.map((document) => document && fromVersion(spec, document))
  },

  async readPrevious(set, keys) {
    const spec = catalogue.document(set.kind)
    const found = await findById(documents(spec), set, keys, { previous: 1 })
    return found.map((document) =>
      document?.previous ? fromVersion(spec, document.previous) : undefined,
    )
  },

  async versions({ tree, kind }, key, { atMost, limit }) {
    const spec = catalogue.document(kind)
    const named = { _id: idText({ tree, kind, key }) }
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const document = await documents(spec).findOne(named)
      const aside = await undo
        .find({ tree, key: keyText(kind, key), 'version.at.number': { $lte: atMost } })
        .sort({ 'version.at.number': -1, 'version.at.commit': -1 })
        .limit(limit)
        .hint('byDocument')
        .toArray()
      const again = await documents(spec).findOne(named, { projection: { at: 1 } })
      // Where the document stayed as it was, both were read as of one moment.
      if (!isSameVersion(document?.at, again?.at)) continue
      return [document, document?.previous, ...aside.map(({ version }) => version)]
        .filter((version) => version !== undefined && version !== null)
        .map((version) => fromVersion(spec, version))
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

  async scan({ tree, kind }, scan) {
    const spec = catalogue.document(kind)
    const { order, descending, limit } = scan
    const fields = orderFields(spec, order)
    const filter = rangeFilter({ tree }, fields, scan)
    if (!filter) return []
    const direction = descending ? -1 : 1
    const sort = Object.fromEntries(fields.map((field) => [field, direction] as const))
    const options = { sort, limit, hint: order, batchSize: limit }
    const stored = await documents(spec).find(filter, options).toArray()
    return stored.map((document) => fromVersion(spec, document))
  },
})

/** Documents in the order of `keys`, whole or some of their fields. */
async function findById(
  collection: Collection<TreeDocument>,
  set: DocumentSet,
  keys: readonly Key[],
  projection?: Readonly<Record<string, 1>>,
): Promise<(TreeDocument | undefined)[]> {
  const found = new Map<string, TreeDocument>()
  const ids = keys.map((key) => idText({ ...set, key }))
  const options = { batchSize: KEYS_BATCH, ...(projection && { projection }) }
  for (const batch of batchesOf(ids, KEYS_BATCH)) {
    for (const document of await collection.find({ _id: { $in: batch } }, options).toArray()) {
      const { _id: id } = document
      found.set(id, document)
    }
  }
  return ids.map((id) => found.get(id))
}

export function toTreeDocument(
  spec: DocumentSpec,
  id: DocumentId,
  version: Version,
  previous: Version | null,
): TreeDocument {
  const envelope = {
    _id: idText(id),
    tree: id.tree,
    at: refOf(version),
    previous: previous && toVersion(spec, previous),
  }
  return toStored(envelope, spec.fields, version.value) as TreeDocument
}

const toVersion = ({ fields }: DocumentSpec, version: Version): VersionDocument =>
  toStored({ at: refOf(version) }, fields, version.value) as VersionDocument

const fromVersion = ({ fields }: DocumentSpec, stored: VersionDocument): Version => ({
  ...refOf(stored.at),
  value: fromStored(fields, stored),
})

export function toUndoDocument(spec: DocumentSpec, { id, version, until }: Undo): UndoDocument {
  return {
    _id: `${idText(id)}:${version.number}:${version.commit}`,
    tree: id.tree,
    key: keyText(id.kind, id.key),
    until,
    version: toVersion(spec, version),
  }
}
