import { type AnyBulkWriteOperation, type Collection, type Db, type Filter, Long } from 'mongodb'
import { allDone } from '#core/concurrent.ts'
import type { DocumentKind, LedgerDocument } from '#core/ledger/document.ts'
import type { StoredEntry } from '#core/ledger/entry.ts'
import type { DocumentChange, LedgerStore, LedgerWriter, Movement } from '#core/ledger/ports.ts'
import { CONCERNS } from './concerns.ts'
import { type Connection, connectionTo, reviewDeployment } from './connection.ts'
import { duplicatesIn, isDuplicate, toAppError, toldAs } from './errors.ts'
import { insertNew } from './insert.ts'
import { createLastingDatabase } from './lasting-database.ts'

const told = toldAs('records')

export type MongoLedgerStore = LedgerStore & {
  /** What an operator should know about how the server is run. */
  readonly warnings: readonly string[]
  close(): Promise<void>
}

/** `_id` is `ledger/sequence`. */
type EntryDocument = Omit<StoredEntry, 'sequence'> & {
  readonly _id: string
  readonly sequence: number
}

/** `_id` is `ledger/kind/id`. `sequence` and `hash` are of the entry that has made it so. */
type StoredDocument = {
  readonly _id: string
  readonly ledger: string
  readonly kind: DocumentKind
  readonly id: string
  readonly sequence: number
  readonly hash: StoredEntry['hash']
  readonly body: string
  readonly board: string | null
  readonly value: Long | null
}

/** `_id` is `ledger/asset/account/sequence/position`. */
type MovementDocument = Movement & { readonly _id: string; readonly ledger: string }

/**
 * Ledgers in a MongoDB database of people's records that was migrated.
 *
 * @throws AppError `invalid` when the URL cannot be used, `unavailable` when the server cannot; both with the remedy
 */
export async function openMongoLedgerStore(url: string): Promise<MongoLedgerStore> {
  const open = (): Connection => connectionTo(url, 'records')
  const database = createLastingDatabase(open)
  try {
    const warnings = await reviewDeployment(database.db, 'records')
    return { ...createMongoLedgerStore(database.db), warnings, close: () => database.close() }
  } catch (error) {
    await database.close()
    throw toAppError(error, 'records')
  }
}

