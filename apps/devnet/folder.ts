import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, messageOf } from '#core/errors.ts'
import { systemClock } from '#wiring/system.ts'

/** The folder of a devnet, which no other one uses meanwhile. Disposing gives it back. */
export type DevFolder = Disposable & {
  path(name: DevFile): string
  /** Names a process that could outlive this one, and has to end before the folder is used again. */
  sharedWith(pid: number): void
  /** Removes what earlier runs left; nothing else, whatever folder was named. */
  empty(): void
}

type DevFile = (typeof FILES)[number]
const FILES = [
  'chain.json',
  'chain.json.gz',
  'chain.json.part',
  'chain.json.gz.part',
  'halyard.json',
  'history.db',
  'history.db-shm',
  'history.db-wal',
  'history-raw.db',
  'history-raw.db-shm',
  'history-raw.db-wal',
  'halyard-records.db',
  'halyard-records.db-shm',
  'halyard-records.db-wal',
  'api.log',
  'indexer.log',
  'relay.log',
  'sender.key',
  'voucherSigner.key',
  'traders.log',
] as const

/** The numbers of the processes that use the folder, the one that took it first. */
const PROCESSES = 'processes'
/** As long as the chain may take to save itself after its parent was killed. */
const LEFTOVERS_TIMEOUT_MS = 120_000
const LEFTOVERS_POLL_MS = 100

/**
 * Takes a folder, and makes it where there is none. Processes that a killed devnet left behind are waited for: one of
 * them may be saving the chain.
 *
 * @throws AppError `unavailable` when another devnet runs in it, or it cannot be written to
 */
export async function takeFolder(folder: string): Promise<DevFolder> {
  const list = join(folder, PROCESSES)
  const deadline = performance.now() + LEFTOVERS_TIMEOUT_MS
  while (!tryTake(folder, list)) {
    const [owner, ...others] = readNumbers(list)
    if (owner !== undefined && isOther(owner)) throw refusal(folder, owner, list)
    const left = others.find(isOther)
    if (left === undefined) rmSync(list, { force: true })
    else if (performance.now() > deadline) throw refusal(folder, left, list)
    else await systemClock.sleep(LEFTOVERS_POLL_MS)
  }
  return {
    path: (name) => join(folder, name),
    sharedWith: (pid) => appendFileSync(list, `${pid}\n`),
    empty() {
      for (const name of FILES) rmSync(join(folder, name), { force: true })
    },
    [Symbol.dispose]: () => rmSync(list, { force: true }),
  }
}

function tryTake(folder: string, list: string): boolean {
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(list, `${process.pid}\n`, { flag: 'wx' })
    return true
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST' && existsSync(list)) return false
    throw new AppError(
      'unavailable',
      `the folder ${folder} cannot be used (${code ?? messageOf(cause)}); name another one with --folder`,
      { cause },
    )
  }
}

function readNumbers(list: string): number[] {
  try {
    return readFileSync(list, 'utf8').split('\n').filter(Boolean).map(Number)
  } catch {
    // Given back just now.
    return []
  }
}

/** Whether a process other than this one has that number. */
function isOther(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const refusal = (folder: string, pid: number, list: string): AppError =>
  new AppError(
    'unavailable',
    `the folder ${folder} is in use by process ${pid}: stop it, or name another folder and port: ` +
      `npm start -- --folder PATH --port NUMBER (delete ${list} if that process is something else)`,
    { details: { pid } },
  )
