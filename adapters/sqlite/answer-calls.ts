import { parentPort, workerData } from 'node:worker_threads'
import { isAppError, messageOf } from '#core/errors.ts'
import { createHistoryCatalogue } from '#core/history/catalogue.ts'
import { openSqliteDatabase, sqliteChainPorts } from './chain-ports.ts'
import type { Durability } from './database.ts'
import { toAppError } from './errors.ts'
import { createInsertEvents } from './insert-events.ts'
import type { PackedBlocks } from './packed-blocks.ts'
import type { ThreadCall, ThreadData, ThreadReply } from './threaded-chain-store.ts'

/** The thread's side of `openThreadedSqliteChainStore`: it owns the connection and answers calls in their order. */

type Method = (...args: unknown[]) => Promise<unknown>

if (!parentPort) throw new Error('this file is the start of a worker thread')
const port = parentPort
const { path, values } = workerData as ThreadData
const catalogue = createHistoryCatalogue(values)

let opened: ReturnType<typeof open> | undefined
function open() {
  const db = openSqliteDatabase(path, catalogue)
  const insertEvents = createInsertEvents(db, catalogue)
  return { db, store: sqliteChainPorts(db, catalogue), insertEvents }
}

/** What has failed in the transaction that is begun: the rest of it is refused, since nobody waits for each step. */
let failure: { readonly error: unknown } | undefined
let isInTransaction = false

/** @throws what an earlier step of the same transaction has thrown */
async function stepOf(step: () => unknown): Promise<unknown> {
  if (failure) throw failure.error
  try {
    return await step()
  } catch (error) {
    if (isInTransaction) failure = { error }
    throw error
  }
}

async function answer({ port: name, method, args }: ThreadCall): Promise<unknown> {
  opened ??= open()
  const { db, store, insertEvents } = opened
  if (name !== 'thread') {
    const call = (store[name] as Record<string, Method>)[method] as Method
    return name === 'writer' ? stepOf(() => call(...args)) : call(...args)
  }
  switch (method) {
    case 'open':
      return undefined
    case 'begin':
      isInTransaction = true
      return stepOf(() => db.begin(args[0] as Durability))
    case 'commit':
      await stepOf(() => db.commit())
      isInTransaction = false
      return undefined
    case 'rollback':
      failure = undefined
      isInTransaction = false
      return db.rollback()
    case 'putRows':
      return stepOf(() =>
        insertEvents(args[0] as number, args[1] as string, args[2] as PackedBlocks),
      )
    case 'close':
      return store.close()
    default:
      throw new Error(`no such call: ${method}`)
  }
}

let last: Promise<undefined> = Promise.resolve(undefined)

port.on('message', (call: ThreadCall) => {
  last = last.then(async () => {
    let reply: ThreadReply
    try {
      reply = { id: call.id, result: await answer(call) }
    } catch (thrown) {
      const error = toAppError(thrown, path)
      reply = isAppError(error)
        ? {
            id: call.id,
            error: {
              kind: error.kind,
              message: error.message,
              options: { details: error.details, audience: error.audience },
            },
          }
        : { id: call.id, error: { message: messageOf(error) } }
    }
    port.postMessage(reply)
    if (call.port === 'thread' && call.method === 'close') port.close()
    return undefined
  })
})
