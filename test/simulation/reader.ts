import { catalogue } from '#core/catalogue.ts'
import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { refuseLeftView } from '#core/history/at-head.ts'
import { blockAt } from '#core/history/block-at.ts'
import type { Key } from '#core/history/document.ts'
import type { EventFamily } from '#core/history/event.ts'
import { isEmpty, type View, viewAt } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import { readDocuments, scanDocuments } from '#core/history/resolve.ts'
import { createViews, isStaleView, type Views } from '#core/history/view.ts'
import type { Random } from '../fakes/random.ts'
import type { NaiveView } from '../oracle/naive-model.ts'
import { documentLine, eventLine } from '../oracle/text.ts'
import { accounts, collections, poolAddresses, tokens } from './activity.ts'
import {
  type EventsAsked,
  expectedDocument,
  expectedEvents,
  expectedPage,
  expectAmong,
  expectSame,
  familiesOf,
  isMoving,
  keyIn,
  kindsAndOrdersOf,
  type Oracle,
  type ScanAsked,
} from './expect.ts'
import { positionManager } from './position-activity.ts'
import type { Actor, Scheduler } from './scheduler.ts'
import type { Connection } from './stores.ts'
import type { World } from './world.ts'
import { poolsOfManager } from './v4-activity.ts'
import { readWide } from './wide-reader.ts'
import { CHAIN_ID } from './writer.ts'

export type History = HistoryPorts & { readonly views: Views }

export type ReaderInput = {
  readonly world: World
  readonly oracle: Oracle
  readonly scheduler: Scheduler
  readonly random: Random
  readonly count: (what: string) => void
  readonly isRunning: () => boolean
  /** Whether documents may stand elsewhere in an order on another branch: then only identities are walked. */
  readonly wanders: boolean
}

/** An answer, to be held against the oracle as soon as it is known that its view was not left. */
type Answer = () => void

/** How many things are read of one view at most. */
const READS_MAX = 6
const VIEW_DEPTH_MAX = 4

export const openHistory = (connection: Connection): History => ({
  ...connection,
  views: createViews(connection.heads, CHAIN_ID),
})

/**
 * Takes a head and reads of it, over and over: documents, pages and walks in all orders, events, hashes of blocks.
 * Whatever it is given must be what the oracle says of just that head, unless it is told that the view is stale.
 */
export async function runReader(actor: Actor, history: History, input: ReaderInput): Promise<void> {
  const { scheduler, random, count } = input
  while (input.isRunning()) {
    await scheduler.stop(actor, 'looks')
    try {
      if (random.chance(0.2)) {
        await history.heads.asOneView(CHAIN_ID, () => readHeld(actor, history, input))
        continue
      }
      const taken = await history.views.current()
      if (!taken || isEmpty(taken)) continue
      await readOf(actor, history, someView(taken, random), input)
    } catch (error) {
      if (isStaleView(error)) count('reads stale')
      else if (isAppError(error, 'unavailable')) count('reader lost the store')
      else throw error
    }
  }
  actor.isDone = true
}

/** A head that is held is stale only where a reorg or a rebuild has left it: nothing that it needs is swept. */
async function readHeld(actor: Actor, history: History, input: ReaderInput): Promise<void> {
  const taken = await history.views.current()
  if (!taken || isEmpty(taken)) return
  try {
    await readOf(actor, history, taken, input)
    input.count('held views read')
  } catch (error) {
    if (!isStaleView(error)) throw error
    await refuseLeftView(history.views, taken)
    throw new Error(`block ${taken.head.number} was swept while it was held`, { cause: error })
  }
}

/** Mostly the head, else as of a block that the window still holds. */
function someView(taken: View, random: Random): View {
  if (!random.chance(0.25)) return taken
  const view = viewAt(taken, taken.head.number - random.int(VIEW_DEPTH_MAX))
  return view && !isEmpty(view) ? view : taken
}

async function readOf(
  actor: Actor,
  history: History,
  view: View,
  input: ReaderInput,
): Promise<void> {
  const { random, count } = input
  const wanted = input.oracle.at(view.head)
  let answers: Answer[] = []
  for (let left = 1 + random.int(READS_MAX); left > 0; left--) {
    answers.push(await readSomething(actor, history, view, wanted, input))
    if (!random.chance(0.3)) continue
    // Held against the oracle at once: that the view stands until now is all that an answer needs.
    await refuseLeftView(history.views, view)
    for (const check of answers) check()
    answers = []
  }
  await refuseLeftView(history.views, view)
  for (const check of answers) check()
  count('views read')
}

