import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openSqliteDatabase } from '#adapters/sqlite/chain-ports.ts'
import {
  openThreadedSqliteChainStore,
  type ThreadCall,
  type ThreadedChainStore,
} from '#adapters/sqlite/threaded-chain-store.ts'
import { catalogue } from '#core/catalogue.ts'
import type { BlockHeader, Hash } from '#core/chain.ts'
import { type DocumentId, refOf, type Version } from '#core/history/document.ts'
import type { EventBody } from '#core/history/event.ts'
import { createBlockRows } from '#core/indexing/block-rows.ts'
import type { BlockEvents, Replacement } from '#core/indexing/ports.ts'
import { holdingDocuments } from '#core/nft/holding.ts'

/** Steps of a transaction are not waited for one by one: what fails among them has to come out all the same. */

const hash = (number: number): Hash => `0x${number.toString(16).padStart(64, '0')}`
const block = (number: number): BlockHeader => ({
  number,
  hash: hash(number),
  parentHash: hash(number - 1),
  timestamp: number,
})
const all = { from: 0, to: 99 }

async function open(): Promise<{ store: ThreadedChainStore; path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-thread-'))
  const path = join(folder, 'store.db')
  const store = await openThreadedSqliteChainStore(path)
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  return { store, path }
}

/** A block's events, all of one transaction. */
function rebasesOf(number: number, size: number): BlockEvents {
  const event = { type: 'tokenRebase', protocol: 'erc20', event: 'LogRebase' } as EventBody
  const rows = createBlockRows()
  for (let logIndex = 0; logIndex < size; logIndex++)
    rows.event(hash(9), logIndex, hash(7), catalogue.kindOf(event), event)
  const { timestamp, hash: blockHash } = block(number)
  const of = { number, hash: blockHash, timestamp }
  return { block: of, events: [], rows: rows.text(), offsets: rows.offsets() }
}

/** A document of a kind that the catalogue does not have. */
const strange: DocumentId = { tree: '1-x', kind: 'no such kind', key: ['0x1'] }
const version = { number: 1, commit: 'a', move: 1, value: {} }

test('a step that fails takes the whole transaction with it, the steps behind it included', async () => {
  const { store } = await open()
  const { writer } = store
  const failing = writer.atomically(async () => {
    await writer.putBlocks(1, 'a', [block(1)])
    await writer.putUndo([{ id: strange, version, until: 2 }])
    await writer.putBlocks(1, 'a', [block(2)])
  })
  await expect(failing).rejects.toThrow('no such kind')
  expect(await writer.unsettledBlocks(1, all)).toEqual([])
  // The next one is as good as the first.
  await writer.atomically(() => writer.putBlocks(1, 'b', [block(3)]))
  expect(await writer.unsettledBlocks(1, all)).toEqual([{ number: 3, commit: 'b' }])
})

test('the rows of all blocks of a call move to the thread in two pieces of memory', async () => {
  const { store } = await open()
  const { writer } = store
  const post = vi.spyOn(Worker.prototype, 'postMessage')
  onTestFinished(() => post.mockRestore())
  await writer.atomically(async () => {
    await writer.putBlocks(1, 'a', [block(1), block(2), block(3)])
    await writer.putEvents(1, 'a', [rebasesOf(1, 30), rebasesOf(2, 0), rebasesOf(3, 1)])
  })
  const query = { family: 'token', limit: 100 }
  expect(await store.events.list(1, query)).toHaveLength(31)
  const moved = post.mock.calls.flatMap(([, memory]) => (memory ?? []) as ArrayBuffer[])
  // Whoever moves memory has it no more.
  expect(moved.map(({ detached }) => detached)).toEqual([true, true])
})

