import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { type Address, type BlockRef, ZERO_ADDRESS } from '#core/chain.ts'
import { newPool, type Pool } from '#core/dex/pool.ts'
import { refuseLeftView } from '#core/history/at-head.ts'
import type { Version } from '#core/history/document.ts'
import type { View } from '#core/history/head.ts'
import { transferFamily } from '#core/nft/transfer.ts'
import { listEvents } from '#core/history/list-events.ts'
import { isStaleView } from '#core/history/view.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import { addressOf } from '../fakes/encode.ts'
import type { Act } from '../oracle/acts.ts'
import { amountAt, append, blockOf, follow, hashOf, openWriter, waypoint } from './mint-chain.ts'
import { openHistory } from './reader.ts'
import type { Connection } from './stores.ts'

/** Interleavings that have once given a reader something wrong, each written out. */

/** The same store, whose documents are read no sooner than it is told. */
function pausable(store: Connection): Connection & { pause(): void; resume(): void } {
  let gate: PromiseWithResolvers<void> | undefined
  return {
    ...store,
    tree: {
      ...store.tree,
      read: async (...args) => {
        await gate?.promise
        return store.tree.read(...args)
      },
    },
    pause: () => void (gate = Promise.withResolvers()),
    resume: () => gate?.resolve(),
  }
}

/** A writer that is paused where it reads has ended the transaction of its objects by then. */
const objectsStored = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean()
})

const stores: Readonly<Record<string, () => () => Connection>> = {
  memory() {
    const tables = createMemoryTables()
    return () => createMemoryChainStore(tables)
  },
  SQLite() {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-regressions-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    return () => {
      const store = openSqliteChainStore(join(folder, 'store.db'))
      cleanups.unshift(() => store.close())
      return store
    }
  },
}

