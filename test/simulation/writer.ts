import type { BlockRef } from '#core/chain.ts'
import { catalogue } from '#core/catalogue.ts'
import { BEFORE_GENESIS } from '#core/indexing/ports.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { isAppError } from '#core/errors.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import { type ChainAppender, createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { createFakeClock } from '../fakes/index-app.ts'
import type { Random } from '../fakes/random.ts'
import type { Actor, Scheduler } from './scheduler.ts'
import type { Connection } from './stores.ts'
import { type Branch, pathTo, refOf, type World, type WorldBlock } from './world.ts'

export const CHAIN_ID = 31_337

export type WriterInput = {
  readonly world: World
  readonly scheduler: Scheduler
  readonly random: Random
  readonly newId: () => string
  readonly count: (what: string) => void
  /** How likely a node is behind, or on a branch that the chain has left. */
  readonly lag: number
  /** Blocks that this writer leaves out. */
  readonly gap: { readonly from: number; readonly to: number } | undefined
  /** Whether batches are taken in parts, and up to `AHEAD_MAX` of them while those before are being committed. */
  readonly ahead: boolean
  /** True while everybody works on; afterwards one writer brings the history up to the chain's end and stops. */
  readonly isRunning: () => boolean
}

/** What a node tells: a branch, and what it takes to be final. */
type Node = { readonly branch: Branch; readonly finalized: BlockRef }

/** Blocks that a writer finds nothing new in, before it believes that there is nothing. */
const IDLE_MAX = 3
const BATCH_MAX = 5
const AHEAD_MAX = 4
/** The first pause after a conflict, which doubles. */
const PAUSE_TURNS = 10

/**
 * Follows the chain for as long as the run lasts, by the rules of an indexer: goes back to a block that its node has
 * too, commits blocks that can be reorganised one by one, and several at once only where the last one is final.
 */
export async function runWriter(
  actor: Actor,
  connection: Connection,
  input: WriterInput,
): Promise<void> {
  const { scheduler, random, newId, count } = input
  const ports = {
    ...commitPorts(connection, createFakeClock(), CHAIN_ID),
    catalogue,
    sha256,
    newId,
  }
  const appender = createChainAppender(ports, CHAIN_ID, input.world.sources)
  let isOpen = false
  let node = listen(input)
  let idle = 0
  let conflicts = 0
  while (input.isRunning() || idle < IDLE_MAX) {
    await scheduler.stop(actor, 'looks')
    if (!input.isRunning() || random.chance(1 - input.lag)) node = listen(input)
    try {
      if (!isOpen) await appender.open()
      isOpen = true
      const status = await goOn(appender, node, input)
      count(`writer ${status}`)
      if (status === 'conflict') isOpen = false
      conflicts = status === 'conflict' ? conflicts + 1 : 0
      // Each writer that opens fences off the others: without a pause of their own they could do so for ever.
      if (conflicts > 0)
        actor.asleepUntil = scheduler.turns() + random.int(PAUSE_TURNS * 2 ** conflicts)
      idle = status === 'idle' ? idle + 1 : 0
      if (status === 'idle' && idle >= IDLE_MAX) await appender.tidied()
    } catch (error) {
      // The store is away: an indexer begins again from its head. Anything else is a fault.
      if (!isAppError(error, 'unavailable')) throw error
      count('writer lost the store')
      isOpen = false
    }
  }
  actor.isDone = true
}

/** Asks a node: mostly one that is up to date, else one that is behind or on a branch that was left. */
function listen({ world, random, lag, isRunning }: WriterInput): Node {
  const whole = { branch: world.branch(), finalized: finalOf(world, world.finalized()) }
  if (!isRunning() || random.chance(1 - lag)) return whole
  const finalized = someFinal(world, random)
  if (random.chance(0.5)) return { branch: pathTo(world.someTip()), finalized }
  return { branch: whole.branch.slice(0, 1 + random.int(whole.branch.length)), finalized }
}

const finalOf = (world: World, number: number): BlockRef => {
  const block = world.branch()[number]
  return block ? refOf(block) : BEFORE_GENESIS
}

/** What nodes say of finality: what is so, what was so, and what makes no sense on any branch. */
function someFinal(world: World, random: Random): BlockRef {
  const number = world.finalized()
  const what = random.int(4)
  if (what === 0) return finalOf(world, random.int(number + 2) - 1)
  if (what === 1) return BEFORE_GENESIS
  if (what === 2) return { number: Math.max(number, 0), hash: sha256(`nobody's ${number}`) }
  return finalOf(world, number)
}

