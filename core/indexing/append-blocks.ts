import type { BlockHeader, BlockRef } from '#core/chain.ts'
import { allDone } from '#core/concurrent.ts'
import { assert, messageOf } from '#core/errors.ts'
import { emptyDigest, type Sha256 } from '#core/history/digest.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { type DerivedRef, raiseFloor, type View } from '#core/history/head.ts'
import { isStaleView } from '#core/history/view.ts'
import type { Waypoint } from '#core/history/window.ts'
import { type Admission, createAdmission } from './admission.ts'
import { addAll, addToBatch, type Batch, eventsOf, newBatch, type Tip } from './batch.ts'
import type { Catalogue } from './catalogue.ts'
import { commitBlocks, type CommitOutcome, moveHeadBack, putObjects, startLog } from './commit.ts'
import { type CommitPorts } from './commit-ports.ts'
import { decodeBlocks } from './decode-blocks.ts'
import { createDerivation } from './derive.ts'
import { createFoundContracts } from './found-contracts.ts'
import { openHead } from './open-head.ts'
import type { EventCounts } from './ports.ts'
import { projectionIds } from './projection-ids.ts'
import type { RawBlock } from './raw/segment.ts'
import type { AnySource } from './source.ts'
import { createTidyBehind } from './tidy-behind.ts'
import type { ChangedDocuments } from './working-set.ts'

export type AppendPorts = CommitPorts & {
  readonly catalogue: Catalogue
  readonly sha256: Sha256
  /** Text that nobody else is given: letters, digits, `-` and `_`. */
  readonly newId: () => string
  readonly committed?: CommitListener
}

/** Told of events that commits bring. It must not fail, nor take long. */
export type CommitListener = {
  /** Whether it is told of an event: those are held until the commit is done. */
  wants(event: ChainEvent): boolean
  /** Told of the events that it wants, of a commit that is done. */
  tell(events: readonly ChainEvent[]): void
}

/** What a commit brings. */
export type Appended = {
  readonly blocks: number
  /** Logs of the sources, malformed ones included. */
  readonly logs: number
  readonly events: EventCounts
  readonly quarantined: number
  /** How many for each contract and reason; see `countReasons`. */
  readonly quarantineReasons: EventCounts
}

export type TakeOutcome =
  | { readonly status: 'taken' }
  /** Another writer moved the head; nothing goes on before the next `open`. */
  | { readonly status: 'conflict' }
  /** The first block follows another parent than the block before it here: the chain was reorganised. */
  | { readonly status: 'detached'; readonly header: BlockHeader }

/**
 * The one place where proven blocks become history: admit and decode their logs, fold the events into documents, and
 * commit. It keeps the head and the documents it works on; two of them on one chain waste work and harm nothing.
 */
export type ChainAppender = {
  /** Takes the head from the store, and drops what was taken. Called first, and after a conflict or a failure. */
  open(): Promise<void>
  /** The head, or undefined while nothing was ever committed. */
  view(): View | undefined
  readonly admission: Admission
  /**
   * Takes blocks that follow those taken before, or begin behind the head: decodes them, and begins to store their
   * objects and to fold their events. Nothing is visible before `commit`. Where they do not follow, what was taken since
   * the last commit is dropped.
   */
  take(blocks: readonly RawBlock[]): Promise<TakeOutcome>
  /** What was taken since the last call of `commit`. */
  pending(): Appended
  /**
   * Moves the head onto what was taken; several blocks at once only where all are final. More may be
   * taken while it is under way, and further commits wait for their turn.
   *
   * @param finalized the newest block known to be final, at most the last of those taken; it counts only where it is
   *   this history's own. It may be still being asked for: the commit waits for it, and fails where it does.
   */
  commit(finalized: BlockRef | Promise<BlockRef>): Promise<CommitOutcome['status']>
  /**
   * Waits until what commits have left to do behind them is done: readers do not need it, who ends does.
   *
   * @throws where it could not be done; the next writer does it then
   */
  tidied(): Promise<void>
  /** Moves the head back to a waypoint of the view's window. */
  moveBack(to: Waypoint): Promise<CommitOutcome['status']>
  /** Whether another process has moved the head to below where this one left it: what is missing is to be brought again. */
  isTakenBack(): Promise<boolean>
  /** Why the last conflict was one, for people. */
  conflict(): string | undefined
}

const tipOf = ({ head }: View): Tip => ({
  number: head.number,
  hash: head.hash,
  events: head.digest.events,
})