async function readSomething(
  actor: Actor,
  history: History,
  view: View,
  wanted: NaiveView,
  input: ReaderInput,
): Promise<Answer> {
  const { random } = input
  const { move, number } = view.head
  const where = `${actor.name} at block ${number} of move ${move}`
  const what = random.int(input.world.isWide ? 12 : 10)
  if (what < 3) return readPoints(history, view, wanted, input, where)
  if (what < 5) return readPage(history, view, wanted, input, where)
  if (what < 7) return readEvents(history, view, wanted, input, where)
  if (what < 8) return readBlock(history, view, input, where)
  if (what < 9) return walkDocuments(history, view, wanted, input, where)
  if (what < 10) return walkEvents(history, view, wanted, input, where)
  return readWide(history, view, wanted, random, where)
}

async function readPoints(
  history: History,
  view: View,
  wanted: NaiveView,
  { random, world }: ReaderInput,
  where: string,
): Promise<Answer> {
  const { kind, keys } = someKeys(random, wanted, world)
  const found = await readDocuments(history, view, catalogue.document(kind), keys)
  return () =>
    expectSame(
      `${where}, ${kind} by key`,
      found.map((value) => value && documentLine(kind, value)),
      keys.map((key) => expectedDocument(wanted, kind, key)),
    )
}

/** The first ones there are in any world. */
const kindsByKey = [
  'pool',
  'holding',
  'holder',
  'candle',
  'tokenBalance',
  'balancePoint',
  'tokenSummary',
  'activityPage',
  'position',
  'positionOwner',
] as const
const NARROW_KINDS = 4

/** Keys of one kind: some that exist here, and some that may exist on another branch or not at all. */
function someKeys(
  random: Random,
  wanted: NaiveView,
  { isWide }: World,
): { kind: string; keys: Key[] } {
  const kind = random.pick(isWide ? kindsByKey : kindsByKey.slice(0, NARROW_KINDS))
  const existing = wanted.values
    .filter((each) => each.kind === kind)
    .map(({ value }) => keyIn(kind, 'identity', value))
  const [collection, owner] = [random.pick(collections), random.pick(accounts)]
  const token = isWide ? random.pick(tokens) : ZERO_ADDRESS
  const made: Record<typeof kind, Key> = {
    pool: [random.pick(poolAddresses)],
    holding: [collection, BigInt(random.int(3)), owner],
    holder: [collection, owner],
    candle: [random.pick(poolAddresses), '1d', 1_699_920_000],
    tokenBalance: [token, owner],
    balancePoint: [token, owner, 3],
    tokenSummary: [token],
    activityPage: [owner, 0],
    position: [positionManager, 10n],
    positionOwner: [owner, poolAddresses[2] as Address, positionManager, 10n],
  }
  const keys = Array.from({ length: 1 + random.int(3) }, () =>
    existing.length > 0 && random.chance(0.6) ? random.pick(existing) : made[kind],
  )
  return { kind, keys }
}

function someScan({ random, wanders, world }: ReaderInput, isOfPages = true): ScanAsked {
  const choice = kindsAndOrdersOf(world)
    .filter(({ order }) => !wanders || order === 'identity')
    .filter(({ order }) => isOfPages || !isMoving(order))
  const { kind, order } = random.pick(choice)
  const first: Record<string, Key> = {
    byToken0: [random.pick(tokens)],
    byToken1: [random.pick(tokens)],
    byTokens: [random.pick(tokens)],
    byOwner: [random.pick(accounts)],
    ...(world.isWide && {
      byBalance: [random.pick(tokens)],
      byAccount: [random.pick(accounts)],
      byPool: [random.pick(poolAddresses)],
    }),
  }
  const prefix = first[order] ?? []
  return { kind, order, prefix, limit: 1 + random.int(6), descending: random.chance(0.4) }
}

async function readPage(
  history: History,
  view: View,
  wanted: NaiveView,
  input: ReaderInput,
  where: string,
): Promise<Answer> {
  const scan = someScan(input)
  const page = await scanDocuments(history, view, catalogue.document(scan.kind), scan)
  const expect = isMoving(scan.order) ? expectAmong : expectSame
  return () =>
    expect(
      `${where}, a page of ${scan.kind} ${scan.order}`,
      page.map((value) => documentLine(scan.kind, value)),
      expectedPage(wanted, isMoving(scan.order) ? { ...scan, limit: ALL } : scan),
    )
}

