import type { Collection, Db, Document } from 'mongodb'
import { failedStep, type Migration } from '#core/operations/migration.ts'
import type { MigrationStore, RecordsIdentity } from '#core/operations/ports.ts'
import { CONCERNS } from './concerns.ts'
import { connectionTo, reviewDeployment } from './connection.ts'
import { toAppError } from './errors.ts'
import { migrations } from './migrations/all.ts'
import { commandsOf } from './migrations/commands-migration.ts'
import { takeTurn, type Turn, type TurnTimes } from './migration-turn.ts'

export type MongoMigrationStore = MigrationStore & {
  /** What an operator should know about how the server is run. */
  readonly warnings: readonly string[]
  close(): Promise<void>
}

export type MigrationStoreOptions = TurnTimes & {
  /** Those of this version, unless given. */
  readonly known?: readonly Migration[]
}

/** `_id` is the migration's number. */
type MigrationDocument = {
  readonly _id: number
  readonly name: string
  readonly checksum: string
  readonly isDone: boolean
}

/**
 * Migrations of people's records in a MongoDB database. A migration is recorded before its first command and after its
 * last one, so that one which a process did not bring to its end is run again.
 *
 * @param url with the database as its path; it is made by the first turn
 * @throws AppError `invalid` when the URL cannot be used, `unavailable` when the server cannot; both with the remedy
 */
export async function openMongoMigrationStore(
  url: string,
  { known = migrations, ...times }: MigrationStoreOptions = {},
): Promise<MongoMigrationStore> {
  const { client, db } = connectionTo(url, 'records')
  const records = db.collection<MigrationDocument>('migrations', CONCERNS)
  const told = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask()
    } catch (error) {
      throw toAppError(error, 'records')
    }
  }
  try {
    return {
      known,
      warnings: await reviewDeployment(db, 'records'),
      records: () => told(() => readRecords(records)),
      identity: () => told(() => readIdentity(db)),
      inTurn: (steps, onWait) =>
        told(async () => {
          await using turn = await takeTurn(db.collection('migrationTurn', CONCERNS), times, onWait)
          return await steps({
            run: (migration, checksum) => runMigration(db, records, turn, migration, checksum),
          })
        }),
      close: () => client.close(),
    }
  } catch (error) {
    await client.close()
    throw toAppError(error, 'records')
  }
}

async function readIdentity(db: Db): Promise<RecordsIdentity | undefined> {
  const about = await db.collection('about', CONCERNS).findOne({ name: 'records' })
  if (!about) return undefined
  const { _id: id } = about
  return { id: id.toHexString(), madeAt: Math.floor(id.getTimestamp().getTime() / 1_000) }
}

async function readRecords(records: Collection<MigrationDocument>) {
  const found = await records.find().sort({ _id: 1 }).toArray()
  return found.map(({ _id, name, checksum, isDone }) => ({ number: _id, name, checksum, isDone }))
}

async function runMigration(
  db: Db,
  records: Collection<MigrationDocument>,
  turn: Turn,
  migration: Migration,
  checksum: string,
): Promise<void> {
  const { number: _id, name } = migration
  await turn.confirm()
  await records.updateOne({ _id }, { $set: { name, checksum, isDone: false } }, { upsert: true })
  const commands = commandsOf(migration)
  for (const [index, command] of commands.entries()) {
    // Before each: where the turn was taken away, another process runs the same commands.
    await turn.confirm()
    try {
      await runCommand(db, command)
    } catch (error) {
      throw failedStep(migration, index + 1, toAppError(error, 'records'))
    }
  }
  await turn.confirm()
  await records.updateOne({ _id }, { $set: { isDone: true } })
}

/** A write that the server refuses is part of its answer. */
async function runCommand(db: Db, command: Document): Promise<void> {
  const { writeConcern } = CONCERNS
  const answer = await db.command({ ...command, writeConcern })
  const [refused] = (answer.writeErrors ?? []) as readonly { readonly errmsg: string }[]
  const failure = refused ?? (answer.writeConcernError as { readonly errmsg: string } | undefined)
  if (failure) throw new Error(failure.errmsg)
}
