import { expect, test } from 'vitest'
import {
  createMemoryChainStore,
  createMemoryTables,
  type MemoryTables,
  type WriteStep,
} from '#adapters/memory/chain-store.ts'
import { isOnLine, type View } from '#core/history/head.ts'
import { isStaleView } from '#core/history/view.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import { rangesToClean, turnOf } from '#core/indexing/sweep.ts'
import {
  amountAt,
  append,
  blockOf,
  follow,
  hashOf,
  openWriter,
  waypoint,
} from '../../simulation/mint-chain.ts'
import { openHistory } from '../../simulation/reader.ts'
import { CHAIN_ID } from '../../simulation/writer.ts'

/** Writers that wake up late or die, over a store in which each single write is one of its own. */

type Steps = { readonly tables: MemoryTables; readonly step?: WriteStep }

const connect = ({ tables, step }: Steps) => createMemoryChainStore(tables, step)

/** Stops before the first write of that name, until it is let go. */
function stopBefore(name: string) {
  const reached = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let isStopped = false
  const step: WriteStep = async (call, moment) => {
    if (isStopped || moment === 'after' || call !== name) return
    isStopped = true
    reached.resolve()
    await gate.promise
  }
  return { step, reached: reached.promise, resume: gate.resolve }
}

const dieBefore =
  (name: string): WriteStep =>
  async (call, moment) => {
    if (moment === 'before' && call === name) throw new Error('killed')
  }

/** Current versions that the head does not show: whoever reads them has to look further. */
async function hiddenDocuments(tables: MemoryTables): Promise<number> {
  const history = openHistory(connect({ tables }))
  const view = (await history.views.current()) as View
  const versions = [...tables.documents.values()].map(({ version }) => version)
  const isCanonical = await history.views.canonical(view, versions)
  return versions.filter((version) => !isCanonical(version)).length
}

const fences = (tables: MemoryTables): number =>
  [...tables.heads.values()].filter(({ reason }) => reason === 'fence').length

const strangeRows = (tables: MemoryTables, view: View): number =>
  [...tables.blocks.values(), ...tables.events.values()].filter(({ commit, ...row }) => {
    const number = 'event' in row ? row.event.block.number : row.number
    const isLive = isOnLine(view, { number, commit })
    return !(isLive ?? tables.settled.has(`${CHAIN_ID} ${commit}`))
  }).length

test('what a dead writer has changed is put back when the next one opens the head', async () => {
  const tables = createMemoryTables()
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 6)
  const dead = await openWriter(connect({ tables, step: dieBefore('head') }))
  await expect(append(dead, blockOf(7))).rejects.toThrow('killed')
  expect(await hiddenDocuments(tables)).toBeGreaterThan(0)
  const next = await openWriter(connect({ tables }))
  expect(await hiddenDocuments(tables)).toBe(0)
  expect(strangeRows(tables, next.view() as View)).toBe(0)
})

test('a late writer that dies after it was put back leaves nothing behind the sweep', async () => {
  const tables = createMemoryTables()
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 6)
  const { step, reached, resume } = stopBefore('document holding')
  const late = await openWriter(
    connect({
      tables,
      step: async (name, moment) => {
        await step(name, moment)
        await dieBefore('head')(name, moment)
      },
    }),
  )
  const outcome = append(late, blockOf(7))
  await reached
  const next = await openWriter(connect({ tables }))
  resume()
  await expect(outcome).rejects.toThrow('killed')
  expect(await hiddenDocuments(tables)).toBeGreaterThan(0)
  await follow(next, 7, 14, 0, [])
  expect(await hiddenDocuments(tables)).toBe(0)
})

/** Blocks 0 to 6 by one writer, and another that stops before its documents of block 7 and dies after them. */
async function lateByASweep(tables: MemoryTables) {
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 6)
  const { step, reached, resume } = stopBefore('document holding')
  const late = await openWriter(
    connect({
      tables,
      step: async (name, moment) => {
        await step(name, moment)
        await dieBefore('head')(name, moment)
      },
    }),
  )
  const outcome = append(late, blockOf(7))
  await reached
  const next = await openWriter(connect({ tables }))
  await follow(next, 7, 14, 0, [])
  expect((await connect({ tables }).heads.upkeep(CHAIN_ID)).cleanTo).toBeGreaterThan(7)
  return { next, outcome, resume }
}

test('what a writer changes that slept through the sweep and dies is put back when the sweep looks again', async () => {
  const tables = createMemoryTables()
  const { next, outcome, resume } = await lateByASweep(tables)
  resume()
  await expect(outcome).rejects.toThrow('killed')
  expect(await hiddenDocuments(tables)).toBeGreaterThan(0)
  await follow(next, 15, 63, 0, [])
  expect(await hiddenDocuments(tables)).toBe(0)
})

