import type { Collection, OptionalUnlessRequiredId } from 'mongodb'
import { batchesOf } from './batches.ts'
import { duplicatesIn } from './errors.ts'

/**
 * Documents that one command carries. They are encoded a batch at a time, so a commit of any size takes the memory of
 * one; at about 600 bytes each, a batch is far below the protocol's 48 MB.
 */
export const WRITE_BATCH_MAX = 2_000

type Identified = { readonly _id: string }

/** Inserts documents that are named by their content: those that are there already are the same. */
export async function insertNew<T, D extends Identified>(
  collection: Collection<D>,
  items: readonly T[],
  toDocument: (item: T) => D,
): Promise<void> {
  for (const batch of batchesOf(items, WRITE_BATCH_MAX))
    await insertBatch(collection, batch.map(toDocument))
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