type Status = 'idle' | 'committed' | 'conflict' | 'detached' | 'went back' | 'stuck'

async function goOn(appender: ChainAppender, node: Node, input: WriterInput): Promise<Status> {
  const view = appender.view()
  if (view && view.head.number >= 0) {
    const theirs = node.branch[view.head.number]
    if (!theirs) return 'idle'
    if (theirs.hash !== view.head.hash) return goBack(appender, view, node)
  }
  const first = batchFrom(node, view ? view.head.number + 1 : 0, input)
  if (!first) return 'idle'
  if (input.ahead) return takeAhead(appender, node, first, input)
  const taken = await appender.take(first.map(({ proven }) => proven))
  if (taken.status !== 'taken') return taken.status
  const committing = appender.commit(finalFor(node, first, input.world))
  // A second batch on its heels, as a backfill has it.
  const second = input.random.chance(0.3)
    ? batchFrom(node, (first.at(-1) as WorldBlock).number + 1, input)
    : undefined
  if (!second) return committing
  committing.catch(() => undefined)
  const also = await appender.take(second.map(({ proven }) => proven))
  if (also.status !== 'taken') return committing
  const outcomes = await Promise.all([
    committing,
    appender.commit(finalFor(node, second, input.world)),
  ])
  return outcomes.includes('conflict') ? 'conflict' : 'committed'
}

async function takeAhead(
  appender: ChainAppender,
  node: Node,
  first: readonly WorldBlock[],
  input: WriterInput,
): Promise<Status> {
  const { random, world } = input
  const commits: ReturnType<ChainAppender['commit']>[] = []
  let batch: readonly WorldBlock[] | undefined = first
  while (batch && commits.length < AHEAD_MAX) {
    for (let from = 0; from < batch.length;) {
      const to = from + 1 + random.int(batch.length - from)
      const part = batch.slice(from, to)
      // oxlint-disable-next-line no-await-in-loop -- one part after the other
      const { status } = await appender.take(part.map(({ proven }) => proven))
      if (status !== 'taken') return commits.length > 0 ? outcomeOf(commits) : status
      from = to
    }
    const commit = appender.commit(finalFor(node, batch, world))
    commit.catch(() => undefined)
    commits.push(commit)
    const next: number = (batch.at(-1) as WorldBlock).number + 1
    batch = random.chance(0.6) ? batchFrom(node, next, input) : undefined
  }
  return outcomeOf(commits)
}

/** Once all of them have ended, however they did. */
async function outcomeOf(commits: ReturnType<ChainAppender['commit']>[]): Promise<Status> {
  await Promise.allSettled(commits)
  return (await Promise.all(commits)).includes('conflict') ? 'conflict' : 'committed'
}

/** Back to the newest block that the node has too; what is final is never taken back. */
async function goBack(appender: ChainAppender, view: View, node: Node): Promise<Status> {
  const to = waypointsOf(view).findLast(
    ({ number, hash }) => number < 0 || node.branch[number]?.hash === hash,
  )
  // A node that is behind, or on a branch that has left the final block: nothing is to be learned from it.
  if (!to || to.number < view.head.finalized.number) return 'stuck'
  const status = await appender.moveBack(to)
  return status === 'committed' ? 'went back' : status
}

/** Blocks to commit together: several only where the last of them is final. */
function batchFrom(
  node: Node,
  place: number,
  { world, random, gap }: WriterInput,
): readonly WorldBlock[] | undefined {
  const isLeftOut = gap && place >= gap.from && place <= gap.to
  const from = isLeftOut ? gap.to + 1 : place
  const to = gap && from < gap.from ? gap.from : node.branch.length
  const blocks = node.branch.slice(from, Math.min(to, from + 1 + random.int(BATCH_MAX)))
  const last = blocks.at(-1)
  if (!last) return undefined
  return isFinal(world, last) ? blocks : blocks.slice(0, 1)
}

const isFinal = (world: World, { number, hash }: WorldBlock): boolean =>
  number <= world.finalized() && world.branch()[number]?.hash === hash

/** What a commit of these blocks is told to be final: the last one at most. */
function finalFor(node: Node, blocks: readonly WorldBlock[], world: World): BlockRef {
  const last = blocks.at(-1) as WorldBlock
  if (blocks.length > 1) return refOf(last)
  if (node.finalized.number <= last.number) return node.finalized
  return isFinal(world, last) ? refOf(last) : BEFORE_GENESIS
}
