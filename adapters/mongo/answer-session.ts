import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientSession, Collection, Document, MongoClient } from 'mongodb'

/** What is under way as one answer, whichever call of it asks. */
const sessions = new AsyncLocalStorage<ClientSession>()

/**
 * Reads in one causally consistent session: each of them sees at least what the ones before saw, whichever server
 * answers. Without it a failover between two reads may pair a head with documents of a server that lags behind it.
 */
export async function asOneAnswer<T>(client: MongoClient, read: () => Promise<T>): Promise<T> {
  // An answer within an answer is a part of it.
  if (sessions.getStore()) return read()
  const session = client.startSession({ causalConsistency: true })
  try {
    return await sessions.run(session, read)
  } finally {
    await session.endSession()
  }
}

type Read = (filter?: Document, options?: Document) => unknown

/** The same collection, its reads in the session of the answer that they belong to. */
export const inAnswer = <D extends Document>(collection: Collection<D>): Collection<D> =>
  new Proxy(collection, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      if (name !== 'find' && name !== 'findOne') return member.bind(target) as unknown
      return (filter: Document = {}, options: Document = {}): unknown => {
        const session = sessions.getStore()
        // What several answers share may outlive the one that began it.
        const isOpen = session !== undefined && !session.hasEnded
        return (member as Read).call(target, filter, isOpen ? { ...options, session } : options)
      }
    },
  })
