import type { Collection, OptionalUnlessRequiredId } from 'mongodb'
import { writesOf } from './batches.ts'
import { duplicatesIn } from './errors.ts'

type Identified = { readonly _id: string }

/** Inserts documents that are named by their content: those that are there already are the same. */
export async function insertNew<T, D extends Identified>(
  collection: Collection<D>,
  items: Iterable<T>,
  toDocument: (item: T) => D,
): Promise<void> {
  const documents = Iterator.from(items).map(toDocument)
  for (const batch of writesOf(documents, (document) => document))
    await insertBatch(collection, batch)
}

/** @returns the places of those whose `_id` was there already */
export async function insertBatch<D extends Identified>(
  collection: Collection<D>,
  batch: readonly D[],
): Promise<number[]> {
  try {
    await collection.insertMany(batch as readonly OptionalUnlessRequiredId<D>[], { ordered: false })
    return []
  } catch (error) {
    return duplicatesIn(error)
  }
}
