import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openMongoMigrationStore } from '#adapters/mongo/migration-store.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteMigrationStore } from '#adapters/sqlite/migration-store.ts'
import { migrate } from '#core/operations/migrate.ts'
import type { Migration } from '#core/operations/migration.ts'
import type { MigrationStore } from '#core/operations/ports.ts'

/*
 * A process that migrates, to be waited for or killed. It is this file, started with a task. Within its turn it says that
 * it is held, and goes on when it is told to: no test depends on how long a migration takes.
 */

export type MigrationPlace = { readonly kind: 'sqlite' | 'mongodb'; readonly at: string }

/**
 * How long nothing is heard of a killed process before another goes on, in tests. A slow machine may hold a living one
 * up for a while.
 */
const SILENCE_MS_MAX = 5_000

type Task = { readonly place: MigrationPlace; readonly known: readonly Migration[] }

const TASK_FLAG = '--migrate'
const HELD = 'held'

export const openMigrationStore = async (
  { kind, at }: MigrationPlace,
  known: readonly Migration[],
) =>
  kind === 'sqlite'
    ? openSqliteMigrationStore(at, { known })
    : openMongoMigrationStore(at, { known, silenceMsMax: SILENCE_MS_MAX })

/**
 * Starts a process that is held before its newest migration. Where that migration fails at a step, the process is held
 * there too, with the steps before it done and its turn not ended: for ever, since nobody tells it twice to go on.
 */
export function spawnMigration(place: MigrationPlace, known: readonly Migration[]) {
  const task: Task = { place, known }
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), TASK_FLAG], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const said = createInterface(child.stdout)[Symbol.asyncIterator]()
  const tell = (line: string): void => void child.stdin.write(`${line}\n`)
  tell(JSON.stringify(task))
  const end = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  return {
    /** Resolves when the process is held, once for each time. */
    async held(): Promise<void> {
      const { value } = await said.next()
      if (value !== HELD) throw new Error(`the process that migrates ended: ${await end}`)
    },
    goOn: () => tell('go on'),
    end,
    kill: () => void child.kill('SIGKILL'),
  }
}

async function runTask(): Promise<void> {
  const told = createInterface(process.stdin)[Symbol.asyncIterator]()
  const { place, known } = JSON.parse((await told.next()).value ?? '') as Task
  const hold = async (): Promise<void> => {
    process.stdout.write(`${HELD}\n`)
    if ((await told.next()).done) process.exit(1)
  }
  const store = await openMigrationStore(place, known)
  const migrations: MigrationStore = {
    ...store,
    inTurn: (steps, onWait) =>
      store.inTurn(
        (turn) =>
          steps({
            async run(migration, checksum) {
              if (migration.number < known.length) return turn.run(migration, checksum)
              await hold()
              return turn.run(migration, checksum).catch(hold)
            },
          }),
        onWait,
      ),
  }
  await migrate({ migrations, sha256 }, { isDryRun: false })
  await store.close()
  process.stdin.destroy()
}

if (process.argv[2] === TASK_FLAG) await runTask()
