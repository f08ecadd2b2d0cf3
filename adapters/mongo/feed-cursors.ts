import type { Db } from 'mongodb'
import type { FeedCursor } from '#core/history/feed.ts'
import { CONCERNS } from './concerns.ts'
import { toldAs } from './errors.ts'

const told = toldAs('records')

/** How far a follower of each chain has come, in a collection of its own. */
export function feedCursors(db: Pick<Db, 'collection'>, collection: string) {
  const cursors = db.collection<FeedCursor & { readonly _id: number }>(collection, CONCERNS)
  return {
    cursor: (chainId: number): Promise<FeedCursor | undefined> =>
      told(async () => {
        const found = await cursors.findOne({ _id: chainId })
        if (!found) return undefined
        const { _id, ...cursor } = found
        return cursor
      }),
    putCursor: (chainId: number, cursor: FeedCursor): Promise<void> =>
      told(async () => {
        await cursors.replaceOne({ _id: chainId }, { ...cursor }, { upsert: true })
      }),
  }
}
