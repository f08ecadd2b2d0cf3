import {
  type Collection,
  type Db,
  type Document,
  MongoBulkWriteError,
  MongoNetworkError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb'
import { AppError } from '#core/errors.ts'
import type { Connection } from './connection.ts'
import type { DatabaseField } from './errors.ts'

/** A database that outlives the clients through which it is asked. */
export type LastingDatabase = {
  readonly db: Db
  close(): Promise<void>
}

export type LastingOptions = {
  /** How long nothing may have worked before the client is replaced by a new one, in milliseconds. */
  readonly renewAfterMs?: number
  /** How long one command may take, in milliseconds. */
  readonly commandMsMax?: number
}

/** Longer than the election of a new primary usually takes, and than a server needs to start again. */
const RENEW_AFTER_MS = 10_000
/** No command of a store takes seconds, but for making an index, which may take as long as it does. */
const COMMAND_MS_MAX = 30_000
/** A client says goodbye to its server; one that does not hear it is not waited for. */
const CLOSE_MS_MAX = 3_000

/**
 * The driver's client reconnects by itself, but not always: where a connection closes between the writing of a command
 * and the wait for its answer, the wait never ends (driver 7.8). If the command was a heartbeat, the server is not
 * looked for again. A proxy that accepts connections while its server is away, and closes them, brings this about. So a
 * command has a deadline here, and a client with which nothing has worked for a while is replaced.
 *
 * @param open makes a connection, which is established with its first command
 */
export function createLastingDatabase(
  open: () => Connection,
  { renewAfterMs = RENEW_AFTER_MS, commandMsMax = COMMAND_MS_MAX }: LastingOptions = {},
): LastingDatabase {
  let connection = open()
  /** Since when nothing has worked; undefined while the newest command did. */
  let failingSince: number | undefined
  let isClosed = false

  function current(): Db {
    const isDue = failingSince !== undefined && performance.now() - failingSince >= renewAfterMs
    if (isDue && !isClosed) {
      void closeSoon(connection)
      connection = open()
      failingSince = undefined
    }
    return connection.db
  }

  /** Takes note of how a command ends, and gives it up when it does not end in time. */
  async function watched<T>(command: Promise<T>, isLong = false): Promise<T> {
    const asked = connection
    const late = Promise.withResolvers<never>()
    const giveUp = (): void => late.reject(tooLate(asked.field, commandMsMax))
    const timer = isLong ? undefined : setTimeout(giveUp, commandMsMax)
    try {
      const answer = await Promise.race([command, late.promise])
      if (asked === connection) failingSince = undefined
      return answer
    } catch (error) {
      if (asked === connection) {
        if (error instanceof AppError) failingSince = Number.NEGATIVE_INFINITY
        else if (!isDisconnected(error)) failingSince = undefined
        else failingSince ??= performance.now()
      }
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  function watchedResult(result: unknown, member: string | symbol): unknown {
    if (result instanceof Promise) return watched(result, member === 'createIndex')
    if (isCursor(result)) {
      const toArray = result.toArray.bind(result)
      result.toArray = () => watched(toArray())
    }
    return result
  }

  /** The member of whatever `now` gives when it is used. */
  const lasting = <T extends object>(target: T, now: () => T): T =>
    new Proxy(target, {
      get(_, member) {
        const there = now()
        const value = Reflect.get(there, member) as unknown
        if (typeof value !== 'function') return value
        if (member === 'collection') return collectionOf
        return (...args: unknown[]) => watchedResult(Reflect.apply(value, there, args), member)
      },
    })

  function collectionOf(...args: Parameters<Db['collection']>): Collection {
    let of = connection.db
    let collection = of.collection(...args)
    return lasting(collection, () => {
      const there = current()
      if (there !== of) [of, collection] = [there, there.collection(...args)]
      return collection
    })
  }

  return {
    db: lasting(connection.db, current),
    close() {
      isClosed = true
      return closeSoon(connection)
    },
  }
}

/** The client may have lost its server: the answer to a command is not known, or nobody was asked. */
const isDisconnected = (error: unknown): boolean =>
  error instanceof MongoNetworkError ||
  error instanceof MongoServerSelectionError ||
  error instanceof MongoTopologyClosedError ||
  // How a bulk write tells of any of these.
  (error instanceof MongoBulkWriteError && [error.writeErrors].flat().length === 0)

const tooLate = (field: DatabaseField, ms: number): AppError =>
  new AppError(
    'unavailable',
    `${field}: MongoDB gave no answer within ${ms / 1_000} s; check that the server runs and is not overloaded`,
    { details: { field } },
  )

type Cursor = { toArray(): Promise<Document[]> }

const isCursor = (result: unknown): result is Cursor =>
  typeof result === 'object' && result !== null && 'toArray' in result

/** Never waits for long, and does not fail: what is closed is not needed any more. */
async function closeSoon({ client }: Connection): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_MS_MAX)
  })
  const closed = client.close().catch(() => undefined)
  await Promise.race([closed, late])
  clearTimeout(timer)
}
