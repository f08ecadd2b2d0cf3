import { getCompileCacheDir } from 'node:module'
import { Worker } from 'node:worker_threads'
import { catalogue as halyardCatalogue } from '#core/catalogue.ts'
import { AppError, type ErrorKind, type ErrorOptions } from '#core/errors.ts'
import type { HistoryValues } from '#core/history/catalogue.ts'
import type { EventTable, HeadLog, HistoryPorts, WorkingTree } from '#core/history/ports.ts'
import type { Catalogue } from '#core/indexing/catalogue.ts'
import type { ChainWriter, QuarantineTable } from '#core/indexing/ports.ts'
import type { TokenStore } from '#core/tokens/ports.ts'
import { withoutStored } from './chain-writer.ts'
import type { Durability } from './database.ts'
import { packBlocks } from './packed-blocks.ts'

/** What the thread is begun with. */
export type ThreadData = {
  readonly path: string
  readonly values: HistoryValues
  /** Where this process keeps what Node makes of the program's text: a thread does not know by itself. */
  readonly compiled: string | undefined
}

/** A call to a port of the thread's store, or to the thread itself. */
export type ThreadCall = {
  readonly id: number
  readonly port: 'heads' | 'tree' | 'events' | 'quarantine' | 'tokens' | 'writer' | 'thread'
  readonly method: string
  readonly args: readonly unknown[]
}

export type ThreadReply = {
  readonly id: number
  readonly result?: unknown
  readonly error?: {
    readonly kind?: ErrorKind
    readonly message: string
    readonly options?: ErrorOptions
  }
}

export type ThreadedChainStore = HistoryPorts & {
  readonly catalogue: Catalogue
  readonly writer: ChainWriter
  readonly quarantine: QuarantineTable
  readonly tokens: TokenStore
  close(): Promise<void>
}

const NURSERY_MEGABYTES = 6

/**
 * The same store, its connection in a thread of its own: a backfill's rows are written while its next blocks are
 * parsed and folded. For readers and small writers the plain store is quicker.
 */
