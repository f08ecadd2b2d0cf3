import type { Migration, MigrationRecord } from './migration.ts'

/** What a turn of migrating may do; see `MigrationStore.inTurn`. */
type MigrationTurn = {
  /**
   * Runs the steps of a migration and records it as done. When the process ends in the middle, either nothing of it is
   * there, or it is recorded as not done and its steps may be run again.
   *
   * @throws AppError `conflict` where the turn was taken away, since this process had not been heard of for long
   */
  run(migration: Migration, checksum: string): Promise<void>
}

/** Tells records, and a backup of them, from those of another installation. */
export type RecordsIdentity = {
  /** 24 hex digits. */
  readonly id: string
  /** Seconds since 1970. */
  readonly madeAt: number
}

/** People's records, as far as their form goes. */
export type MigrationStore = {
  /** All migrations that this version has for this kind of store, by number. */
  readonly known: readonly Migration[]
  /** What has run; nothing where there are no records yet. Makes nothing. */
  records(): Promise<MigrationRecord[]>
  /** Whose records these are; undefined before the first migration. Makes nothing. */
  identity(): Promise<RecordsIdentity | undefined>
  /**
   * What `steps` does while no other process is in its turn.
   *
   * @param onWait told once when another process is in its turn
   * @throws AppError `unavailable` where the other's turn does not end
   */
  inTurn<T>(steps: (turn: MigrationTurn) => Promise<T>, onWait: () => void): Promise<T>
}