/** Without transactions: each write is of one document, waits for a majority, and does no harm when it is done again. */
export function createMongoLedgerStore(db: Db): LedgerStore {
  const log = db.collection<EntryDocument>('ledgerEntries', CONCERNS)
  const accounts = db.collection<StoredDocument>('ledgerAccounts', CONCERNS)
  const others = db.collection<StoredDocument>('ledgerDocuments', CONCERNS)
  const collectionOf = (kind: DocumentKind): Collection<StoredDocument> =>
    kind === 'account' ? accounts : others
  const movements = db.collection<MovementDocument>('ledgerMovements', CONCERNS)

  const writer: LedgerWriter = {
    newest: (ledger) =>
      told(async () => {
        const [found] = await log.find({ ledger }, { sort: { sequence: -1 }, limit: 1 }).toArray()
        return found && entryOf(found)
      }),
    entries: (ledger, from, limit) =>
      told(async () => {
        const found = await log
          .find({ ledger, sequence: { $gte: from } }, { sort: { sequence: 1 }, limit })
          .toArray()
        return found.map(entryOf)
      }),
    documents: (ledger, names) =>
      told(async () => {
        const byId = new Map<string, LedgerDocument>()
        const reading = [...Map.groupBy(names, ({ kind }) => collectionOf(kind))].map(
          async ([collection, some]) => {
            const ids = some.map(({ kind, id }) => idOf(ledger, kind, id))
            for (const each of await collection.find({ _id: { $in: ids } }).toArray())
              byId.set(idOf(ledger, each.kind, each.id), documentOf(each))
          },
        )
        await allDone(reading)
        return names.map(({ kind, id }) => byId.get(idOf(ledger, kind, id)))
      }),
    walkDocuments: (ledger, kind, after, limit) =>
      told(async () => {
        const found = await collectionOf(kind)
          .find(
            { ledger, kind, ...(after !== undefined && { id: { $gt: after } }) },
            { sort: { id: 1 }, limit },
          )
          .toArray()
        return found.map(documentOf)
      }),
    leaders: (ledger, board, after, limit) =>
      told(async () => {
        const filter: Filter<StoredDocument> = { ledger, board }
        if (after) {
          const value = Long.fromBigInt(after.valueRaw)
          filter.$or = [{ value: { $lt: value } }, { value, id: { $gt: after.id } }]
        }
        const found = await accounts.find(filter, { sort: { value: -1, id: 1 }, limit }).toArray()
        return found.map(documentOf)
      }),
    movements: (ledger, asset, account, { before, untilMs, limit }) =>
      told(async () => {
        const found = await movements
          .find(
            {
              ledger,
              asset,
              account,
              ...(before && {
                $or: [
                  { sequence: { $lt: before.sequence } },
                  { sequence: before.sequence, position: { $lt: before.position } },
                ],
              }),
              ...(untilMs !== undefined && { atMs: { $lte: untilMs } }),
            },
            { sort: { sequence: -1, position: -1 }, limit },
          )
          .toArray()
        return found.map(movementOf)
      }),
    insertEntry: (entry) =>
      told(async () => {
        try {
          await log.insertOne({ _id: `${entry.ledger}/${entry.sequence}`, ...entry })
          return true
        } catch (error) {
          if (!isDuplicate(error)) throw error
          // The driver sends an insert again when its answer is lost: it may have met itself.
          const [there] = await writer.entries(entry.ledger, entry.sequence, 1)
          return there?.hash === entry.hash
        }
      }),
    insertMovements: (ledger, made) =>
      told(() =>
        insertNew(movements, made, (movement) => {
          const { asset, account, sequence, position } = movement
          return {
            _id: [ledger, asset, account, sequence, position].join('/'),
            ledger,
            ...movement,
          }
        }),
      ),
    replace: (ledger, changes) =>
      told(async () => {
        let done = 0
        const writing = [
          ...Map.groupBy(changes, ({ document }) => collectionOf(document.kind)),
        ].map(async ([collection, some]) => {
          const operations = some.map((change) => operationOf(ledger, change))
          const result = await collection
            .bulkWrite(operations, { ordered: false })
            .catch((error: unknown) => void duplicatesIn(error))
          if (result) done += result.insertedCount + result.matchedCount
        })
        await allDone(writing)
        if (done === changes.length) return []
        // The server counts what it did, and does not say which; whatever is stored as wanted has landed.
        const stored = await writer.documents(
          ledger,
          changes.map(({ document }) => document),
        )
        return changes.flatMap(({ document: { at } }, index) => {
          const there = stored[index]?.at
          return there?.sequence === at.sequence && there.hash === at.hash ? [] : [index]
        })
      }),
  }
  return { ...writer, write: (steps) => steps(writer) }
}

const idOf = (ledger: string, kind: DocumentKind, id: string): string => `${ledger}/${kind}/${id}`

function operationOf(
  ledger: string,
  { document, expected }: DocumentChange,
): AnyBulkWriteOperation<StoredDocument> {
  const { kind, id, at, body, rank } = document
  const name = { _id: idOf(ledger, kind, id) }
  const value = rank && Long.fromBigInt(rank.valueRaw)
  const version = { ...at, body, board: rank?.board ?? null, value }
  const replacement: StoredDocument = { ...name, ledger, kind, id, ...version }
  return expected
    ? {
        updateOne: {
          filter: { ...name, sequence: expected.sequence, hash: expected.hash },
          update: { $set: version },
        },
      }
    : { insertOne: { document: replacement } }
}

const entryOf = ({ _id, ...entry }: EntryDocument): StoredEntry => entry

const movementOf = ({
  asset,
  account,
  sequence,
  position,
  atMs,
  body,
}: MovementDocument): Movement => ({ asset, account, sequence, position, atMs, body })

const documentOf = ({
  kind,
  id,
  sequence,
  hash,
  body,
  board,
  value,
}: StoredDocument): LedgerDocument => ({
  kind,
  id,
  at: { sequence, hash },
  body,
  rank: board === null || value === null ? null : { board, valueRaw: BigInt(String(value)) },
})