/**
 * All documents of a kind, page by page, as an export reads them. Where documents stand elsewhere for others, who goes on
 * behind the last one may meet it again for ever.
 */
async function walkDocuments(
  history: History,
  view: View,
  wanted: NaiveView,
  input: ReaderInput,
  where: string,
): Promise<Answer> {
  const scan = someScan(input, false)
  const lines = await walk(history, view, scan)
  return () =>
    expectSame(
      `${where}, a walk of ${scan.kind} ${scan.order}`,
      lines,
      expectedPage(wanted, { ...scan, limit: ALL }),
    )
}

const ALL = Number.MAX_SAFE_INTEGER

export async function walk(history: History, view: View, scan: ScanAsked): Promise<string[]> {
  const lines: string[] = []
  let after: Key | undefined
  for (;;) {
    const page = await scanDocuments(history, view, catalogue.document(scan.kind), {
      ...scan,
      ...(after && { after }),
    })
    lines.push(...page.map((value) => documentLine(scan.kind, value)))
    const last = page.at(-1)
    if (!last) return lines
    after = keyIn(scan.kind, scan.order, last)
  }
}

const familyOf = ({ family }: EventsAsked): EventFamily =>
  catalogue.families.find(({ name }) => name === family) as EventFamily

type EventsOfContract = EventsAsked & { readonly address?: Address }

function someEvents({ random, world }: ReaderInput, head: number): EventsOfContract {
  const contracts = [
    ...poolAddresses,
    ...collections,
    ...(world.isWide ? [...tokens, positionManager, ...poolsOfManager] : []),
  ]
  const address = random.pick(contracts)
  const [from, to] = [random.int(head + 1), random.int(head + 2)]
  return {
    family: random.pick(familiesOf(world)),
    ...(random.chance(0.4) && { address }),
    ...(random.chance(0.3) && { from }),
    ...(random.chance(0.3) && { to }),
    descending: random.chance(0.5),
    limit: 1 + random.int(5),
  }
}

async function readEvents(
  history: History,
  view: View,
  wanted: NaiveView,
  input: ReaderInput,
  where: string,
): Promise<Answer> {
  const asked = someEvents(input, view.head.number)
  const page = await listEvents(history, view, familyOf(asked), asked)
  return () =>
    expectSame(
      `${where}, events ${JSON.stringify(asked)}`,
      page.map(eventLine),
      expectedEvents(wanted, asked),
    )
}

async function walkEvents(
  history: History,
  view: View,
  wanted: NaiveView,
  input: ReaderInput,
  where: string,
): Promise<Answer> {
  const asked = someEvents(input, view.head.number)
  const lines = await walkAllEvents(history, view, asked)
  return () =>
    expectSame(
      `${where}, a walk of events ${JSON.stringify(asked)}`,
      lines,
      expectedEvents(wanted, { ...asked, limit: Number.MAX_SAFE_INTEGER }),
    )
}

export async function walkAllEvents(
  history: History,
  view: View,
  asked: EventsAsked & { readonly address?: Address },
): Promise<string[]> {
  const lines: string[] = []
  let after: EventsAsked['after']
  for (;;) {
    const page = await listEvents(history, view, familyOf(asked), {
      ...asked,
      ...(after && { after }),
    })
    lines.push(...page.map(eventLine))
    const last = page.at(-1)
    if (!last) return lines
    after = { number: last.block.number, logIndex: last.logIndex }
  }
}

/** The hash of a height: the one of this view's own branch. */
async function readBlock(
  history: History,
  view: View,
  { random, world }: ReaderInput,
  where: string,
): Promise<Answer> {
  const { from, to } = random.pick(view.head.coverage)
  const number = from + random.int(to - from + 1)
  const found = await blockAt(history.heads, view, number, 'block').catch((error: unknown) => {
    // Between the settling and the next look at the head it says "ask again".
    if (isAppError(error, 'invalid') && error.message.includes('ask again')) return undefined
    throw error
  })
  return () => {
    if (!found) return
    let block = world.block(view.head.hash)
    while (block && block.number > number) block = block.parent
    expectSame(`${where}, the block ${number}`, [found.hash], [block?.hash])
  }
}
