import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { environment } from '#adapters/env/environment.ts'
import {
  announce,
  findProgram,
  freePort,
  missing,
  startProgram,
  temporaryFolder,
} from './programs.ts'

export type MongoServer = {
  /** The URL of a database on it; databases come into being with their first document. */
  url(database: string): string
  /**
   * `mongod` was started here, as a replica set of one; `ferretlite` serves the protocol over SQLite, for machines
   * without a mongod: it has no query planner, no replica set, and no guarantee for parallel updates of one document.
   */
  readonly kind: 'given' | 'mongod' | 'ferretlite'
  /** Kills it in the middle of whatever it does; undefined for one that was not started here. */
  readonly crash: (() => Promise<void>) | undefined
  /** Starts it again behind a crash, over the same files and at the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const REPLICA_SET = 'test'
/** How long a replica set of one may take to elect its primary. */
const ELECTION_TIMEOUT_MS = 30_000
const POLL_MS = 100

/**
 * A MongoDB server for a suite: the one that MONGODB_URL names, else a `mongod` from the PATH, else a `ferretlite`.
 * Undefined where there is none.
 */
export async function openMongoServer(): Promise<MongoServer | undefined> {
  const given = environment.MONGODB_URL
  if (given) {
    announce('MongoDB: the server that MONGODB_URL names')
    const nothing = async (): Promise<void> => {}
    const url = (database: string): string => withDatabase(given, database)
    return { url, kind: 'given', crash: undefined, restart: nothing, stop: nothing }
  }
  const mongod = findProgram('mongod')
  if (mongod) return startMongod(mongod)
  const ferretlite = findProgram('ferretlite')
  if (ferretlite) return startFerretlite(ferretlite)
  return missing('MongoDB suites', 'put mongod on the PATH, or set MONGODB_URL')
}

/** A name that no other suite uses, should they share a server. */
export const freshDatabase = (): string => `halyard_test_${randomUUID().slice(0, 8)}`

const withDatabase = (url: string, database: string): string =>
  url.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?/, `$1/${database}`)

async function startMongod(path: string): Promise<MongoServer> {
  const [folder, port] = [temporaryFolder('mongod'), await freePort()]
  const start = () =>
    startProgram(
      path,
      `--port ${port} --bind_ip 127.0.0.1 --replSet ${REPLICA_SET} --wiredTigerCacheSizeGB 0.25`
        .split(' ')
        .concat('--dbpath', folder.path),
      (output) => output.includes('Waiting for connections'),
    )
  let server = await start()
  const restart = async (): Promise<void> => void (server = await start())
  const stop = async (): Promise<void> => {
    await server.stop()
    folder.remove()
  }
  try {
    await makePrimary(port)
  } catch (error) {
    await stop()
    throw error
  }
  announce(`MongoDB: ${path}, a replica set of one`)
  const url = (database: string): string =>
    `mongodb://127.0.0.1:${port}/${database}?replicaSet=${REPLICA_SET}`
  return { url, kind: 'mongod', crash: () => server.kill(), restart, stop }
}

async function makePrimary(port: number): Promise<void> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`)
  try {
    const admin = client.db('admin')
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }]
    await admin.command({ replSetInitiate: { _id: REPLICA_SET, members } })
    const until = performance.now() + ELECTION_TIMEOUT_MS
    while ((await admin.command({ hello: 1 })).isWritablePrimary !== true) {
      if (performance.now() > until) throw new Error('mongod elected no primary in time')
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS)
      })
    }
  } finally {
    await client.close()
  }
}

async function startFerretlite(path: string): Promise<MongoServer> {
  const [folder, port] = [temporaryFolder('ferretlite'), await freePort()]
  const start = () =>
    startProgram(path, ['-listen', `127.0.0.1:${port}`, '-dir', folder.path], (output) =>
      output.includes('listening'),
    )
  let server = await start()
  announce(`MongoDB: ${path}, which stands in for mongod: tests named "mongod-only" do not run`)
  return {
    url: (database) => `mongodb://127.0.0.1:${port}/${database}`,
    kind: 'ferretlite',
    crash: () => server.kill(),
    restart: async () => void (server = await start()),
    async stop() {
      await server.stop()
      folder.remove()
    },
  }
}
