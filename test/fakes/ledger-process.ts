import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { systemClock } from '#adapters/node/clock.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { appendGroup } from '#core/ledger/append.ts'
import type { OperationRequest } from '#core/ledger/operation.ts'
import type { LedgerStore, LedgerWriter } from '#core/ledger/ports.ts'
import { fromText, toText } from '#core/ledger/text.ts'
import '#faces/keep-compiled.js'

/*
 * A process that does one operation of a ledger, and kills itself by SIGKILL behind one of its writes. It is this file,
 * started with a task.
 */

export type LedgerPlace = { readonly kind: 'sqlite' | 'mongodb'; readonly at: string }

type Task = {
  readonly place: LedgerPlace
  readonly ledger: string
  readonly request: OperationRequest
  /** Behind how many writes; 0: before the first. */
  readonly dieBehind: number
}

const TASK_FLAG = '--append'

/** @returns the signal that it ended by, or its exit code: 0 where it has fewer writes */
export async function runUntilKilled(task: Task): Promise<number | string> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), TASK_FLAG, toText(task)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code, signal] = await once(child, 'close')
  return (signal ?? code) as number | string
}

/** Counts each document as a write of its own, as MongoDB does. */
function dyingStore(store: LedgerStore, dieBehind: number): LedgerStore {
  let writes = 0
  const die = (): void => {
    if (writes === dieBehind) process.kill(process.pid, 'SIGKILL')
  }
  async function write<T>(work: () => Promise<T>): Promise<T> {
    die()
    const done = await work()
    writes += 1
    die()
    return done
  }
  const dying = (writer: LedgerWriter): LedgerWriter => ({
    ...writer,
    insertEntry: (entry) => write(() => writer.insertEntry(entry)),
    insertMovements: (ledger, made) => write(() => writer.insertMovements(ledger, made)),
    async replace(ledger, changes) {
      const missed: number[] = []
      for (const [index, change] of changes.entries()) {
        const [isMissed] = await write(() => writer.replace(ledger, [change]))
        if (isMissed !== undefined) missed.push(index)
      }
      return missed
    },
  })
  return { ...store, write: (steps) => store.write((writer) => steps(dying(writer))) }
}

type ClosableStore = LedgerStore & { close(): void | Promise<void> }

/** Its own engine alone: the driver of the other one takes longer to load than all the rest. */
async function openStore({ kind, at }: LedgerPlace): Promise<ClosableStore> {
  if (kind === 'mongodb')
    return (await import('#adapters/mongo/ledger-store.ts')).openMongoLedgerStore(at)
  return (await import('#adapters/sqlite/ledger-store.ts')).openSqliteLedgerStore(at)
}

async function runTask({ place, ledger, request, dieBehind }: Task): Promise<void> {
  const store = await openStore(place)
  const ports = { store: dyingStore(store, dieBehind), clock: systemClock, sha256 }
  await appendGroup(ports, ledger, [request])
  await store.close()
}

if (process.argv[2] === TASK_FLAG) {
  await runTask(fromText(process.argv[3] ?? '') as Task)
}