export function createChainAppender(
  ports: AppendPorts,
  chainId: number,
  sources: readonly AnySource[],
): ChainAppender {
  const { sha256, catalogue } = ports
  const projections = projectionIds(sha256, chainId, catalogue, sources)
  const admission = createAdmission(catalogue, sources)
  const found = createFoundContracts(ports, sources, admission)
  const derivation = createDerivation(ports, sources)
  const tidying = createTidyBehind(ports)
  let view: View | undefined
  let tip: Tip | undefined
  let batch: Batch | undefined
  /** Another writer was first, or a commit failed: nothing goes on before the head is read anew. */
  let isLost = false
  let lastConflict: string | undefined
  /** Rows of blocks that were found in a store without a log. */
  let strays: readonly DerivedRef[] = []
  /** Batches that were taken and given up. */
  let lost: Pick<Batch, 'commit' | 'stored' | 'blocks'>[] = []
  /**
   * Settles when the events taken so far are folded. They are folded as they come, while the commits before are under way:
   * to hold all events of a commit until its turn would keep the collector busy with them.
   */
  let folding: Promise<unknown> = Promise.resolve()
  /** Settles when the commits asked for so far are done. */
  let lastCommit: Promise<unknown> = Promise.resolve()

  async function open(): Promise<void> {
    await lastCommit
    await tidying.forget()
    await forgetDerived()
    giveUp(batch)
    batch = undefined
    isLost = false
    found.forgetAbove(-1)
    // What is still on its way to the store would not be found there.
    await Promise.allSettled(lost.flatMap(({ stored }) => stored))
    const given = lost.flatMap((each) =>
      each.blocks.map(({ number }): DerivedRef => ({ number, commit: each.commit })),
    )
    await ports.heads.asOneAnswer(() => openFrom(given))
  }

  async function openFrom(given: readonly DerivedRef[]): Promise<void> {
    const opened = await openHead(ports, chainId, projections, given)
    lost = []
    view = opened.view
    strays = opened.strays
    tip = view && tipOf(view)
    if (view) await found.readFrom(view)
  }

  async function take(blocks: readonly RawBlock[]): Promise<TakeOutcome> {
    assert(blocks[0], 'there are blocks to take')
    if (isLost) return { status: 'conflict' }
    const { header: first } = blocks[0]
    tip ??= { number: first.number - 1, hash: first.parentHash, events: emptyDigest.events }
    assert(first.number > tip.number, 'blocks are taken in order')
    if (first.number === tip.number + 1 && first.parentHash !== tip.hash) {
      await dropTaken()
      return { status: 'detached', header: first }
    }
    batch ??= newBatch(ports.newId(), tip)
    assert(batch.blocks.length === 0 || first.number === tip.number + 1, 'a batch has no gaps')
    const decoded = await decodeBlocks(admission, blocks, () => ports.clock.sleep(0))
    found.add(decoded.found)
    const events = eventsOf(decoded.events)
    addToBatch(
      batch,
      decoded,
      events,
      sha256,
      putObjects(ports, chainId, { commit: batch.commit, ...decoded }),
    )
    const { committed } = ports
    if (committed)
      addAll(
        batch.told,
        events.filter((event) => committed.wants(event)),
      )
    if (events.length > 0) void next(() => fold(events))
    const last = decoded.blocks.at(-1) as BlockHeader
    tip = { number: last.number, hash: last.hash, events: batch.digest }
    return { status: 'taken' }
  }

  /** What is done once the events taken before are folded; nothing more is, where that fails. */
  function next<T>(step: () => T | Promise<T>): Promise<T> {
    const done = folding.then(step)
    folding = done
    // The commit awaits it; without one nobody needs to hear of it.
    done.catch(() => undefined)
    return done
  }

  async function fold(events: readonly ChainEvent[]): Promise<void> {
    for (;;) {
      const known = view
      // oxlint-disable-next-line no-await-in-loop -- one try after the other
      await settledBehind()
      try {
        return await ports.heads.asOneAnswer(() => derivation.fold(standing(), events))
      } catch (error) {
        // A commit of this writer may have gone on and swept meanwhile.
        if (!isStaleView(error) || view === known) throw error
      }
    }
  }

  /** Behind final blocks nothing has to be put aside, once they are settled: to wait costs less than to write it all twice. */
  async function settledBehind(): Promise<void> {
    if (view && view.head.finalized.number === view.head.number) await tidying.ended()
  }

  /** Drops what was folded and is not committed. Commits are not under way. */
  async function forgetDerived(): Promise<void> {
    await folding.catch(() => undefined)
    folding = Promise.resolve()
    derivation.forget()
  }

  /** Its rows are removed when the head is opened the next time, or swept. */
  function giveUp(given: Batch | undefined): void {
    if (given) lost.push({ commit: given.commit, blocks: given.blocks, stored: given.stored })
  }

  /** What is not committed, or about to be, was never taken. */
  async function dropTaken(): Promise<void> {
    await lastCommit
    await forgetDerived()
    giveUp(batch)
    batch = undefined
    tip = view && tipOf(view)
    found.forgetAbove(tip?.number ?? -1)
  }

  function lose(reason: string): undefined {
    isLost = true
    lastConflict = reason
  }

  function commit(finalized: BlockRef | Promise<BlockRef>): Promise<CommitOutcome['status']> {
    assert(batch, 'something was taken')
    const mine = batch
    batch = undefined
    const derived = next(() => derivation.finish())
    // Its turn to be awaited may never come.
    Promise.resolve(finalized).catch(() => undefined)
    const done = lastCommit.then(() => commitBatch(mine, derived, finalized))
    // What comes behind one that failed is not to be committed.
    lastCommit = done.catch((error: unknown) => lose(messageOf(error)))
    return done
  }

  async function commitBatch(
    mine: Batch,
    derived: Promise<ChangedDocuments>,
    finalized: BlockRef | Promise<BlockRef>,
  ): Promise<CommitOutcome['status']> {
    await settledBehind()
    tidying.check()
    const base = standing()
    const after = await ports.heads.asOneAnswer(() => tryCommit(base, mine, derived, finalized))
    // One that failed may have been committed all the same: then only the log knows.
    if (!after) {
      giveUp(mine)
      return 'conflict'
    }
    const accepted = await derived
    // Only now, behind the answer: what is read as this head has it is to see what the answer saw.
    view = after
    derivation.accept(accepted, { commit: mine.commit, move: after.head.move })
    ports.committed?.tell(mine.told)
    tidyAfter(base)
    return 'committed'
  }

  /** The head, with what was settled behind it meanwhile. */
  const standing = (): View | undefined => view && raiseFloor(view, tidying.settledTo())

  /** Behind a commit: where the store has transactions, it was done in the same one. */
  function tidyAfter(base: View | undefined): void {
    if (view && base && !ports.writer.hasTransactions) tidying.after(view, base.floor.number)
  }

  /** @returns the head that it has moved to; undefined where it was not moved */
  async function tryCommit(
    known: View | undefined,
    mine: Batch,
    deriving: Promise<ChangedDocuments>,
    finalized: BlockRef | Promise<BlockRef>,
  ): Promise<View | undefined> {
    if (isLost) return undefined
    const stored = allDone(mine.stored)
    // It is waited for where the commit comes to need it.
    stored.catch(() => undefined)
    let base = known
    if (!base) {
      await stored
      // Only now, so that a run that fails before its first commit leaves no beginning behind.
      const outcome = await startLog(ports, chainId, projections, mine.blocks[0] as BlockHeader)
      if (outcome.status === 'conflict') return lose(outcome.reason)
      base = outcome.view
      view = base
      // Whoever stored them cannot begin this log any more.
      if (strays.length > 0)
        await ports.writer.atomically(() => ports.writer.deleteBlocks(chainId, strays))
    }
    // A commit that fails loses the writer, so that no batch is ever tried without the one before it.
    assert(base.head.hash === mine.after, 'a batch follows the head that it was taken on')
    // Beside the reads of what is derived: that no server is asked which is behind this head, the store sees to.
    const isLeft = isElsewhere(base)
    isLeft.catch(() => undefined)
    const holding = ports.writer.held(chainId)
    holding.catch(() => undefined)
    const derived = await deriving.catch(async (error: unknown) => {
      // Where another writer has gone on and swept, this head is no ground to stand on: anything may be missing.
      if (isStaleView(error) || (await isElsewhere(base))) return undefined
      throw error
    })
    if (await isLeft) return lose('another writer has gone on')
    if (!derived) return lose('another writer has gone on, and swept what this one read')
    const { changes, state } = derivation.changes(base, derived)
    const outcome = await commitBlocks(
      ports,
      base,
      {
        commit: mine.commit,
        blocks: mine.blocks,
        proof: mine.proof,
        changes,
        digest: { events: mine.digest, ...state },
        finalized: await finalized,
        held: await holding,
      },
      stored,
    )
    return outcome.status === 'conflict' ? lose(outcome.reason) : outcome.view
  }

  const isElsewhere = async ({ head }: View): Promise<boolean> =>
    (await ports.heads.latest(chainId))?.move !== head.move

  async function moveBack(to: Waypoint): Promise<CommitOutcome['status']> {
    await forgetDerived()
    const base = standing()
    assert(base, 'a head that moves back exists')
    const outcome = await ports.heads.asOneAnswer(() => moveHeadBack(ports, base, to))
    if (outcome.status === 'conflict') {
      lose(outcome.reason)
      return 'conflict'
    }
    view = outcome.view
    tidyAfter(base)
    tip = tipOf(view)
    giveUp(batch)
    batch = undefined
    found.forgetAbove(to.number)
    return 'committed'
  }

  return {
    open,
    view: standing,
    admission,
    take,
    pending: () => ({
      blocks: batch?.blocks.length ?? 0,
      logs: (batch?.events ?? 0) + (batch?.quarantined ?? 0),
      events: batch?.counts ?? {},
      quarantined: batch?.quarantined ?? 0,
      quarantineReasons: batch?.reasons ?? {},
    }),
    commit,
    async tidied() {
      await lastCommit
      await tidying.done()
    },
    moveBack,
    async isTakenBack() {
      const stored = view && (await ports.heads.latest(chainId))
      return view !== undefined && stored !== undefined && stored.number < view.head.number
    },
    conflict: () => lastConflict,
  }
}
