import type { MemoryTables } from '#adapters/memory/chain-store.ts'
import { mergeRanges } from '#core/chain.ts'
import { isEmpty, type View, viewAt, waypointsOf } from '#core/history/head.ts'
import type { CommitId, DerivedRef, HeadEntry } from '#core/history/head.ts'
import { isRebuild, rewriteAt } from '#core/history/rebuilds.ts'
import { clearRebuilds } from '#core/indexing/rebuild/clear-rebuilds.ts'
import {
  expectedEvents,
  expectedPage,
  expectSame,
  familiesOf,
  isMoving,
  kindsAndOrdersOf,
  type Oracle,
} from './expect.ts'
import { type History, openHistory, walk, walkAllEvents } from './reader.ts'
import type { Actor, Scheduler } from './scheduler.ts'
import type { Connection, SimulatedStore } from './stores.ts'
import type { World } from './world.ts'
import { CHAIN_ID } from './writer.ts'

type EndInput = {
  readonly world: World
  readonly oracle: Oracle
  readonly scheduler: Scheduler
  readonly store: SimulatedStore
  readonly wanders: boolean
  readonly rebuilds: boolean
  /** Whether the writer of a commit has died or lost the store. */
  cameToGrief(commit: CommitId): boolean
  startWriter(): Actor
  finish(isDone: () => boolean): Promise<void>
}

const ALL = 1_000
/** More blocks than are ever reversible, so that what the run has left is settled and swept. */
const QUIET_BLOCKS = 8

/**
 * Rounds of quiet blocks after which each attempt that the journal remembers was looked at again, for each of them. Of
 * sixteen sweeps one looks at one, and the move of its head decides; where each move sweeps it takes 48 of them. But of
 * the moves of a round some have their sweep done by a later one, so that it may take longer.
 */
const ROUNDS_A_LOOK = 96

/**
 * One writer alone brings the history up to the chain's end; then everything is read there, and as of every block that
 * can still be gone back to. After some quiet blocks nothing is left of what was never committed or was left; where a
 * writer was late by a whole sweep, after some more, in which the sweep looks again.
 */
export async function checkEnd(input: EndInput): Promise<void> {
  const { world, store } = input
  world.outgrow()
  await bringUp(input)
  const reader = input.scheduler.start('end', false)
  await runAlone(input, () => readAll(input, openHistory(store.connect(reader)), false))
  world.mine(QUIET_BLOCKS)
  await bringUp(input)
  await runAlone(input, () => readAll(input, openHistory(store.connect(reader)), true))
  if (input.rebuilds) {
    const connection = store.connect(reader)
    await runAlone(input, () => clearAll(connection))
    await runAlone(input, () => readAll(input, openHistory(connection), true))
  }
  if (!store.tables) return
  if (await waitForLooks(input, store.tables))
    await runAlone(input, () => readAll(input, openHistory(store.connect(reader)), true))
  expectNothingLeft(store.tables, input)
}

/** No rebuild is at work any more. */
async function clearAll(connection: Connection): Promise<void> {
  const view = await openHistory(connection).views.current()
  if (!view) throw new Error('nothing was ever committed')
  await clearRebuilds(connection, view)
  const named = new Set(Object.values(view.head.projections))
  const trees = await connection.writer.trees(CHAIN_ID)
  expectSame(
    'trees that no head names',
    trees.filter((tree) => !named.has(tree)),
    [],
  )
}

/** @returns whether there was anything to be found when the sweep looks again */
async function waitForLooks(input: EndInput, tables: MemoryTables): Promise<boolean> {
  const isLooking = hiddenDocuments(tables).length > 0
  const rounds = ROUNDS_A_LOOK * remembered(tables).length
  for (let round = 0; hiddenDocuments(tables).length > 0 && round < rounds; round++) {
    input.world.mine(QUIET_BLOCKS)
    await bringUp(input)
  }
  return isLooking
}

const liveCommits = ({ heads }: MemoryTables) =>
  new Set([...heads.values()].map(({ commit }) => commit))

/** Current versions that no view will ever see, in the trees that are read. */
function hiddenDocuments(tables: MemoryTables) {
  const live = liveCommits(tables)
  const named = new Set(Object.values(newestOf(tables)?.projections ?? {}))
  return [...tables.documents.values()].filter(
    ({ tree, version }) =>
      named.has(tree) && !live.has(version.commit) && !isRebuild(version.commit),
  )
}

const newestOf = ({ heads }: MemoryTables): HeadEntry | undefined =>
  [...heads.values()].toSorted((a, b) => b.move - a.move)[0]

/** Attempts of which the journal keeps what they were about to change, though all is clean there. */
const remembered = ({ journal, upkeep }: MemoryTables) =>
  [...journal.values()].filter(({ to }) => to <= (upkeep.get(CHAIN_ID)?.cleanTo ?? -1))

async function bringUp({ startWriter, finish }: EndInput): Promise<void> {
  const writer = startWriter()
  await finish(() => writer.isDone)
}