export async function openThreadedSqliteChainStore(
  path: string,
  catalogue: Catalogue = halyardCatalogue,
): Promise<ThreadedChainStore> {
  const { families, documents } = catalogue
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: {
      path,
      values: { families, documents },
      compiled: getCompileCacheDir(),
    } satisfies ThreadData,
    // Rows pass through; a small nursery keeps the thread small.
    resourceLimits: { maxYoungGenerationSizeMb: NURSERY_MEGABYTES },
  })
  // A store that nobody awaits must not keep the process alive.
  worker.unref()
  const calls = createCalls(worker)
  const call = (port: ThreadCall['port'], method: string, ...args: unknown[]): Promise<unknown> =>
    calls.send(port, method, args)
  const proxy = <P extends object>(port: ThreadCall['port'], methods: readonly (keyof P)[]): P =>
    Object.fromEntries(
      methods.map((method) => [
        method,
        (...args: unknown[]) => calls.send(port, method as string, args),
      ]),
    ) as P
  let turn: Promise<unknown> = Promise.resolve()
  let isInTransaction = false

  /**
   * A write without a result. Within a transaction it is not waited for: the thread takes calls in their order, and one that
   * fails has the commit fail. Each wait would cost as long as this thread is busy with something else.
   */
  async function written(done: Promise<unknown>): Promise<void> {
    if (!isInTransaction) await done
    else done.catch(() => undefined)
  }
  const write = (port: 'writer' | 'thread', method: string, ...args: unknown[]): Promise<void> =>
    written(call(port, method, ...args))
  const writes = <M extends keyof ChainWriter>(methods: readonly M[]): Pick<ChainWriter, M> =>
    Object.fromEntries(
      methods.map((method) => [method, (...args: unknown[]) => write('writer', method, ...args)]),
    ) as unknown as Pick<ChainWriter, M>

  async function transaction<T>(steps: () => Promise<T>, durability: Durability): Promise<T> {
    isInTransaction = true
    try {
      await write('thread', 'begin', durability)
      const result = await steps()
      await call('thread', 'commit')
      return result
    } catch (error) {
      await call('thread', 'rollback')
      throw error
    } finally {
      isInTransaction = false
    }
  }

  try {
    await call('thread', 'open')
  } catch (error) {
    await worker.terminate()
    throw error
  }
  return {
    catalogue,
    heads: {
      ...proxy<HeadLog>('heads', [
        'latest',
        'since',
        'upkeep',
        'settled',
        'settledBlock',
        'blocks',
        'block',
      ]),
      asOneAnswer: (read) => read(),
      // The thread answers others meanwhile; who reads at length opens the file for itself.
      asOneView: (_, read) => read(),
    },
    tree: proxy<WorkingTree>('tree', ['read', 'readPrevious', 'versions', 'scan']),
    events: proxy<EventTable>('events', ['list']),
    quarantine: proxy<QuarantineTable>('quarantine', ['list']),
    tokens: {
      ...proxy<TokenStore>('tokens', ['read']),
      // In its turn, or it would be a part of the transaction that is open, and be lost with it.
      put(chainId, tokens) {
        const mine = turn.then(() => calls.send('tokens', 'put', [chainId, tokens]))
        turn = mine.catch(() => undefined)
        return mine as Promise<void>
      },
    },
    writer: {
      ...proxy<ChainWriter>('writer', [
        'appendHead',
        'journal',
        'journalIds',
        'unsettledBlocks',
        'trees',
      ]),
      ...writes([
        'putBlocks',
        'putQuarantined',
        'putJournal',
        'putUndo',
        'putSettled',
        'mark',
        'deleteJournal',
        'deleteUndo',
        'deleteBlocks',
        'deleteTree',
      ]),
      hasTransactions: true,
      keepsRows: true,
      held: async () => undefined,
      replace: (changes) => call('writer', 'replace', withoutStored(changes)) as Promise<number[]>,
      async putEvents(chainId, commit, blocks) {
        const packed = packBlocks(blocks)
        const moved = [packed.bytes.buffer, packed.offsets.buffer]
        await written(calls.send('thread', 'putRows', [chainId, commit, packed], moved))
      },
      atomically(steps, durability = 'cheap') {
        const mine = turn.then(() => transaction(steps, durability))
        turn = mine.catch(() => undefined)
        return mine
      },
    },
    async close() {
      await call('thread', 'close')
      await worker.terminate()
    },
  }
}

function createCalls(worker: Worker) {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let nextId = 1
  let lost: AppError | undefined

  function lose(reason: string): void {
    lost = new AppError(
      'unavailable',
      `store: the database's thread has ended (${reason}); start again, and report it if it happens again`,
      { details: { field: 'store', reason: 'store-lost' } },
    )
    for (const { reject } of waiting.values()) reject(lost)
    waiting.clear()
  }
  worker.on('message', ({ id, result, error }: ThreadReply) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
    if (error?.kind) call?.reject(new AppError(error.kind, error.message, error.options))
    else if (error) call?.reject(new Error(error.message))
    else call?.resolve(result)
  })
  worker.on('error', (error) => lose(error.message))
  worker.on('exit', (code) => lose(`exit code ${code}`))

  return {
    /** @param moved memory that goes to the thread as it is, and is not here any more afterwards */
    send(
      port: ThreadCall['port'],
      method: string,
      args: readonly unknown[],
      moved: readonly ArrayBuffer[] = [],
    ): Promise<unknown> {
      if (lost) return Promise.reject(lost)
      const answer = Promise.withResolvers<unknown>()
      const id = nextId++
      waiting.set(id, answer)
      worker.ref()
      worker.postMessage({ id, port, method, args } satisfies ThreadCall, moved)
      return answer.promise
    },
  }
}
