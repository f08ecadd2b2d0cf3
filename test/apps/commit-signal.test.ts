import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { watchSqliteFile } from '#adapters/sqlite/watch-file.ts'
import { createCommitSignal } from '#api/commit-signal.ts'
import type { HeadEntry } from '#core/history/head.ts'
import { eventually } from '../fakes/eventually.ts'
import { openRig } from './api-rig.ts'
import { subscribe } from './subscribe.ts'

const CHAIN_ID = 31_337
/** Longer than any test waits: what comes sooner was not found by a poll. */
const NEVER_MS = 10_000_000

describe('who waits for a commit', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function open() {
    let move = 1
    const latest = vi.fn(async () => ({ move }) as HeadEntry)
    const signal = createCommitSignal({ latest }, CHAIN_ID)
    const never = new AbortController().signal
    const wait = (ms = NEVER_MS, cancel: AbortSignal = never, heard = signal.heard()) => {
      let isOver = false
      const over = signal.wait(heard, ms, cancel).then(() => (isOver = true))
      return { over, isOver: () => isOver }
    }
    return { signal, latest, wait, commit: () => void move++ }
  }
  /** All looks of a hint. */
  const settle = () => vi.advanceTimersByTimeAsync(300)

  test('is woken by one, and by no write that was none', async () => {
    const { signal, wait, commit } = open()
    const first = wait()
    signal.hint()
    await settle()
    // What the head was before is not known yet.
    await first.over
    const second = wait()
    signal.hint()
    await settle()
    expect(second.isOver()).toBe(false)
    commit()
    signal.hint()
    await settle()
    await second.over
  })

  test('is woken by one that can be read only some time after the hint', async () => {
    const { signal, wait, commit } = open()
    const first = wait()
    signal.hint()
    await settle()
    await first.over
    const second = wait()
    signal.hint()
    await vi.advanceTimersByTimeAsync(20)
    commit()
    await vi.advanceTimersByTimeAsync(40)
    await second.over
  })

  test('misses none that comes before it waits', async () => {
    const { signal, wait, commit } = open()
    const heard = signal.heard()
    commit()
    signal.hint()
    await wait(NEVER_MS, undefined, heard).over
  })

  test('wakes after its time, and when it is cancelled', async () => {
    const { wait } = open()
    const stop = new AbortController()
    const [timed, cancelled] = [wait(1_000), wait(NEVER_MS, stop.signal)]
    await vi.advanceTimersByTimeAsync(1_000)
    expect([timed.isOver(), cancelled.isOver()]).toEqual([true, false])
    stop.abort()
    await cancelled.over
  })

  test('costs one read at a time, however many wait and however often it is hinted at', async () => {
    const { signal, latest, wait, commit } = open()
    const all = Array.from({ length: 100 }, () => wait())
    commit()
    for (let each = 0; each < 100; each++) signal.hint()
    await settle()
    await Promise.all(all.map(({ over }) => over))
    expect(latest.mock.calls.length).toBeLessThanOrEqual(2)
  })

  test('is woken by a block of the chain at once, and by its commit soon', async () => {
    const { signal, wait, commit } = open()
    const block = wait()
    signal.newBlock()
    await block.over
    const begun = wait()
    await vi.advanceTimersByTimeAsync(22)
    // The first look: what the head was before is not known.
    await begun.over
    const committed = wait()
    commit()
    await vi.advanceTimersByTimeAsync(50)
    await committed.over
  })

  test('waits on while the store cannot be read', async () => {
    const { signal, latest, wait } = open()
    latest.mockRejectedValueOnce(new Error('away'))
    const waiting = wait()
    signal.hint()
    await settle()
    expect(waiting.isOver()).toBe(false)
    signal.hint()
    await settle()
    await waiting.over
  })
})

test('a file of SQLite tells of writes to it and its log, and of no others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-watch-'))
  const path = join(folder, 'halyard.db')
  let told = 0
  using watching = watchSqliteFile(path, () => told++)
  writeFileSync(join(folder, 'other.db-wal'), 'x')
  writeFileSync(`${path}-wal`, 'x')
  await eventually(() => expect(told).toBeGreaterThan(0))
  const before = told
  appendFileSync(`${path}-wal`, 'y')
  await eventually(() => expect(told).toBeGreaterThan(before))
  watching[Symbol.dispose]()
  rmSync(folder, { recursive: true })
  // Where there is no folder nothing is told, and nothing fails.
  watchSqliteFile(path, () => told++)[Symbol.dispose]()
})

test('a subscriber gets what is committed without a poll', async () => {
  await using rig = await openRig({ blocks: 10, pollMs: NEVER_MS })
  const stream = await subscribe(
    rig,
    'subscription { swapUpdates { swaps { block { number } } } }',
    {},
  )
  const held = (): number[] =>
    stream.events.flatMap(({ data }) =>
      (data?.data?.swapUpdates?.swaps ?? []).map((swap: any) => swap.block.number),
    )
  await eventually(async () => {
    await rig.append(1)
    expect(held().length).toBeGreaterThan(0)
  })
  await stream.leave()
})
