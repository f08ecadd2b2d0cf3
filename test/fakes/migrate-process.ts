import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { openMongoMigrationStore } from '#adapters/mongo/migration-store.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteMigrationStore } from '#adapters/sqlite/migration-store.ts'
import { migrate } from '#core/operations/migrate.ts'
import type { Migration } from '#core/operations/migration.ts'

/*
 * A process that migrates, to be waited for or killed. It is this file, started with a task; it says `running` when its
 * newest migration begins.
 */

export type MigrationPlace = { readonly kind: 'sqlite' | 'mongodb'; readonly at: string }

/** How long nothing is heard of a killed process before another goes on, in tests. */
const SILENCE_MS_MAX = 1_500

type Task = { readonly place: MigrationPlace; readonly known: readonly Migration[] }

const TASK_FLAG = '--migrate'
/** The newest migration is in its middle by then. */
const MIDDLE_MS = 300

export const openMigrationStore = async (
  { kind, at }: MigrationPlace,
  known: readonly Migration[],
) =>
  kind === 'sqlite'
    ? openSqliteMigrationStore(at, { known })
    : openMongoMigrationStore(at, { known, silenceMsMax: SILENCE_MS_MAX })

export function spawnMigration(place: MigrationPlace, known: readonly Migration[]) {
  const task: Task = { place, known }
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), TASK_FLAG], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(JSON.stringify(task))
  const end = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  const running = once(child.stdout, 'data').then(
    () =>
      new Promise<void>((resolve) => {
        setTimeout(resolve, MIDDLE_MS)
      }),
  )
  return { running, end, kill: () => void child.kill('SIGKILL') }
}

if (process.argv[2] === TASK_FLAG) {
  const { place, known } = JSON.parse(await text(process.stdin)) as Task
  const store = await openMigrationStore(place, known)
  const onRun = ({ number }: Migration): void => {
    if (number === known.length) process.stdout.write('running\n')
  }
  await migrate({ migrations: store, sha256 }, { isDryRun: false, onRun })
  await store.close()
}