describe.each(Object.entries(stores))('%s', (_, open) => {
  test('a view is left when the head goes back and comes again over the same blocks', async () => {
    const connect = open()
    const writer = await openWriter(connect())
    await follow(writer, 0, 9)
    const history = openHistory(connect())
    const view = (await history.views.current()) as View
    expect(await amountAt(history, view)).toBe(10n)
    expect(await writer.moveBack(waypoint(writer, 7))).toBe('committed')
    for (const number of [8, 9]) {
      await follow(writer, number, number)
      // Either what the view says, or that it is stale: never what the new derivation says.
      expect(await amountAt(history, view)).toBe(10n)
      await expect(refuseLeftView(history.views, view)).rejects.toSatisfy(isStaleView)
    }
  })

  test('who took the head before a reorg finds its documents until they are swept', async () => {
    const connect = open()
    const writer = await openWriter(connect())
    await follow(writer, 0, 5)
    const history = openHistory(connect())
    const view = (await history.views.current()) as View
    await follow(writer, 6, 6)
    await writer.moveBack(waypoint(writer, 4))
    // The version of block 6 is the current one, that of block 5 stands beside it, and neither is on this branch.
    await follow(writer, 5, 5, 1, [])
    await follow(writer, 6, 6, 1)
    expect(await amountAt(history, view)).toBe(6n)
  })

  test('a document that only a left branch has changed gets back what the head shows', async () => {
    const connect = open()
    const writer = await openWriter(connect())
    await follow(writer, 0, 7)
    await writer.moveBack(waypoint(writer, 4))
    await follow(writer, 5, 14, 1, [])
    const history = openHistory(connect())
    expect(await amountAt(history, (await history.views.current()) as View)).toBe(5n)
  })

  test('what a late writer derived for a block is not served when another commits that block', async () => {
    const connect = open()
    const writer = await openWriter(connect())
    await follow(writer, 0, 9)
    const paused = pausable(connect())
    const late = await openWriter(paused)
    paused.pause()
    const outcome = append(late, blockOf(10))
    await objectsStored()
    await writer.moveBack(waypoint(writer, 7))
    await follow(writer, 8, 8)
    paused.resume()
    expect(await outcome).toBe('conflict')
    await writer.open()
    await follow(writer, 9, 10)
    const history = openHistory(connect())
    const view = (await history.views.current()) as View
    expect(await amountAt(history, view)).toBe(11n)
    await follow(writer, 11, 11)
    expect(await amountAt(history, view)).toBe(11n)
  })

  test('what a dead run has written beyond the head is not served by the next one', async () => {
    const connect = open()
    const store = connect()
    const dies = { ...store, writer: { ...store.writer, appendHead: refuse } }
    const first = await openWriter(store)
    await follow(first, 0, 2)
    const dead = await openWriter(dies)
    const blocks = [3, 4, 5, 6].map((number) => blockOf(number))
    await dead.take(blocks)
    await expect(dead.commit({ number: 6, hash: hashOf(6, 0) })).rejects.toThrow('killed')
    const next = await openWriter(connect())
    await next.take([blockOf(6)])
    expect(await next.commit({ number: 6, hash: hashOf(6, 0) })).toBe('committed')
    const history = openHistory(connect())
    const view = (await history.views.current()) as View
    expect(await amountAt(history, view)).toBe(4n)
    const events = await listEvents(history, view, transferFamily, { limit: 100 })
    expect(events.map(({ block }) => block.number)).toEqual([0, 1, 2, 6])
  })

  test('a page of events goes on behind a row of a dead block that was swept meanwhile', async () => {
    const connect = open()
    const writer = await openWriter(connect())
    await follow(writer, 0, 5)
    await writer.moveBack(waypoint(writer, 4))
    await follow(writer, 5, 7, 1)
    const history = openHistory(connect())
    const view = (await history.views.current()) as View
    let calls = 0
    const list: typeof history.events.list = async (...args) => {
      const rows = await history.events.list(...args)
      if (calls++ === 0) await follow(writer, 8, 12, 1)
      return rows
    }
    const query = { from: 5, to: 5, limit: 1 }
    const page = await listEvents({ ...history, events: { list } }, view, transferFamily, query)
    expect(page.map(({ block }) => block.hash)).toEqual([hashOf(5, 1)])
  })

  test('a final block of another branch settles nothing, and finality never falls', async () => {
    const writer = await openWriter(open()())
    await follow(writer, 0, 7)
    const { finalized } = (writer.view() as View).head
    expect(finalized).toEqual({ number: 4, hash: hashOf(4, 0) })
    for (const said of [
      { number: 6, hash: hashOf(6, 1) },
      { number: 1, hash: hashOf(1, 0) },
    ]) {
      await writer.take([blockOf((writer.view() as View).head.number + 1)])
      expect(await writer.commit(said)).toBe('committed')
      expect((writer.view() as View).head.finalized).toEqual(finalized)
    }
    await writer.moveBack(waypoint(writer, 4))
    await follow(writer, 5, 9, 1)
  })

  test('blocks that are not final are not committed together', async () => {
    const writer = await openWriter(open()())
    await follow(writer, 0, 3)
    await writer.take([blockOf(4), blockOf(5)])
    await expect(writer.commit({ number: 5, hash: hashOf(5, 1) })).rejects.toThrow(/one by one/)
  })

  test('a list walks a document where its newest version stands', async () => {
    const { writer, tree } = open()()
    const pool = addressOf(0x99)
    const versionOf = (token0: Address, move: number): Version<Pool> => ({
      number: move,
      commit: `c-${move}`,
      move,
      value: newPool({
        address: pool,
        protocol: 'uniswap-v2',
        factory: addressOf(0xf2),
        token0,
        token1: addressOf(9),
        feePips: 3_000,
      }),
    })
    const id = { tree: 't', kind: 'pool', key: [pool] }
    const [a, b] = [versionOf(addressOf(1), 1), versionOf(addressOf(2), 2)]
    const put = (version: Version<Pool>, expected: Version<Pool> | null) =>
      writer.atomically(() => writer.replace([{ id, version, previous: null, expected }]))
    expect(await put(a, null)).toEqual([])
    expect(await put(b, a)).toEqual([])
    // Who comes with what was there before is refused.
    expect(await put(a, a)).toEqual([0])
    for (const [token, count] of [
      [addressOf(1), 0],
      [addressOf(2), 1],
    ] as const) {
      const scan = { order: 'byToken0', prefix: [token], limit: 9 } as const
      expect(await tree.scan(id, scan)).toHaveLength(count)
    }
  })

  test('a commit that is done while the next events are being folded leaves them what it has changed', async () => {
    const [giver, named, receiver] = [addressOf(0xa), addressOf(0xb), addressOf(0xc)]
    const move = (from: Address, to: Address): Act => ({
      act: 'transfer721',
      collection: addressOf(0x721),
      from,
      to,
      tokenId: 1n,
    })
    // The last one does not name the owner: whose holding it changes shows once the owner is read.
    const blocks = [[], [move(ZERO_ADDRESS, giver)], [move(named, receiver)]].map((acts, number) =>
      blockOf(number, 0, acts),
    )
    const paused = pausable(open()())
    const [writer, plain] = [await openWriter(paused), await openWriter(open()())]
    for (const block of blocks) expect(await append(plain, block)).toBe('committed')
    await append(writer, blocks[0] as ProvenBlock)
    await writer.take([blocks[1] as ProvenBlock])
    const { promise: final, resolve } = Promise.withResolvers<BlockRef>()
    const first = writer.commit(final)
    await objectsStored()
    paused.pause()
    await writer.take([blocks[2] as ProvenBlock])
    const second = writer.commit({ number: -1, hash: hashOf(-1, 0) })
    await objectsStored()
    resolve({ number: -1, hash: hashOf(-1, 0) })
    expect(await first).toBe('committed')
    paused.resume()
    expect(await second).toBe('committed')
    expect(writer.view()?.head.digest).toEqual(plain.view()?.head.digest)
  })

  test('a late writer whose branch was left and swept meanwhile ends in a conflict', async () => {
    const connect = open()
    const pool = addressOf(0x77)
    const terms = { token0: addressOf(3), token1: addressOf(9), terms: null }
    const create: Act = { act: 'create', factory: addressOf(0xf2), pool, ...terms }
    const sync: Act = { act: 'sync', pool, reserves: [5n, 6n] }
    const first = await openWriter(connect())
    await follow(first, 0, 5)
    expect(await append(first, blockOf(6, 0, [create]))).toBe('committed')
    const paused = pausable(connect())
    const late = await openWriter(paused)
    paused.pause()
    const outcome = append(late, blockOf(7, 0, [sync]))
    await objectsStored()
    const other = await openWriter(connect())
    await other.moveBack(waypoint(other, 4))
    await follow(other, 5, 14, 1)
    paused.resume()
    expect(await outcome).toBe('conflict')
  })
})

const refuse = async (): Promise<never> => {
  throw new Error('killed')
}
