import { type Address, rangeWith } from '#core/chain.ts'
import { AppError, invalidField } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import type { AnySource } from '#core/indexing/source.ts'
import { refuseUnindexed } from './indexed-collections.ts'
import { type CollectionSource, isCollection } from './sources.ts'

/** @throws AppError `not-found` (`not-indexed`) for a collection that is not indexed */
export function collectionSource(
  sources: readonly AnySource[],
  collection: Address,
): CollectionSource {
  const source = sources.filter(isCollection).find(({ address }) => address === collection)
  refuseUnindexed(new Set(source ? [collection] : []), collection)
  if (!source) throw new Error('it is refused')
  return source
}

/**
 * The block that the transfers of a collection begin at, of which none is missing up to a block that is indexed.
 *
 * @throws AppError `invalid` for a block before its first; `conflict` (`index-incomplete`) where transfers before the index
 *   are missing
 */
export function firstOfWhole({ head }: View, source: CollectionSource, at: number): number {
  const first = source.startBlock ?? 0
  if (at < first)
    throw invalidField('at', `block ${at} is before the first of the collection, ${first}`)
  // All that is indexed without a gap up to the block, also before the collection's first one.
  const from = rangeWith(head.coverage, at)?.from ?? at
  // Without a start block nothing says that the collection is not older than the index.
  if (from > first)
    throw incompleteCollection(source.address, `blocks ${first}-${from - 1} are not all indexed`)
  return from
}

/** What is counted would be wrong. */
export const incompleteCollection = (collection: Address, why: string): AppError =>
  new AppError(
    'conflict',
    `collection: what would be counted of ${collection} would be wrong: ${why}; index it from the block on in which it was deployed, and name that as its startBlock`,
    { details: { field: 'collection', reason: 'index-incomplete' }, audience: 'client' },
  )

/** Moves of tokens that are gone through for one answer: what comes of them is kept in memory. */
const MOVES_MAX = 5_000_000

/** @throws AppError `invalid` (`too-costly`) */
export function refuseTooManyMoves(collection: Address, moves: number): void {
  if (moves <= MOVES_MAX) return
  throw new AppError(
    'invalid',
    `collection: ${collection} has had more than ${MOVES_MAX} moves of tokens, which is more than one answer is made of`,
    { details: { field: 'collection', reason: 'too-costly' }, audience: 'client' },
  )
}