async function runAlone(input: EndInput, work: () => Promise<void>): Promise<void> {
  let isDone = false
  const guarded = async (): Promise<void> => {
    try {
      await work()
      isDone = true
    } catch (error) {
      input.scheduler.fail(error)
    }
  }
  const done = guarded()
  await input.finish(() => isDone)
  await done
}

async function readAll(input: EndInput, history: History, isQuiet: boolean): Promise<void> {
  const { world } = input
  const view = await history.views.current()
  if (!view) throw new Error('nothing was ever committed')
  const tip = world.branch().at(-1)
  expectSame('the head at the end', [view.head.hash], [tip?.hash])
  for (const { number } of waypointsOf(view)) {
    const at = viewAt(view, number)
    if (!at || isEmpty(at)) continue
    // Where documents move in an order with their branch, they stand where the newest block has them.
    const hasAllOrders = !input.wanders || (isQuiet && at === view)
    await expectEverything(`at the end, block ${number}`, history, at, {
      ...input,
      hasAllOrders,
      hasMoved: !(isQuiet && at === view),
    })
  }
  const entries = await history.heads.since(CHAIN_ID, 1)
  expectOneDigest(entries)
  expectProofOfAll(entries)
}

/** Every entry tells how each block that it covers was proven, and of no other one. */
function expectProofOfAll(entries: readonly HeadEntry[]): void {
  for (const { move, reason, coverage, proof } of entries)
    expectSame(
      `what is proven at move ${move}, ${reason}`,
      mergeRanges(proof).map(({ from, to }) => `${from}-${to}`),
      coverage.map(({ from, to }) => `${from}-${to}`),
    )
}

async function expectEverything(
  where: string,
  history: History,
  view: View,
  {
    world,
    oracle,
    hasAllOrders,
    hasMoved,
  }: Pick<EndInput, 'world' | 'oracle'> & {
    readonly hasAllOrders: boolean
    readonly hasMoved: boolean
  },
): Promise<void> {
  const wanted = oracle.at(view.head)
  for (const { kind, order } of kindsAndOrdersOf(world)) {
    if (order !== 'identity' && (!hasAllOrders || (hasMoved && isMoving(order)))) continue
    const scan = { kind, order, prefix: [], limit: ALL }
    expectSame(
      `${where}, ${kind} ${order}`,
      await walk(history, view, scan),
      expectedPage(wanted, scan),
    )
  }
  for (const family of familiesOf(world)) {
    const asked = { family, limit: ALL }
    const seen = await walkAllEvents(history, view, asked)
    expectSame(`${where}, events of ${family}`, seen, expectedEvents(wanted, asked))
  }
}

/** Whoever has come to a block, over whatever detours, has come to the same digest. */
function expectOneDigest(entries: readonly HeadEntry[]): void {
  const digests = new Map<string, string>()
  for (const { reason, number, hash, coverage, digest } of entries) {
    if (reason === 'origin') continue
    const key = `${number} ${hash} ${JSON.stringify(coverage)}`
    const text = JSON.stringify(digest)
    expectSame(`the digest at block ${number}`, [digests.get(key) ?? text], [text])
    digests.set(key, text)
  }
}

/** What is final and swept holds nothing that is not canonical. */
function expectNothingLeft(tables: MemoryTables, { store, cameToGrief }: EndInput): void {
  const { cleanTo } = tables.upkeep.get(CHAIN_ID) ?? { cleanTo: -1 }
  const settled = new Set([...tables.settled.values()].map(({ commit }) => commit))
  const live = liveCommits(tables)
  const expectNone = (what: string, rows: Iterable<object>): void =>
    expectSame(
      what,
      Array.from(rows, (row) => JSON.stringify(row)),
      [],
    )
  const rewrites = newestOf(tables)?.rewrites ?? []
  const isStanding = ({ number, commit }: DerivedRef): boolean => {
    const run = rewriteAt(rewrites, number)
    return run ? run.commit === commit : settled.has(commit)
  }
  const dead = (rows: { readonly number: number; readonly commit: string }[]) =>
    rows
      .filter((row) => row.number <= cleanTo && !isStanding(row))
      .map(({ number, commit }) => ({ number, commit, cleanTo }))

  expectNone(
    'undo that nobody needs',
    [...tables.undo.values()]
      .filter(({ until }) => until <= cleanTo)
      .map(({ id, until }) => ({ kind: id.kind, until })),
  )
  expectNone(
    'journal of what was committed',
    remembered(tables)
      .filter(({ commit }) => live.has(commit))
      .map(({ commit, move, to }) => ({ commit, move, to, cleanTo })),
  )
  expectNone(
    'documents of commits that never came about',
    hiddenDocuments(tables).map(({ version: { number, commit, move } }) => ({
      number,
      commit,
      move,
      cleanTo,
    })),
  )
  expectNone('blocks that are not canonical', dead([...tables.blocks.values()]))
  // Who was swept between the rows of a block and those of its events, and then came to grief, leaves events that no
  // block names.
  const events = [...tables.events.values()].filter(
    ({ commit }) => !(store.storedTooLate.has(commit) && cameToGrief(commit)),
  )
  expectNone(
    'events that are not canonical',
    dead(events.map(({ event: { block }, commit }) => ({ ...block, commit }))),
  )
}
