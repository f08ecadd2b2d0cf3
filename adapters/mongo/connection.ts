import { type Db, MongoClient } from 'mongodb'
import { AppError, messageOf } from '#core/errors.ts'
import type { DatabaseField } from './errors.ts'

export type Connection = {
  readonly client: MongoClient
  readonly db: Db
  /** The setting that names it. */
  readonly field: DatabaseField
}

/** How long to look for a server that can be written to, before an operator is told that there is none. */
const SERVER_SELECTION_TIMEOUT_MS = 5_000
/** How long one server may take to accept a connection. */
const CONNECT_TIMEOUT_MS = 5_000

const DATABASE_OF_URL = /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]+)/
/** What MongoDB allows on every system that it runs on. */
const DATABASE_NAME = /^[^/\\. "$*<>:|?]{1,63}$/

const invalid = (field: DatabaseField, message: string): AppError =>
  new AppError('invalid', `${field}: ${message}`, { details: { field } })

/**
 * A client for the database that the URL names; it connects with its first command.
 *
 * @throws AppError `invalid` when the URL cannot be used
 */
export function connectionTo(url: string, field: DatabaseField = 'store'): Connection {
  const client = clientFor(url, field)
  const db = client.db(databaseOf(url, field))
  return { client, db, field }
}

/** The name of the database. @throws AppError `invalid` where the URL names none that can be */
function databaseOf(url: string, field: DatabaseField): string {
  const database = DATABASE_OF_URL.exec(url)?.[1]
  if (!database)
    throw invalid(field, 'the MongoDB URL names no database; add one: mongodb://HOST:PORT/halyard')
  const name = decodeURIComponent(database)
  if (!DATABASE_NAME.test(name))
    throw invalid(field, `"${name}" cannot name a MongoDB database; letters, digits, _ and - can`)
  return name
}

function clientFor(url: string, field: DatabaseField): MongoClient {
  try {
    return new MongoClient(url, {
      appName: 'halyard',
      serverSelectionTimeoutMS: SERVER_SELECTION_TIMEOUT_MS,
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
    })
  } catch (error) {
    // Without the cause: it may hold the URL, and with it the password.
    const reason = messageOf(error)
    const why = secretsOf(url).some((secret) => reason.includes(secret)) ? '' : ` (${reason})`
    throw invalid(
      field,
      `the MongoDB URL cannot be used${why}; write mongodb://USER:PASSWORD@HOST:PORT/DATABASE, with special ` +
        'characters of user and password percent-encoded',
    )
  }
}

/** What of a URL must not be shown, however it is broken: everything before the last @, and options that hold secrets. */
function secretsOf(url: string): string[] {
  const beforeHost = /:\/\/(.*)@/s.exec(url)?.[1] ?? ''
  const options = url.match(/(?<=(?:password|properties)=)[^&]*/gi) ?? []
  return [...beforeHost.split(/[:@/]/), ...options]
    .flatMap((piece) => [piece, piece.replaceAll(/%[0-9a-f]{2}/gi, '')])
    .filter((piece) => piece !== '')
}

const STANDALONE =
  'this MongoDB server is a standalone: what it acknowledged can be lost with its disk, and nobody takes over ' +
  'when it stops; run a replica set in production'

/**
 * What an operator should know about how the server is run.
 *
 * @throws AppError `invalid` when the URL asks for less than a majority's acknowledgement where there is one
 */
export async function reviewDeployment(db: Db, field: DatabaseField): Promise<string[]> {
  const hello = await db.command({ hello: 1 })
  const isSharded = hello.msg === 'isdbgrid'
  if (!isSharded && typeof hello.setName !== 'string') return [`${field}: ${STANDALONE}`]
  const members = Array.isArray(hello.hosts) ? hello.hosts.length : 1
  const { w, journal } = db.client.writeConcern ?? {}
  const isBelowMajority = typeof w === 'number' && (w < 2 || w <= members / 2)
  if (isBelowMajority || journal === false)
    throw invalid(
      field,
      'the MongoDB URL asks for a write concern below majority, which a failover takes back; remove w and journal ' +
        'from it: Halyard always waits for a majority',
    )
  return []
}
