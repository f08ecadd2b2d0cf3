import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientSession, Collection, Db, Document, MongoClient, Timestamp } from 'mongodb'
import { AppError } from '#core/errors.ts'

/** What is under way as one answer, whichever call of it asks. */
const answers = new AsyncLocalStorage<Answer>()
type Answer = { readonly client: MongoClient; readonly session: ClientSession; isOver: boolean }

/** How far the answers of one store have seen: the server's time, where it tells it. */
export type SeenSoFar = { operationTime?: Timestamp }

/**
 * Reads in one causally consistent session: each of them sees at least what the ones before saw, whichever server
 * answers. Without it a failover between two reads may pair a head with documents of a server that lags behind it.
 *
 * It goes on from where the answers before it have come to, moves of the head that were made in them included: so a
 * writer may read documents before it has read its own head again.
 */
export async function asOneAnswer<T>(
  client: MongoClient,
  seen: SeenSoFar,
  read: () => Promise<T>,
): Promise<T> {
  const outer = answers.getStore()
  // An answer within an answer is a part of it.
  if (outer && !outer.isOver) return read()
  const session = client.startSession({ causalConsistency: true })
  if (seen.operationTime) session.advanceOperationTime(seen.operationTime)
  const answer: Answer = { client, session, isOver: false }
  try {
    return await answers.run(answer, read)
  } finally {
    answer.isOver = true
    const { operationTime } = session
    if (operationTime && !seen.operationTime?.greaterThan(operationTime))
      seen.operationTime = operationTime
    await session.endSession()
  }
}

/** For a write that later answers are to see, whoever answers them. */
export const withinAnswer = (client: MongoClient): { readonly session?: ClientSession } => {
  const answer = answers.getStore()
  const isUsable = answer && !answer.isOver && answer.client === client && !answer.session.hasEnded
  return isUsable ? { session: answer.session } : {}
}

const renewed = (): AppError =>
  new AppError(
    'unavailable',
    'store: the connection to MongoDB was lost while it was read; try again',
    {
      details: { field: 'store' },
    },
  )

type Read = (filter?: Document, options?: Document) => unknown

/**
 * The same collection, its reads in the session of the answer that they belong to. An answer whose client was replaced
 * meanwhile fails: the new one knows nothing of what the answer has read, and might be given something older.
 *
 * @param db whose client is the one that is asked now
 */
export const inAnswer = <D extends Document>(db: Db, collection: Collection<D>): Collection<D> =>
  new Proxy(collection, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      if (name !== 'find' && name !== 'findOne') return member.bind(target) as unknown
      return (filter: Document = {}, options: Document = {}): unknown => {
        const answer = answers.getStore()
        // What several answers share may outlive the one that began it.
        if (!answer || answer.isOver) return (member as Read).call(target, filter, options)
        const { client, session } = answer
        if (client !== db.client || session.hasEnded) throw renewed()
        return (member as Read).call(target, filter, { ...options, session })
      }
    },
  })
