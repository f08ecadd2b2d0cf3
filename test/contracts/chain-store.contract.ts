import { listChainActivity } from '#core/activity/list-chain-activity.ts'
import { countQuarantine } from '#core/indexing/count-quarantine.ts'
import { listQuarantine, type QuarantinePorts } from '#core/indexing/list-quarantine.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { systemClock } from '#adapters/node/clock.ts'
import type { WriteStep } from '#adapters/memory/chain-store.ts'
import { isAppError } from '#core/errors.ts'
import type { BlockRef } from '#core/chain.ts'
import { BEFORE_GENESIS } from '#core/indexing/ports.ts'
import { type View, viewAt, waypointsOf } from '#core/history/head.ts'
import { keyOf } from '#core/history/document.ts'
import type { Catalogue } from '#core/indexing/catalogue.ts'
import { swapFamily } from '#core/dex/events.ts'
import { candleDocuments } from '#core/dex/trading/candle.ts'
import { holdingDocuments } from '#core/nft/holding.ts'
import { transferFamily } from '#core/nft/transfer.ts'
import { createHistoryFeed } from '#core/history/feed.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { EventPlace, HistoryPorts } from '#core/history/ports.ts'
import { documentsOf, readDocuments, scanDocuments } from '#core/history/resolve.ts'
import { refuseLeftView } from '#core/history/at-head.ts'
import { createViews, isStaleView } from '#core/history/view.ts'
import type { Waypoint } from '#core/history/window.ts'
import { type ChainAppender, createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { putObjects } from '#core/indexing/commit.ts'
import type { ChainWriter, QuarantineTable } from '#core/indexing/ports.ts'
import type { TokenStore } from '#core/tokens/ports.ts'
import { addressOf } from '../fakes/encode.ts'
import {
  actedOf,
  createFakeChain,
  type FakeBlock,
  type FakeChain,
  fakeErc1155,
  fakeListedPool,
  fakeSources,
  provenOf,
} from '../fakes/fake-chain.ts'
import { createRandom } from '../fakes/random.ts'
import { naiveModel } from '../oracle/naive-model.ts'
import { eventLine } from '../oracle/text.ts'
import { createFeedConsumer } from './feed-consumer.ts'
import { tokenStoreContract } from './token-store.contract.ts'
import { digestAt, type Everything, modelOf, readEverything } from './everything.ts'

/** One connection to a store, as a process of its own would have. */
export type StoreConnection = HistoryPorts & {
  readonly quarantine: QuarantineTable
  readonly tokens: TokenStore
  readonly catalogue: Catalogue
  readonly writer: ChainWriter
  close(): void | Promise<void>
}

export type StoreHarness = {
  /** Another connection to the same data; `step` is called around each of its writes and may stop them. */
  connect(step?: WriteStep): Promise<StoreConnection>
  /** As a command connects that does nothing but read; left out: as any other. */
  readonly connectToRead?: () => Promise<StoreConnection>
  dispose(): void | Promise<void>
  /** A writer within a transaction keeps the others out, so it cannot be paused there. */
  readonly locks: boolean
  /** How many of the places to stop at are tried: every nth. A slow server needs more than a minute for all. */
  readonly everyNth: number
}

const CHAIN_ID = 31_337
const FINALITY = 3

type Process = {
  readonly appender: ChainAppender
  readonly history: HistoryPorts & QuarantinePorts
  readonly connection: StoreConnection
}

/** What every implementation of the chain store keeps, whoever reads, dies, or comes late. */
export function chainStoreContract(name: string, open: () => Promise<StoreHarness>): void {
  describe(`chain store: ${name}`, () => {
    let harness: StoreHarness
    const connections: StoreConnection[] = []

    beforeEach(async () => {
      harness = await open()
    })
    afterEach(async () => {
      for (const connection of connections.splice(0)) await connection.close()
      await harness.dispose()
    })

    async function start(step?: WriteStep, chainId = CHAIN_ID): Promise<Process> {
      const connection = await harness.connect(step)
      connections.push(connection)
      const ports = { ...commitPorts(connection, systemClock, chainId), sha256, newId }
      const appender = createChainAppender(ports, chainId, fakeSources)
      await appender.open()
      const history = { ...connection, views: createViews(connection.heads, chainId) }
      return { appender, history, connection }
    }

    async function seenBy({ history }: Process): Promise<Everything> {
      const view = await history.views.current()
      return view ? readEverything(history, view) : { documents: [], events: [] }
    }

    async function append(
      { appender }: Process,
      blocks: readonly FakeBlock[],
      finalized: number,
    ): Promise<string> {
      const outcome = await appender.take(blocks.map(provenOf))
      const status =
        outcome.status === 'taken'
          ? await appender.commit(finalOf(appender.view(), blocks, finalized))
          : outcome.status
      if (status === 'conflict') await appender.open()
      return status
    }

    /** One by one, with a finalized block that follows at a distance. */
    async function follow(process: Process, blocks: readonly FakeBlock[]): Promise<void> {
      for (const block of blocks)
        expect(await append(process, [block], block.header.number - FINALITY)).toBe('committed')
    }

    async function chainOf(seed: number, count: number, maxLogs = 6): Promise<FakeChain> {
      const chain = createFakeChain(seed, { maxLogs })
      await chain.mine(count)
      return chain
    }

    describe('tokens beside the history', () => {
      async function connect(): Promise<StoreConnection> {
        const connection = await harness.connect()
        connections.push(connection)
        return connection
      }
      tokenStoreContract(
        async () => (await connect()).tokens,
        () => harness.locks,
      )

      test('a token that is stored while a transaction fails stays, and its steps are run once', async () => {
        const { writer, tokens } = await connect()
        const words = { symbol: 'T', name: 'T', decimals: 1, number: 1, readAtMs: 1 }
        let put: Promise<void> | undefined
        let runs = 0
        const failing = writer.atomically(async () => {
          runs++
          put = tokens.put(CHAIN_ID, [{ address: fakeErc1155, ...words }])
          await writer.deleteJournal(CHAIN_ID, ['none'])
          throw new Error('the transaction fails')
        })
        await expect(failing).rejects.toThrow('the transaction fails')
        await put
        expect(runs).toBe(1)
        expect(await tokens.read(CHAIN_ID, [fakeErc1155])).toMatchObject([{ symbol: 'T' }])
      })
    })

    test('a fresh store has no head', async () => {
      const { history, appender, connection } = await start()
      expect(await history.views.current()).toBeUndefined()
      expect(appender.view()).toBeUndefined()
      const { hasTransactions, keepsRows } = connection.writer
      expect([typeof hasTransactions, typeof keepsRows]).toEqual(['boolean', 'boolean'])
    })

    test('after every block a reader sees just what its events fold into', async () => {
      const chain = await chainOf(1, 12)
      const writer = await start()
      const reader = await start()
      for (const [index, block] of chain.blocks.entries()) {
        await follow(writer, [block])
        expect(await seenBy(reader)).toEqual(modelOf(chain.blocks.slice(0, index + 1)))
      }
    })

    test('blocks committed together leave the same digest and documents as one by one', async () => {
      const chain = await chainOf(2, 10)
      const together = await start()
      expect(await append(together, chain.blocks, 100)).toBe('committed')
      const digest = digestAt(together.appender.view())
      const seen = await seenBy(together)
      const other = await open()
      try {
        const connection = await other.connect()
        const ports = { ...commitPorts(connection, systemClock, CHAIN_ID), sha256, newId }
        const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
        await appender.open()
        const history = { ...connection, views: createViews(connection.heads, CHAIN_ID) }
        await follow({ appender, connection, history }, chain.blocks)
        expect(digestAt(appender.view())).toBe(digest)
        expect(await readEverything(history, appender.view() as View)).toEqual(seen)
        await connection.close()
      } finally {
        await other.dispose()
      }
      expect(seen).toEqual(modelOf(chain.blocks))
    })

    test('a restarted writer goes on where the last one stopped', async () => {
      const chain = await chainOf(3, 9)
      await follow(await start(), chain.blocks.slice(0, 4))
      await follow(await start(), chain.blocks.slice(4, 6))
      const last = await start()
      await follow(last, chain.blocks.slice(6))
      expect(await seenBy(last)).toEqual(modelOf(chain.blocks))
    })

    test('between any two writes of a commit a reader sees the whole block or nothing of it', async () => {
      const chain = await chainOf(4, 8)
      const before = modelOf(chain.blocks.slice(0, 7))
      const after = modelOf(chain.blocks)
      const reader = await start()
      let headMoved = false
      let isCommitted = false
      let watching = false
      let looks = 0
      const writer = await start(async (write, moment) => {
        if (!watching) return
        if (write.startsWith('head') && moment === 'after') headMoved = true
        if (headMoved && (!harness.locks || (write === 'transaction' && moment === 'after')))
          isCommitted = true
        if (looks++ % harness.everyNth !== 0 && !/^(head|transaction)/.test(write)) return
        expect(await seenBy(reader), `${moment} ${write}`).toEqual(isCommitted ? after : before)
      })
      await follow(writer, chain.blocks.slice(0, 7))
      watching = true
      await follow(writer, chain.blocks.slice(7))
      expect(looks).toBeGreaterThan(8)
      watching = false
      expect(await seenBy(reader)).toEqual(after)
    })

    test('killed before or after any write of a block at the head, nothing is half there and the next run goes on', async () => {
      const chain = await chainOf(5, 8)
      await killEverywhere(
        chain.blocks.slice(0, 6),
        async (process) => {
          for (const block of chain.blocks.slice(6))
            await append(process, [block], block.header.number - FINALITY)
        },
        chain.blocks,
      )
    })

    test('killed before or after any write of a batch of final blocks, the next run goes on', async () => {
      const chain = await chainOf(6, 9)
      await killEverywhere(
        chain.blocks.slice(0, 4),
        async (process) => {
          await append(process, chain.blocks.slice(4), 100)
        },
        chain.blocks,
      )
    })

    test('killed before or after any write of a reorg, the next run goes on', async () => {
      const chain = await chainOf(7, 8)
      const old = [...chain.blocks]
      await chain.fork(2, 3)
      await killEverywhere(
        old,
        async (process) => {
          const view = process.appender.view() as View
          // The next run may find the head moved back, or even on the new branch already.
          if (view.head.number === 7 && view.head.hash === old[7]?.header.hash)
            await process.appender.moveBack(waypoint(view, 5))
          for (const block of chain.blocks.slice((process.appender.view() as View).head.number + 1))
            await append(process, [block], block.header.number - FINALITY)
        },
        chain.blocks,
      )
    })

    /**
     * Lets a writer die at every place of `work`, each time on a fresh store that holds `base`, and expects the store
     * to show `base`, or a commit of `work`, and the next run to reach `final` all the same.
     */
    async function killEverywhere(
      base: readonly FakeBlock[],
      work: (process: Process) => Promise<void>,
      final: readonly FakeBlock[],
    ): Promise<void> {
      const finalDigest = await digestOf(final)
      for (let place = 0; ; place += harness.everyNth) {
        const fresh = await open()
        const outer = harness
        harness = fresh
        try {
          await follow(await start(), base)
          const { died } = await runUntil(place, work)
          const survivor = await start()
          const view = survivor.appender.view() as View
          const seen = await readEverything(survivor.history, view)
          const known = [base, final].map((blocks) => blocks.slice(0, view.head.number + 1))
          const mine = known.find((blocks) => blocks.at(-1)?.header.hash === view.head.hash)
          expect(mine, `the head after a death at write ${place}`).toBeDefined()
          expect(seen).toEqual(modelOf(mine as readonly FakeBlock[]))
          if (view.head.hash !== final.at(-1)?.header.hash) {
            const done = final.findIndex(({ header }) => header.hash === view.head.hash)
            if (done === base.length - 1 || done === -1) await work(survivor)
            else await follow(survivor, final.slice(done + 1))
          }
          expect(digestAt(survivor.appender.view())).toBe(finalDigest)
          expect(await seenBy(survivor)).toEqual(modelOf(final))
          if (!died) return
        } finally {
          for (const connection of connections.splice(0)) await connection.close()
          await fresh.dispose()
          harness = outer
        }
      }
    }

    /** Runs `work` in a process whose every write from the given place on fails, as a dead one's would. */
    async function runUntil(
      place: number,
      work: (process: Process) => Promise<void>,
    ): Promise<{ died: boolean }> {
      let count = 0
      let armed = false
      let died = false
      const victim = await start(async () => {
        if (!armed) return
        if (died || count++ >= place) {
          died = true
          throw new Error('killed')
        }
      })
      armed = true
      try {
        await work(victim)
      } catch (error) {
        if (!died) throw error
      }
      return { died }
    }

    async function digestOf(blocks: readonly FakeBlock[]): Promise<string | undefined> {
      const fresh = await open()
      try {
        const connection = await fresh.connect()
        const ports = { ...commitPorts(connection, systemClock, CHAIN_ID), sha256, newId }
        const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
        await appender.open()
        await appender.take(blocks.map(provenOf))
        await appender.commit(finalOf(undefined, blocks, 1_000))
        const digest = digestAt(appender.view())
        await connection.close()
        return digest
      } finally {
        await fresh.dispose()
      }
    }

    test('of two writers with the same block one commits it and both go on', async () => {
      const chain = await chainOf(8, 8)
      const first = await start()
      const second = await start()
      await follow(first, chain.blocks.slice(0, 5))
      expect(await append(second, [chain.blocks[0] as FakeBlock], -3)).toBe('conflict')
      expect(await append(second, [chain.blocks[5] as FakeBlock], 2)).toBe('committed')
      expect(await append(first, [chain.blocks[5] as FakeBlock], 2)).toBe('conflict')
      await follow(first, chain.blocks.slice(6))
      expect(await seenBy(second)).toEqual(modelOf(chain.blocks))
    })

    test('of two writers on two branches one commits, and nothing of the other is ever seen', async () => {
      const chain = await chainOf(9, 6)
      const loser = await start()
      await follow(loser, chain.blocks)
      const winner = await start()
      const base = [...chain.blocks]
      await chain.mine(1)
      const orphan = chain.blocks[6] as FakeBlock
      await chain.fork(1, 2)
      await follow(winner, chain.blocks.slice(6))
      expect(await append(loser, [orphan], 3)).toBe('conflict')
      expect(base).toHaveLength(6)
      expect(await seenBy(loser)).toEqual(modelOf(chain.blocks))
    })

    test('a writer that wakes up late, at any of its writes, changes nothing of what the others did', async () => {
      for (let place = 0; ; place += harness.locks ? 1 : harness.everyNth) {
        const fresh = await open()
        const outer = harness
        harness = fresh
        try {
          if (!(await wakeLate(place))) return
        } finally {
          for (const connection of connections.splice(0)) await connection.close()
          await fresh.dispose()
          harness = outer
        }
      }
    })

    /** False where the sleeper has fewer writes than that. */
    async function wakeLate(place: number): Promise<boolean> {
      const chain = await chainOf(10, 6)
      const gate = Promise.withResolvers<void>()
      const asleep = Promise.withResolvers<void>()
      let armed = false
      let count = 0
      const sleeper = await start(async (write) => {
        const isPausable = !harness.locks || write === 'transaction'
        if (!armed || !isPausable) return
        if (count++ === place) asleep.resolve()
        // Who sleeps writes nothing, whatever it has under way at once.
        if (count > place) await gate.promise
      })
      await follow(sleeper, chain.blocks)
      await sleeper.appender.tidied()
      await chain.mine(1)
      const orphan = chain.blocks[6] as FakeBlock
      await chain.fork(1, 8)
      armed = true
      const late = append(sleeper, [orphan], 3)
      const ended = late.then(() => sleeper.appender.tidied())
      const woken = await Promise.race([asleep.promise.then(() => true), ended.then(() => false)])
      if (!woken) return false
      const other = await start()
      const taken = other.appender.view() as View
      // Asleep in the housekeeping after its commit, it has been first.
      const wasFirst = taken.head.hash === orphan.header.hash
      if (wasFirst) await other.appender.moveBack(waypoint(taken, 5))
      await follow(other, chain.blocks.slice(6, 10))
      gate.resolve()
      expect(await late).toBe(wasFirst ? 'committed' : 'conflict')
      await ended
      expect(await seenBy(other), `woken at write ${place}`).toEqual(
        modelOf(chain.blocks.slice(0, 10)),
      )
      await follow(other, chain.blocks.slice(10))
      expect(await seenBy(other), `after a late writer at ${place}`).toEqual(modelOf(chain.blocks))
      return true
    }

    test('a head moved back shows the ancestor at once, whatever the depth, and goes on from there', async () => {
      const chain = await chainOf(11, 8)
      const writer = await start()
      const reader = await start()
      await follow(writer, chain.blocks)
      for (let depth = 1; depth <= FINALITY; depth++) {
        const top = chain.blocks.length - 1
        const ancestor = waypoint(writer.appender.view() as View, top - depth)
        expect(await writer.appender.moveBack(ancestor)).toBe('committed')
        expect(await seenBy(reader)).toEqual(modelOf(chain.blocks.slice(0, top - depth + 1)))
        expect(writer.appender.view()?.head.digest).toEqual(ancestor.digest)
        await chain.fork(depth, depth + 2)
        await follow(writer, chain.blocks.slice(top - depth + 1))
        expect(await seenBy(reader)).toEqual(modelOf(chain.blocks))
      }
      expect(digestAt(writer.appender.view())).toBe(await digestOf(chain.blocks))
    })

    test('the head tells of every block how it was proven, also after it went back and after a fence', async () => {
      const chain = await chainOf(25, 9)
      const writer = await start()
      const reader = await start()
      const proofOf = async (process: Process) =>
        (await process.history.views.current())?.head.proof
      const levels = ['bloom', 'bloom', 'linked', 'receipts', 'receipts'] as const
      const provenAs = (from: number, to: number) =>
        chain.blocks.slice(from, to + 1).map((block) => ({
          ...provenOf(block),
          level: levels[block.header.number] ?? 'receipts',
        }))
      const appendProven = async (from: number, to: number, finalized: number) => {
        expect(await writer.appender.take(provenAs(from, to))).toEqual({ status: 'taken' })
        const final = finalOf(writer.appender.view(), chain.blocks, finalized)
        expect(await writer.appender.commit(final)).toBe('committed')
      }
      await appendProven(0, 2, 2)
      for (let number = 3; number < 9; number++) await appendProven(number, number, 2)
      const [blooms, linked] = [
        { from: 0, to: 1, level: 'bloom' },
        { from: 2, to: 2, level: 'linked' },
      ]
      const whole = [blooms, linked, { from: 3, to: 8, level: 'receipts' }]
      expect(await proofOf(reader)).toEqual(whole)
      const view = (await reader.history.views.current()) as View
      expect(viewAt(view, 5)?.head.proof).toEqual([
        blooms,
        linked,
        { from: 3, to: 5, level: 'receipts' },
      ])
      await writer.appender.moveBack(waypoint(writer.appender.view() as View, 4))
      expect(await proofOf(reader)).toEqual([blooms, linked, { from: 3, to: 4, level: 'receipts' }])
      // What was begun and left makes the next writer put a fence.
      const { commit } = (writer.appender.view() as View).head
      await reader.connection.writer.putBlocks(CHAIN_ID, `${commit}-begun`, [
        (chain.blocks[5] as FakeBlock).header,
      ])
      const next = await start()
      expect((await next.history.views.current())?.head.reason).toBe('fence')
      expect(await proofOf(next)).toEqual([blooms, linked, { from: 3, to: 4, level: 'receipts' }])
    })

    test('a head may go back to a branch that it left', async () => {
      const chain = await chainOf(12, 7)
      const first = [...chain.blocks]
      const writer = await start()
      await follow(writer, first)
      await writer.appender.moveBack(waypoint(writer.appender.view() as View, 5))
      await chain.fork(1, 1)
      await follow(writer, chain.blocks.slice(6))
      await writer.appender.moveBack(waypoint(writer.appender.view() as View, 5))
      await follow(writer, first.slice(6))
      expect(await seenBy(writer)).toEqual(modelOf(first))
      expect(digestAt(writer.appender.view())).toBe(await digestOf(first))
    })

    test('who took the head before a reorg reads the old branch to the end', async () => {
      const chain = await chainOf(13, 8)
      const writer = await start()
      await follow(writer, chain.blocks)
      const old = [...chain.blocks]
      const reader = await start()
      const view = (await reader.history.views.current()) as View
      await writer.appender.moveBack(waypoint(writer.appender.view() as View, 6))
      await chain.fork(1, 2)
      await follow(writer, chain.blocks.slice(7))
      expect(await readEverything(reader.history, view)).toEqual(modelOf(old))
    })

    test('any commit within the window can be read as of its block', async () => {
      const chain = await chainOf(14, 10)
      const writer = await start()
      await follow(writer, chain.blocks)
      await writer.appender.tidied()
      const view = (await writer.history.views.current()) as View
      for (let number = 9; number >= 9 - FINALITY; number--) {
        const at = viewAt(view, number) as View
        expect(await readEverything(writer.history, at)).toEqual(
          modelOf(chain.blocks.slice(0, number + 1)),
        )
      }
      expect(viewAt(view, 2)).toBeUndefined()
    })

    test('a reader whose block was swept is told to start again, not given a mixture', async () => {
      const chain = await chainOf(15, 6)
      const writer = await start()
      await follow(writer, chain.blocks)
      const reader = await start()
      const view = (await reader.history.views.current()) as View
      await chain.mine(8)
      await follow(writer, chain.blocks.slice(6))
      await writer.appender.tidied()
      await expect(readEverything(reader.history, view)).rejects.toSatisfy(isStaleView)
      expect(await seenBy(reader)).toEqual(modelOf(chain.blocks))
    })

    test('below the finalized block nothing of dead branches and no undo is kept', async () => {
      const chain = await chainOf(16, 6)
      const writer = await start()
      await follow(writer, chain.blocks)
      await writer.appender.moveBack(waypoint(writer.appender.view() as View, 3))
      await chain.fork(2, 10)
      for (const block of chain.blocks.slice(4)) {
        await follow(writer, [block])
        await writer.appender.tidied()
      }
      const { connection } = writer
      const view = writer.appender.view() as View
      const horizon = view.floor.number - 1
      expect(horizon).toBeGreaterThan(6)
      const { heads, tree } = connection
      for (let number = 0; number <= horizon; number++)
        expect(await heads.settledBlock(CHAIN_ID, number)).toEqual(refOf(chain, number))
      const stored = await heads.blocks(CHAIN_ID, { from: 2, to: horizon })
      expect(stored.map(({ number, hash }) => ({ number, hash }))).toEqual(
        Array.from({ length: horizon - 1 }, (_, index) => refOf(chain, index + 2)),
      )
      for (const { number, commit, hash } of stored)
        expect(await heads.block(CHAIN_ID, { number, commit })).toEqual({ number, hash })
      const entries = await heads.since(CHAIN_ID, 2)
      expect(await heads.since(CHAIN_ID, 2, 3)).toEqual(entries.slice(0, 3))
      const range = { from: 0, to: horizon }
      expect(await connection.writer.unsettledBlocks(CHAIN_ID, range)).toEqual([])
      expect(await connection.writer.journal(CHAIN_ID, range)).toEqual([])
      expect((await heads.upkeep(CHAIN_ID)).cleanTo).toBe(horizon)
      // Of each document one version at or below the horizon is left, and at most one beside it.
      for (const spec of connection.catalogue.documents)
        for (const value of await scanDocuments(writer.history, view, spec, {
          order: 'identity',
          prefix: [],
          limit: 1_000,
        })) {
          const query = { atMost: horizon, limit: 100 }
          const versions = await tree.versions(documentsOf(view, spec), keyOf(spec, value), query)
          expect(versions.length).toBeLessThanOrEqual(2)
        }
    })

    test('a long answer reads one view to its end, however many blocks are committed and swept meanwhile', async () => {
      const chain = await chainOf(41, 32)
      const writer = await start()
      await append(writer, chain.blocks.slice(0, 10), 100)
      const reader = await (harness.connectToRead ?? harness.connect)()
      connections.push(reader)
      const history = { ...reader, views: createViews(reader.heads, CHAIN_ID) }
      await reader.heads.asOneView(CHAIN_ID, async () => {
        const view = (await history.views.current()) as View
        for (let from = 10; from < 24; from += 2)
          expect(await append(writer, chain.blocks.slice(from, from + 2), 100)).toBe('committed')
        await follow(writer, chain.blocks.slice(24, 30))
        await writer.appender.tidied()
        expect(await readEverything(history, view)).toEqual(modelOf(chain.blocks.slice(0, 10)))
        await refuseLeftView(history.views, view)
      })
      // What was kept for it goes with the next blocks.
      await follow(writer, chain.blocks.slice(30))
      await writer.appender.tidied()
      const { sweptTo, cleanTo } = await writer.connection.heads.upkeep(CHAIN_ID)
      expect([sweptTo, cleanTo].every((height) => height > 20)).toBe(true)
      expect(await seenBy(writer)).toEqual(modelOf(chain.blocks))
    })

    test('objects written twice, and by strangers, change nothing', async () => {
      const chain = await chainOf(17, 6)
      const writer = await start()
      await follow(writer, chain.blocks)
      await chain.fork(3, 3)
      const ports = commitPorts(writer.connection, systemClock, CHAIN_ID)
      const before = await seenBy(writer)
      for (let times = 0; times < 2; times++)
        await putObjects(ports, CHAIN_ID, {
          commit: 'a-stranger',
          blocks: chain.blocks.map(({ header }) => header),
          events: [],
          quarantined: [],
        })
      expect(await seenBy(writer)).toEqual(before)
    })

    test('two chains in one store keep apart', async () => {
      const [one, two] = [await chainOf(18, 6), await chainOf(19, 7)]
      const first = await start(undefined, 1)
      const second = await start(undefined, 2)
      for (let index = 0; index < 7; index++) {
        if (index < 6) await follow(first, [one.blocks[index] as FakeBlock])
        await follow(second, [two.blocks[index] as FakeBlock])
      }
      expect(await seenBy(first)).toEqual(modelOf(one.blocks))
      expect(await seenBy(second)).toEqual(modelOf(two.blocks))
    })

    test('sources that changed are refused: their history is another one, and nothing of it is touched', async () => {
      const chain = await chainOf(20, 4)
      const own = await start()
      await follow(own, chain.blocks.slice(0, 3))
      const connection = await harness.connect()
      connections.push(connection)
      const ports = { ...commitPorts(connection, systemClock, CHAIN_ID), sha256, newId }
      // The history's own writer is at the next block: whoever may write here would fence that off and remove it.
      await putObjects(ports, CHAIN_ID, {
        commit: 'begun',
        blocks: chain.blocks.slice(3).map(({ header }) => header),
        events: [],
        quarantined: [],
      })
      const stored = async () => ({
        heads: await connection.heads.since(CHAIN_ID, 1),
        upkeep: await connection.heads.upkeep(CHAIN_ID),
        blocks: await connection.writer.unsettledBlocks(CHAIN_ID, { from: 0, to: 9 }),
      })
      const before = await stored()
      expect(before.blocks).toContainEqual({ number: 3, commit: 'begun' })
      const appender = createChainAppender(ports, CHAIN_ID, fakeSources.slice(1))
      await expect(appender.open()).rejects.toSatisfy((error) => isAppError(error, 'conflict'))
      expect(await stored()).toEqual(before)
      await own.appender.open()
      expect(await stored()).not.toEqual(before)
    })

    test('lists walk their order in pages, both ways, within bounds', async () => {
      const chain = await chainOf(21, 30, 14)
      const writer = await start()
      await append(writer, chain.blocks, 1_000)
      const { history } = writer
      const view = writer.appender.view() as View
      const scan = { order: 'identity', prefix: [fakeListedPool, '1m'] } as const
      const up = await scanDocuments(history, view, candleDocuments, { ...scan, limit: 100 })
      expect(up.length).toBeGreaterThan(3)
      expect(up.map(({ start: at }) => at)).toEqual(
        up.map(({ start: at }) => at).toSorted((a, b) => a - b),
      )
      expect(
        await scanDocuments(history, view, candleDocuments, {
          ...scan,
          limit: 100,
          descending: true,
        }),
      ).toEqual(up.toReversed())
      const [from, to] = [up[1]?.start as number, up[2]?.start as number]
      const some = await scanDocuments(history, view, candleDocuments, {
        ...scan,
        from: [from],
        to: [to],
        limit: 9,
      })
      expect(some).toEqual(up.slice(1, 3))

      const held = await scanDocuments(history, view, holdingDocuments, {
        order: 'identity',
        prefix: [fakeErc1155],
        limit: 500,
      })
      const byOwner = []
      for (const owner of new Set(held.map((holding) => holding.owner)))
        byOwner.push(
          ...(await scanDocuments(history, view, holdingDocuments, {
            order: 'byOwner',
            prefix: [owner, fakeErc1155],
            limit: 500,
          })),
        )
      const text = (holding: object): string =>
        JSON.stringify(holding, (_, value: unknown) =>
          typeof value === 'bigint' ? `${value}` : value,
        )
      expect(byOwner.map(text).toSorted()).toEqual(held.map(text).toSorted())
    })

    test('events are listed by contract and block, both ways, without a gap or a repetition', async () => {
      const chain = await chainOf(22, 30, 14)
      const writer = await start()
      await append(writer, chain.blocks, 1_000)
      const view = writer.appender.view() as View
      const query = { address: fakeListedPool, limit: 1_000 } as const
      const all = await listEvents(writer.history, view, swapFamily, query)
      expect(all.length).toBeGreaterThan(10)
      expect(all.every((event) => event.address === fakeListedPool)).toBe(true)
      const down = await listEvents(writer.history, view, swapFamily, {
        ...query,
        descending: true,
      })
      expect(down).toEqual(all.toReversed())
      const random = createRandom(22)
      const paged = []
      let after: { number: number; logIndex: number } | undefined
      for (;;) {
        const limit = 1 + random.int(4)
        const page = await listEvents(writer.history, view, swapFamily, {
          ...query,
          limit,
          ...(after && { after }),
        })
        paged.push(...page)
        const last = page.at(-1)
        if (!last) break
        after = { number: last.block.number, logIndex: last.logIndex }
      }
      expect(paged).toEqual(all)
      const bounded = await listEvents(writer.history, view, swapFamily, {
        ...query,
        from: 10,
        to: 20,
      })
      expect(bounded).toEqual(all.filter(({ block }) => block.number >= 10 && block.number <= 20))
    })

    test('the activity of an account is every event that it took part in, newest first, and none that left the chain', async () => {
      const chain = await chainOf(23, 16, 10)
      const writer = await start()
      await follow(writer, chain.blocks)
      await chain.fork(2, 3)
      const { appender, history } = writer
      const to = waypointsOf(appender.view() as View).find(({ number }) => number === 13)
      expect(await appender.moveBack(to as Waypoint)).toBe('committed')
      await follow(writer, chain.blocks.slice(14))
      const view = appender.view() as View
      const parties = ['sender', 'owner', 'recipient', 'from', 'to']
      const rows = naiveModel(chain.blocks.map(actedOf), fakeSources).rows.toReversed()
      let count = 0
      for (const account of Array.from({ length: 6 }, (_, index) => addressOf(0xa0 + index))) {
        const own = rows.filter(({ body }) =>
          parties.some((party) => (body as Record<string, unknown>)[party] === account),
        )
        const listed = []
        for (let after: EventPlace | undefined, isOver = false; !isOver;) {
          const query = { accounts: [account], limit: 7, ...(after && { after }) }
          const page = await listChainActivity(history, view, query)
          listed.push(...page.items)
          after = page.next
          isOver = !after
        }
        expect(listed.map(({ event }) => eventLine(event))).toEqual(own.map(eventLine))
        count += listed.length
      }
      expect(count).toBeGreaterThan(40)
    })

    test('the feed tells what was appended, retracted and became final, also to who comes late', async () => {
      const chain = await chainOf(25, 8, 8)
      const writer = await start()
      const reader = await start()
      const feed = createHistoryFeed(reader.history)
      const consumer = createFeedConsumer()
      await follow(writer, chain.blocks.slice(0, 5))
      await consumer.readAll(feed, 3)
      await follow(writer, chain.blocks.slice(5))
      await consumer.read(feed, 3)
      await writer.appender.moveBack(waypoint(writer.appender.view() as View, 5))
      await chain.fork(2, 4)
      await follow(writer, chain.blocks.slice(6))
      for (const each of [consumer, createFeedConsumer()]) {
        await each.readAll(feed, 4)
        expect(each.events()).toEqual(modelOf(chain.blocks).events)
        expect(each.cursor()?.finalized).toBe(chain.blocks.length - 1 - FINALITY)
      }
    })

    test('a page may end between the branches of one block, and nothing is lost', async () => {
      const chain = await chainOf(24, 8, 10)
      const writer = await start()
      await follow(writer, chain.blocks)
      for (let times = 0; times < 2; times++) {
        await writer.appender.moveBack(waypoint(writer.appender.view() as View, 5))
        await chain.fork(2, 2)
        await follow(writer, chain.blocks.slice(6))
      }
      const view = writer.appender.view() as View
      for (const descending of [false, true]) {
        const query = { descending }
        const all = await listEvents(writer.history, view, transferFamily, {
          ...query,
          limit: 1_000,
        })
        for (let limit = 1; limit < 6; limit++) {
          const page = await listEvents(writer.history, view, transferFamily, { ...query, limit })
          expect(page).toEqual(all.slice(0, limit))
        }
      }
      expect(await seenBy(writer)).toEqual(modelOf(chain.blocks))
    })

    test('logs that are set apart are listed and counted as of the head, page by page, and no dead branch’s', async () => {
      const chain = await chainOf(31, 24)
      const writer = await start()
      await follow(writer, chain.blocks)
      await chain.fork(3, 5)
      await writer.appender.moveBack(waypoint(writer.appender.view() as View, 20))
      await follow(writer, chain.blocks.slice(21))
      const view = writer.appender.view() as View
      const expected = chain.blocks.flatMap(({ header, logs, acts }) =>
        acts.flatMap(({ act }, index) =>
          act === 'malformed' ? [`${header.hash} ${logs[index]?.logIndex}`] : [],
        ),
      )
      expect(expected.length).toBeGreaterThan(3)
      const listed: string[] = []
      let after: { number: number; logIndex: number } | undefined
      for (;;) {
        const query = { limit: 2, ...(after && { after }) }
        const { items, hasMore } = await listQuarantine(writer.history, view, query)
        for (const { block, log } of items) listed.push(`${block.hash} ${log.logIndex}`)
        const last = items.at(-1)
        if (!last || !hasMore) break
        after = { number: last.block.number, logIndex: last.log.logIndex }
      }
      expect(listed).toEqual(expected)
      const { counts, isWhole } = await countQuarantine(writer.history, view)
      expect(isWhole).toBe(true)
      expect(counts).toMatchObject([{ address: fakeErc1155, count: expected.length }])
      expect(counts[0]?.reason).toContain('transfer/erc1155')
    })

    test('numbers keep every bit', async () => {
      const chain = await chainOf(23, 2)
      const writer = await start()
      await append(writer, chain.blocks, 100)
      const view = writer.appender.view() as View
      const most = 2n ** 256n - 1n
      const holding = {
        collection: fakeErc1155,
        tokenId: most,
        owner: fakeListedPool,
        standard: 'erc1155',
        amount: most,
        shortfall: 2n ** 255n,
      } as const
      const key = [fakeErc1155, most, fakeListedPool]
      const { number, commit, move } = view.head
      await writer.connection.writer.atomically(() =>
        writer.connection.writer.replace([
          {
            id: { ...documentsOf(view, holdingDocuments), key },
            version: { number, commit, move, value: holding },
            previous: null,
            expected: null,
          },
        ]),
      )
      expect(await readDocuments(writer.history, view, holdingDocuments, [key])).toEqual([holding])
    })

    test('what was put aside and is needed for longer stays, also where its removal has begun', async () => {
      const chain = await chainOf(24, 2)
      const writer = await start()
      await append(writer, chain.blocks, 100)
      const view = writer.appender.view() as View
      const { number, commit, move } = view.head
      const key = [fakeErc1155, 1n, fakeListedPool]
      const value = {
        collection: fakeErc1155,
        tokenId: 1n,
        owner: fakeListedPool,
        standard: 'erc1155',
        amount: 1n,
        shortfall: 0n,
      } as const
      const set = documentsOf(view, holdingDocuments)
      const record = { id: { ...set, key }, version: { number, commit, move, value } }
      const prolong = (until: number): Promise<void> =>
        writer.connection.writer.atomically(() =>
          writer.connection.writer.putUndo([{ ...record, until }]),
        )
      await prolong(4)
      let isToBeProlonged = false
      const sweeper = await start(async () => {
        if (!isToBeProlonged) return
        isToBeProlonged = false
        await prolong(8)
      })
      // Where a transaction locks the store nobody gets in between.
      if (harness.locks) await prolong(8)
      else isToBeProlonged = true
      const sweep = (upTo: number): Promise<void> =>
        sweeper.connection.writer.atomically(() =>
          sweeper.connection.writer.deleteUndo([set.tree], upTo),
        )
      const kept = () => writer.connection.tree.versions(set, key, { atMost: 100, limit: 10 })
      await sweep(4)
      expect([isToBeProlonged, await kept()]).toEqual([false, [record.version]])
      await sweep(8)
      expect(await kept()).toEqual([])
    })
  })
}

function waypoint(view: View, number: number): Waypoint {
  const found = waypointsOf(view).find((each) => each.number === number)
  if (!found) throw new Error(`block ${number} is not in the window`)
  return found
}

const refOf = ({ blocks }: FakeChain, number: number): BlockRef => {
  const { header } = blocks[number] as FakeBlock
  return { number, hash: header.hash }
}

/** The final block of a history after these blocks, where its number is this one at most. */
function finalOf(view: View | undefined, blocks: readonly FakeBlock[], number: number): BlockRef {
  const last = (blocks.at(-1) as FakeBlock).header.number
  const wanted = Math.min(number, last)
  const header = blocks.find((block) => block.header.number === wanted)?.header
  const known = header ?? (view && waypointsOf(view).find((each) => each.number === wanted))
  return known ? { number: wanted, hash: known.hash } : BEFORE_GENESIS
}

/** Calls `step` around every writing method of a writer, for engines that offer no finer place to stop. */
export function steppedWriter(writer: ChainWriter, step: WriteStep): ChainWriter {
  const names: Partial<Record<keyof ChainWriter, string>> = {
    putBlocks: 'block',
    putEvents: 'event',
    putQuarantined: 'quarantine',
    putJournal: 'journal',
    putUndo: 'undo',
    replace: 'document',
    appendHead: 'head',
    putSettled: 'settled',
    mark: 'mark',
    deleteJournal: 'delete journal',
    deleteUndo: 'delete undo',
    deleteBlocks: 'delete block',
  }
  const stepped = Object.entries(names).map(([method, label]) => [
    method,
    async (...args: unknown[]) => {
      await step(label, 'before')
      const call = writer[method as keyof ChainWriter] as (...all: unknown[]) => Promise<unknown>
      const result = await call(...args)
      await step(label, 'after')
      return result
    },
  ])
  return {
    ...writer,
    ...Object.fromEntries(stepped),
    async atomically(steps) {
      await step('transaction', 'before')
      const result = await writer.atomically(steps)
      await step('transaction', 'after')
      return result
    },
  } as ChainWriter
}