test('a writer that sleeps on is remembered among others that never came about', async () => {
  const tables = createMemoryTables()
  const { next, outcome, resume } = await lateByASweep(tables)
  const { writer } = connect({ tables })
  for (const move of [1, 12])
    await writer.putJournal(CHAIN_ID, { commit: `dead-${move}`, move, from: 5, to: 5 }, [])
  await follow(next, 15, 63, 0, [])
  resume()
  await expect(outcome).rejects.toThrow('killed')
  expect(await hiddenDocuments(tables)).toBeGreaterThan(0)
  await follow(next, 64, 64 + 3 * 48, 0, [])
  expect(await hiddenDocuments(tables)).toBe(0)
})

test('nothing is remembered of whoever committed, was left by a reorg, or put back what it had changed', async () => {
  const tables = createMemoryTables()
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 7)
  const { step, reached, resume } = stopBefore('head')
  const late = await openWriter(connect({ tables, step }))
  const outcome = append(late, blockOf(8))
  await reached
  await first.moveBack(waypoint(first, 4))
  await follow(first, 5, 8, 1)
  resume()
  expect(await outcome).toBe('conflict')
  await follow(first, 9, 16, 1, [])
  expect([...tables.journal.values()]).toEqual([])
})

test('of processes that die over and over only so many attempts are remembered, the newest ones', async () => {
  const tables = createMemoryTables()
  const store = connect({ tables })
  await follow(await openWriter(store), 0, 4)
  for (let move = 1; move <= 100; move++)
    await store.writer.putJournal(CHAIN_ID, { commit: `dead-${move}`, move, from: 5, to: 5 }, [])
  await follow(await openWriter(store), 5, 40, 0, [])
  const { cleanTo } = await store.heads.upkeep(CHAIN_ID)
  const left = await store.writer.journal(CHAIN_ID, { from: 0, to: cleanTo })
  expect(left.map(({ move }) => move)).toEqual(Array.from({ length: 64 }, (_, index) => index + 37))
})

test('what the log has decided on is put back without another fence', async () => {
  const tables = createMemoryTables()
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 6)
  const dead = await openWriter(connect({ tables, step: dieBefore('head') }))
  await expect(append(dead, blockOf(7))).rejects.toThrow('killed')
  for (let times = 0; times < 3; times++) await openWriter(connect({ tables }))
  expect(fences(tables)).toBe(1)
})

test('a writer that gave up blocks removes their rows without a fence', async () => {
  const tables = createMemoryTables()
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 6)
  const second = await openWriter(connect({ tables }))
  await second.take([blockOf(7)])
  await follow(first, 7, 7)
  expect(await second.commit({ number: 4, hash: hashOf(4, 0) })).toBe('conflict')
  await second.open()
  expect(strangeRows(tables, second.view() as View)).toBe(0)
  expect(fences(tables)).toBe(0)
})

test('a late writer whose ground was swept leaves the documents alone', async () => {
  const tables = createMemoryTables()
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 6)
  const { step, reached, resume } = stopBefore('document holder')
  let written = 0
  const late = await openWriter(
    connect({
      tables,
      step: async (name, moment) => {
        await step(name, moment)
        if (moment === 'before' && name.startsWith('document')) written++
      },
    }),
  )
  await follow(first, 7, 7)
  await late.open()
  const outcome = append(late, blockOf(8))
  await reached
  await first.moveBack(waypoint(first, 4))
  await follow(first, 5, 10, 1, [])
  // The documents have what block 4 has again, which is not what the late one has built on.
  resume()
  expect(await outcome).toBe('conflict')
  expect(late.conflict()).toBe('another writer changed the same documents')
  // Once each, in vain.
  expect(written).toBe(tables.documents.size)
})

test('a writer that was late puts back at once what it has changed', async () => {
  const tables = createMemoryTables()
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 6)
  const { step, reached, resume } = stopBefore('head')
  const late = await openWriter(connect({ tables, step }))
  const outcome = append(late, blockOf(7))
  await reached
  await follow(first, 7, 7, 0, [])
  resume()
  expect(await outcome).toBe('conflict')
  expect(await hiddenDocuments(tables)).toBe(0)
})

test('blocks are not committed when the head went back while they were on their way', async () => {
  const tables = createMemoryTables()
  const { step, reached, resume } = stopBefore('block 8')
  const writer = await openWriter(connect({ tables, step }))
  await follow(writer, 0, 6)
  await writer.take([blockOf(7)])
  const seventh = writer.commit({ number: 4, hash: hashOf(4, 0) })
  await writer.take([blockOf(8)])
  const eighth = writer.commit({ number: 5, hash: hashOf(5, 0) })
  await reached
  expect(await seventh).toBe('committed')
  await writer.moveBack(waypoint(writer, 6))
  resume()
  expect(await eighth).toBe('conflict')
  expect(writer.view()?.head.number).toBe(6)
})

test('a reader learns that the version it needs is about to go', async () => {
  const tables = createMemoryTables()
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 5)
  const history = openHistory(connect({ tables }))
  const view = (await history.views.current()) as View
  // In batches of final blocks what stands beside a version goes without being put aside.
  const batch = async (from: number, step?: WriteStep): Promise<string> => {
    const writer = await openWriter(connect({ tables, ...(step && { step }) }))
    await writer.take([0, 1, 2].map((index) => blockOf(from + index)))
    return writer.commit({ number: from + 2, hash: hashOf(from + 2, 0) })
  }
  expect(await batch(6)).toBe('committed')
  await expect(batch(9, dieBefore('head'))).rejects.toThrow('killed')
  await expect(amountAt(history, view)).rejects.toSatisfy(isStaleView)
})

