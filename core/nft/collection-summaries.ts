import type { Address, BlockRef } from '#core/chain.ts'
import { refuseLeftView } from '#core/history/at-head.ts'
import { storedBlockAt } from '#core/history/block-at.ts'
import type { View } from '#core/history/head.ts'
import type { Views } from '#core/history/view.ts'
import type { EventPorts } from '#core/history/list-events.ts'
import type { HeadLog } from '#core/history/ports.ts'
import { pagesOfEvents } from '#core/history/walk-events.ts'
import type { AnySource } from '#core/indexing/source.ts'
import {
  type CollectionFold,
  type CollectionSummary,
  createCollectionFold,
} from './collection-summary.ts'
import { transferFamily } from './transfer.ts'
import { collectionSource, firstOfWhole } from './whole-collection.ts'

export type CollectionPorts = EventPorts & {
  readonly heads: Pick<HeadLog, 'block' | 'settledBlock'>
  readonly views: Views
  readonly sources: readonly AnySource[]
}

/** What can be said of collections as a whole. */
export type CollectionSummaries = {
  /**
   * At the head of a view.
   *
   * @throws AppError as `collectionSource` and `firstOfWhole` do; `invalid` (`too-costly`) for one with too many moves
   */
  read(view: View, collection: Address): Promise<CollectionSummary>
}

/** Some ten megabytes each, for collections of 10,000 tokens. */
const REMEMBERED_MAX = 8
/** Transfers read at a time. */
const PAGE = 2_000

/** What was folded up to a block. */
type Folded = {
  /** Of what else it depends on: another one is begun anew. */
  readonly made: string
  readonly fold: CollectionFold
  at: BlockRef
  summary: CollectionSummary
}

/**
 * Transfers are gone through once: with a new block those that came with it are added. A reorganisation, or a history that
 * was made anew, has them gone through again.
 */
export function createCollectionSummaries(ports: CollectionPorts): CollectionSummaries {
  const remembered = new Map<Address, Folded>()
  /** One at a time for each collection: whoever comes meanwhile finds it done. */
  const turns = new Map<Address, Promise<unknown>>()

  async function read(view: View, collection: Address): Promise<CollectionSummary> {
    const { number, hash, timestamp, projections, rewrites } = view.head
    const source = collectionSource(ports.sources, collection)
    const from = firstOfWhole(view, source, number)
    const made = JSON.stringify([projections, rewrites, from])
    const known = await stillTrue(view, remembered.get(collection), made)
    if (known?.at.hash === hash) return known.summary
    // It is changed in place: where reading fails in the middle, it must not be gone on with.
    remembered.delete(collection)
    const fold = known?.fold ?? createCollectionFold(collection, source.kind)
    const range = { from: known ? known.at.number + 1 : from, to: number }
    for await (const events of pagesOfEvents(ports, view, transferFamily, {
      address: collection,
      ...range,
      limit: PAGE,
    }))
      for (const { body, block } of events) fold.add(body, block.timestamp)
    // What was taken away while it was read would be missing from then on.
    await refuseLeftView(ports.views, view)
    const at = { number, hash }
    const summary = fold.result(at, timestamp)
    const [oldest] = remembered.keys()
    if (remembered.size >= REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest)
    remembered.set(collection, { made, fold, at, summary })
    return summary
  }

  /** What was folded before, where all of it is on the line of the view. */
  async function stillTrue(
    view: View,
    known: Folded | undefined,
    made: string,
  ): Promise<Folded | undefined> {
    if (!known || known.made !== made || known.at.number > view.head.number) return undefined
    const block = await storedBlockAt(ports.heads, view, known.at.number)
    return block?.hash === known.at.hash ? known : undefined
  }

  return {
    async read(view, collection) {
      const before = turns.get(collection) ?? Promise.resolve()
      const mine = before.then(
        () => read(view, collection),
        () => read(view, collection),
      )
      turns.set(collection, mine)
      try {
        return await mine
      } finally {
        if (turns.get(collection) === mine) turns.delete(collection)
      }
    },
  }
}
