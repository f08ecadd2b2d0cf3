import { type AnyBulkWriteOperation, BSON, type Collection } from 'mongodb'
import { allDone } from '#core/concurrent.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import { idText, type DocumentSpec, type VersionRef } from '#core/history/document.ts'
import type { Replacement } from '#core/indexing/ports.ts'
import { writesOf } from './batches.ts'
import type { Collections, TreeDocument } from './collections.ts'
import { insertBatch } from './insert.ts'
import { toTreeDocument } from './working-tree.ts'

/** A change, its place among those asked for, and its document; null where it removes one. */
type Entry = {
  readonly place: number
  readonly id: string
  readonly document: TreeDocument | null
  readonly expected: VersionRef | null
}
type Update = Entry & { readonly expected: VersionRef }
type Insert = Entry & { readonly document: TreeDocument }

const isUpdate = (entry: Entry): entry is Update => entry.expected !== null
const isInsert = (entry: Entry): entry is Insert => !isUpdate(entry) && entry.document !== null

/** Does what `ChainWriter.replace` says, all kinds at once, for each is a collection of its own. */
export async function replaceDocuments(
  { documents }: Collections,
  catalogue: HistoryCatalogue,
  changes: readonly Replacement[],
): Promise<number[]> {
  const missed: number[] = []
  const byKind = Map.groupBy(changes.entries(), ([, { id }]) => id.kind)
  const replacing = [...byKind].map(async ([kind, all]) => {
    const spec = catalogue.document(kind)
    const changed = all.values().map(([place, change]) => entryOf(spec, place, change))
    for (const entries of writesOf(changed, ({ document }) => document)) {
      const inserting = insertAll(documents(spec), entries.filter(isInsert))
      const updating = updateAll(documents(spec), entries.filter(isUpdate))
      await allDone([inserting, updating])
      missed.push(...(await inserting), ...(await updating))
    }
  })
  await allDone(replacing)
  return missed
}

const entryOf = (
  spec: DocumentSpec,
  place: number,
  { id, version, previous, expected }: Replacement,
): Entry => ({
  place,
  id: idText(id),
  document: version && toTreeDocument(spec, id, version, previous),
  expected,
})

async function insertAll(
  collection: Collection<TreeDocument>,
  inserts: readonly Insert[],
): Promise<number[]> {
  if (inserts.length === 0) return []
  const documents = inserts.map(({ document }) => document)
  const taken = new Set(await insertBatch(collection, documents))
  return inserts.filter((_, index) => taken.has(index)).map(({ place }) => place)
}

async function updateAll(
  collection: Collection<TreeDocument>,
  updates: readonly Update[],
): Promise<number[]> {
  if (updates.length === 0) return []
  const operations = updates.map(operationOf)
  const { matchedCount, deletedCount } = await collection.bulkWrite(operations, { ordered: false })
  return matchedCount + deletedCount < updates.length ? findMissed(collection, updates) : []
}

function operationOf({ id, document, expected }: Update): AnyBulkWriteOperation<TreeDocument> {
  const filter = {
    _id: id,
    'at.number': expected.number,
    'at.commit': expected.commit,
    'at.move': expected.move,
  }
  return document ? { replaceOne: { filter, replacement: document } } : { deleteOne: { filter } }
}

/**
 * Which of the changes did not land. The server counts those that found what they expected, and does not say which they
 * were; so whatever is stored as wanted counts as landed, even if another writer wrote the same.
 */
async function findMissed(
  collection: Collection<TreeDocument>,
  updates: readonly Update[],
): Promise<number[]> {
  const stored = new Map<string, TreeDocument>()
  const ids = updates.map(({ id }) => id)
  for (const document of await collection.find({ _id: { $in: ids } }).toArray()) {
    const { _id: id } = document
    stored.set(id, document)
  }
  return updates
    .filter(({ id, document }) => !isSame(stored.get(id), document))
    .map(({ place }) => place)
}

/** By content: what is put back may be a version with another one beside it. */
const isSame = (a: TreeDocument | undefined, b: TreeDocument | null): boolean =>
  a && b ? Buffer.compare(BSON.serialize(a), BSON.serialize(b)) === 0 : !a && !b