test('rows that a late writer stores far below the head are removed', async () => {
  const tables = createMemoryTables()
  const { writer } = connect({ tables })
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 9)
  const { header } = blockOf(1)
  await writer.putBlocks(CHAIN_ID, 'late', [header])
  expect(strangeRows(tables, first.view() as View)).toBe(1)
  await follow(first, 10, 11)
  expect(strangeRows(tables, first.view() as View)).toBe(0)
})

test.each([1, 2, 32, 64, 96, 225])(
  'every height that is clean is looked at again, also where %i moves lie between two sweeps',
  (between) => {
    const coverage = [{ from: 1_000, to: 9_999 }]
    const seen = new Set<number>()
    for (let sweeps = 0; sweeps < 400; sweeps++) {
      const move = 1_000_000 + sweeps * between
      for (const { from, to } of rangesToClean({ move, coverage }, 9_000, 9_010)) {
        expect(to - from).toBeLessThan(600)
        for (let number = from; number <= to; number++) seen.add(number)
      }
    }
    expect([Math.min(...seen), Math.max(...seen), seen.size]).toEqual([1_000, 9_010, 8_011])
  },
)

test.each([32, 64, 225, 377])(
  'each of what is remembered has its turn in the end where %i moves lie between two sweeps',
  (between) => {
    const count = 64
    const seen = new Set<number>()
    for (let sweeps = 0; sweeps < 3_000 * count; sweeps++)
      seen.add(turnOf(sweeps * between, 16 * count))
    expect(Array.from({ length: count }, (_, turn) => seen.has(turn))).not.toContain(false)
  },
)

test('where each move sweeps, each of what is remembered is looked at again within 48 sweeps for each', () => {
  for (const count of [1, 2, 5, 64])
    for (const start of [0, 1_000, 123_456_789]) {
      const seen = new Set<number>()
      for (let sweeps = 0; sweeps < 48 * count; sweeps++) {
        const turn = turnOf(start + sweeps, 16 * count)
        // Only where a sweep looks at all does the turn of one of them come.
        expect(turn < count).toBe(turnOf(start + sweeps, 16) === 0)
        if (turn < count) seen.add(turn)
      }
      expect(seen.size).toBe(count)
    }
})

test('opening the head reads its log once', async () => {
  const tables = createMemoryTables()
  const store = connect({ tables })
  await follow(await openWriter(store), 0, 6)
  let asked = 0
  const counting = {
    ...store,
    heads: {
      ...store.heads,
      since: (chainId: number, fromMove: number) => {
        asked++
        return store.heads.since(chainId, fromMove)
      },
    },
  }
  await openWriter(counting)
  expect(asked).toBe(1)
})

test('a reader finds what the head shows while a dead writer has left its documents', async () => {
  const tables = createMemoryTables()
  const first = await openWriter(connect({ tables }))
  await follow(first, 0, 6)
  const dead = await openWriter(connect({ tables, step: dieBefore('head') }))
  await expect(append(dead, blockOf(7))).rejects.toThrow('killed')
  const history = openHistory(connect({ tables }))
  expect(await amountAt(history, (await history.views.current()) as View)).toBe(7n)
})

test('a batch behind one whose commit failed is a conflict, and the next opening goes on', async () => {
  const tables = createMemoryTables()
  await follow(await openWriter(connect({ tables })), 0, 6)
  let isDown = true
  const step: WriteStep = async (call, moment) => {
    if (isDown && moment === 'before' && call === 'head') throw new Error('no answer')
  }
  const writer = await openWriter(connect({ tables, step }))
  const finalized = { number: 4, hash: hashOf(4, 0) }
  await writer.take([blockOf(7)])
  const failed = writer.commit(finalized)
  await writer.take([blockOf(8)])
  const behind = writer.commit(finalized)
  await expect(failed).rejects.toThrow('no answer')
  expect(await behind).toBe('conflict')
  expect(writer.conflict()).toBe('no answer')
  isDown = false
  await writer.open()
  expect(writer.view()?.head.number).toBe(6)
  await follow(writer, 7, 8)
})

test('what a commit has failed to do behind it is told, though the blocks taken since are dropped', async () => {
  const store = connect({ tables: createMemoryTables() })
  const putSettled = () => Promise.reject(new Error('no disk'))
  const writer = await openWriter({ ...store, writer: { ...store.writer, putSettled } })
  for (const number of [0, 1]) {
    await writer.take([blockOf(number)])
    expect(await writer.commit({ number, hash: hashOf(number, 0) })).toBe('committed')
  }
  await writer.take([blockOf(2)])
  expect(await writer.take([asThird(blockOf(8))])).toMatchObject({ status: 'detached' })
  await expect(writer.tidied()).rejects.toThrow('no disk')
})

/** At the height of block 3, and of another branch. */
const asThird = (block: ProvenBlock): ProvenBlock => ({
  ...block,
  header: { ...block.header, number: 3 },
})
