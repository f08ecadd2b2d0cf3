import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { sha256 } from '#adapters/node/sha256.ts'
import { type MigrateInput, migrate } from '#core/operations/migrate.ts'
import type { Migration } from '#core/operations/migration.ts'
import type { MigrationStore } from '#core/operations/ports.ts'
import { spawnMigration } from '../fakes/migrate-process.ts'

/** One place of records, and migrations in its own terms, which keep a list of names. */
export type MigrationHarness = {
  /** Another connection, as another process would have one. */
  connect(known: readonly Migration[]): Promise<MigrationStore & { close(): void | Promise<void> }>
  /** How a process of its own opens it: see `migrate-process.ts`. */
  readonly place: { readonly kind: 'sqlite' | 'mongodb'; readonly at: string }
  /** A migration that adds these names, one a step. */
  adding(number: number, ...names: string[]): Migration
  /** The same with a step that cannot be done after them. */
  failing(number: number, ...names: string[]): Migration
  /** What the migrations have added; undefined where there is nothing at all. */
  names(): Promise<string[] | undefined>
  /** What the migrations of the product have made, ids and times left out. */
  shape(): Promise<unknown>
  dispose(): Promise<void>
}

/** What migrating people's records keeps, whatever keeps the records. */
export function migrationStoreContract(
  name: string,
  shipped: readonly Migration[],
  open: () => Promise<MigrationHarness>,
): void {
  describe(`migrations of ${name}`, () => {
    let place: MigrationHarness
    beforeEach(async () => {
      place = await open()
    })
    afterEach(() => place.dispose())

    /** It does not outlive a test that fails. */
    function spawn(known: readonly Migration[]) {
      const child = spawnMigration(place.place, known)
      onTestFinished(child.kill)
      return child
    }

    async function run(known: readonly Migration[], input: Partial<MigrateInput> = {}) {
      const store = await place.connect(known)
      try {
        const { status, migrations } = await migrate(
          { migrations: store, sha256 },
          { isDryRun: false, ...input },
        )
        return { status, numbers: migrations.map(({ number }) => number) }
      } finally {
        await store.close()
      }
    }

    test('a dry run tells what would be run, and makes nothing', async () => {
      const known = [place.adding(1, 'a'), place.adding(2, 'b')]
      const dry = { isDryRun: true }
      expect(await run(known, dry)).toEqual({ status: 'pending', numbers: [1, 2] })
      expect(await place.names()).toBeUndefined()
      await run(known.slice(0, 1))
      expect(await run(known, dry)).toEqual({ status: 'pending', numbers: [2] })
      expect(await place.names()).toEqual(['a'])
    })

    test('each runs once, in the order of the numbers', async () => {
      const known = [place.adding(1, 'b', 'a'), place.adding(2, 'c')]
      expect(await run(known)).toEqual({ status: 'migrated', numbers: [1, 2] })
      expect(await place.names()).toEqual(['b', 'a', 'c'])
      expect(await run(known)).toEqual({ status: 'current', numbers: [] })
      expect(await run([...known, place.adding(3, 'd')])).toEqual({
        status: 'migrated',
        numbers: [3],
      })
      expect(await place.names()).toEqual(['b', 'a', 'c', 'd'])
    })

    test('records of a newer version are refused, by a dry run too', async () => {
      const known = [place.adding(1, 'a'), place.adding(2, 'b')]
      await run(known)
      for (const isDryRun of [true, false])
        await expect(run(known.slice(0, 1), { isDryRun })).rejects.toMatchObject({
          kind: 'conflict',
          message: expect.stringMatching(/^records: a newer version .*run that version/),
        })
      expect(await place.names()).toEqual(['a', 'b'])
    })

    test('one that was edited after it ran is refused by its name', async () => {
      await run([place.adding(1, 'a')])
      const edited = [place.adding(1, 'x'), place.adding(2, 'b')]
      await expect(run(edited)).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringMatching(/^records: migration 001-\S+ did something else/),
      })
      expect(await place.names()).toEqual(['a'])
    })

    test('one that fails in its middle is told with its step, and runs to its end when it is mended', async () => {
      const first = place.adding(1, 'a')
      const told = /migration 002-\S+ fails at step 2 of 2/
      await expect(run([first, place.failing(2, 'b')])).rejects.toThrow(told)
      await expect(run([first, place.failing(2, 'b')])).rejects.toThrow(told)
      expect(await run([first, place.adding(2, 'b', 'c')])).toMatchObject({ status: 'migrated' })
      expect(await place.names()).toEqual(['a', 'b', 'c'])
    })

    test('of two processes at once one does the work, and the other waits for it', async () => {
      const known = [place.adding(1, 'a', 'b')]
      const other = spawn(known)
      await other.held()
      let waited = 0
      const onWait = (): void => {
        waited += 1
        other.goOn()
      }
      expect(await run(known, { onWait })).toEqual({ status: 'current', numbers: [] })
      expect(await other.end).toBe(0)
      expect(waited).toBe(1)
      expect(await place.names()).toEqual(['a', 'b'])
    }, 60_000)

    test('many processes at once run each migration once', async () => {
      const known = [place.adding(1, 'a'), place.adding(2, 'b', 'c')]
      const outcomes = await Promise.all([run(known), run(known), run(known), run(known)])
      expect(outcomes.filter(({ status }) => status === 'migrated')).toHaveLength(1)
      expect(await place.names()).toEqual(['a', 'b', 'c'])
    }, 60_000)

    test('a process that is killed in the middle leaves it to be run to its end', async () => {
      const first = place.adding(1, 'z')
      const known = [first, place.adding(2, 'a', 'b')]
      const victim = spawn([first, place.failing(2, 'a')])
      await victim.held()
      victim.goOn()
      // The step after the one that adds the name has failed by then, and the turn is not ended.
      await victim.held()
      victim.kill()
      expect(await victim.end).toBe('SIGKILL')
      const store = await place.connect(known)
      expect((await store.records()).every(({ number, isDone }) => number < 2 || !isDone)).toBe(
        true,
      )
      await store.close()
      expect(await run(known)).toMatchObject({ status: 'migrated' })
      expect((await place.names())?.toSorted()).toEqual(['a', 'b', 'z'])
      expect(await run(known)).toMatchObject({ status: 'current' })
    }, 60_000)

    test('those of the product run on nothing, and say whose records they are', async () => {
      const store = await place.connect(shipped)
      expect(await store.identity()).toBeUndefined()
      expect(await run(shipped)).toMatchObject({ status: 'migrated' })
      const identity = await store.identity()
      expect(identity?.id).toMatch(/^[0-9a-f]{24}$/)
      expect(Math.abs((identity?.madeAt ?? 0) - Date.now() / 1_000)).toBeLessThan(60)
      await store.close()
      expect(await place.shape()).toMatchSnapshot()
    })
  })
}