test('a version that a new one replaces stands beside it, and is not sent to the thread for that', async () => {
  const { store } = await open()
  const { writer } = store
  const post = vi.spyOn(Worker.prototype, 'postMessage')
  onTestFinished(() => post.mockRestore())
  const owner = hash(8)
  const set = { tree: '1-x', kind: holdingDocuments.kind }
  const key = [hash(7), 1n, owner]
  const versionOf = (number: number, amount: bigint): Version => ({
    number,
    commit: 'a',
    move: number,
    value: { collection: hash(7), tokenId: 1n, owner, standard: 'erc1155', amount, shortfall: 0n },
  })
  const [v1, v2, v3, other] = [
    versionOf(1, 10n),
    versionOf(2, 20n),
    versionOf(3, 30n),
    versionOf(2, 7n),
  ]
  async function replaced(fresh: Version, previous: Version | null, expected: Version | null) {
    const change = {
      id: { ...set, key },
      version: fresh,
      previous,
      expected: expected && refOf(expected),
    }
    const missed = await writer.replace([change])
    const [read] = await store.tree.read(set, [key])
    const [beside] = await store.tree.readPrevious(set, [key])
    return { missed, read, beside }
  }
  expect(await replaced(v1, null, null)).toEqual({ missed: [], read: v1 })
  expect(await replaced(v2, v1, v1)).toEqual({ missed: [], read: v2, beside: v1 })
  // It is not the current one any more.
  expect(await replaced(v3, v1, v1)).toEqual({ missed: [0], read: v2, beside: v1 })
  expect(await replaced(v3, { ...other, commit: 'b' }, v2)).toEqual({
    missed: [],
    read: v3,
    beside: { ...other, commit: 'b' },
  })
  const sent = post.mock.calls.flatMap(([message]) => {
    const { method, args } = message as ThreadCall
    return method === 'replace' ? (args[0] as Replacement[]) : []
  })
  expect(sent.map(({ previous }) => previous)).toEqual([
    null,
    refOf(v1),
    refOf(v1),
    { ...other, commit: 'b' },
  ])
})

test('outside of a transaction a write that fails says so by itself', async () => {
  const { store } = await open()
  const { writer } = store
  await expect(writer.putUndo([{ id: strange, version, until: 2 }])).rejects.toThrow('no such kind')
  await writer.putBlocks(1, 'a', [block(1)])
  expect(await writer.unsettledBlocks(1, all)).toEqual([{ number: 1, commit: 'a' }])
})

test('a transaction that cannot begin writes nothing, and reads go on', async () => {
  const { store, path } = await open()
  const { writer } = store
  await writer.atomically(() => writer.putBlocks(1, 'a', [block(1)]))
  const other = openSqliteDatabase(path, catalogue)
  onTestFinished(() => other.close())
  other.begin('cheap')
  const failing = writer.atomically(async () => {
    await writer.putBlocks(1, 'b', [block(2)])
    expect(await store.heads.latest(1)).toBeUndefined()
  })
  await expect(failing).rejects.toMatchObject({ kind: 'unavailable' })
  other.rollback()
  expect(await writer.unsettledBlocks(1, all)).toEqual([{ number: 1, commit: 'a' }])
  await writer.atomically(() => writer.putBlocks(1, 'c', [block(3)]))
  expect(await writer.unsettledBlocks(1, all)).toHaveLength(2)
}, 60_000)

test('steps that throw by themselves leave nothing', async () => {
  const { store } = await open()
  const { writer } = store
  const failing = writer.atomically(async () => {
    await writer.putBlocks(1, 'a', [block(1)])
    throw new Error('given up')
  })
  await expect(failing).rejects.toThrow('given up')
  expect(await writer.unsettledBlocks(1, all)).toEqual([])
})

/** The modules of the project that a file loads, and what they load. */
function loadedBy(path: string, known = new Set<string>()): Set<string> {
  if (known.has(path)) return known
  known.add(path)
  const imports = readFileSync(path, 'utf8').matchAll(
    /^(?:import|\}) (?!type )[^\n]*'([#.][^']*)'$/gm,
  )
  for (const [, specifier = ''] of imports)
    loadedBy(specifier.startsWith('#') ? specifier.slice(1) : join(dirname(path), specifier), known)
  return known
}

test('the thread loads what it needs to store, and nothing of what the program knows of chains', () => {
  const loaded = [...loadedBy('adapters/sqlite/answer-calls.ts')]
  expect(loaded).toContain('core/indexing/block-rows.ts')
  expect(loaded).not.toContain('core/catalogue.ts')
  expect(loaded.length).toBeLessThan(50)
})
