import type { Address, BlockHeader, BlockRef, Hash } from '#core/chain.ts'
import { AppError, assert, messageOf } from '#core/errors.ts'
import { chainBlock, emptyDigest, type Sha256 } from '#core/history/digest.ts'
import { type DocumentSpec, type Key, keyOf } from '#core/history/document.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { CommitId, DerivedRef, HeadEntry, ProjectionIds, View } from '#core/history/head.ts'
import { scanDocuments } from '#core/history/resolve.ts'
import { isStaleView } from '#core/history/view.ts'
import type { Waypoint } from '#core/history/window.ts'
import { type Admission, createAdmission } from './admission.ts'
import type { Catalogue } from './catalogue.ts'
import {
  type Commit,
  commitBlocks,
  type CommitOutcome,
  type CommitPorts,
  moveHeadBack,
  putObjects,
  startLog,
} from './commit.ts'
import { decodeBlocks, type DecodedBlocks } from './decode-blocks.ts'
import type { ProvenBlock } from './fetch-proven.ts'
import { openHead } from './open-head.ts'
import type { EventCounts, QuarantinedLog } from './ports.ts'
import { beginFold, wantedByEvents, wantedThen } from './project.ts'
import { projectionIds, versionOfId } from './projection-ids.ts'
import type { AnySource, FoundContracts } from './source.ts'
import { createWorkingSet } from './working-set.ts'

export type AppendPorts = CommitPorts & {
  readonly catalogue: Catalogue
  readonly sha256: Sha256
  /** Text that nobody else is given: letters, digits, `-` and `_`. */
  readonly newId: () => string
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
   * Takes blocks that follow those taken before, or begin behind the head: decodes them and begins to store their
   * objects. Nothing is visible before `commit`. Where they do not follow, what was taken since the last commit is
   * dropped.
   */
  take(blocks: readonly ProvenBlock[]): Promise<TakeOutcome>
  /** What was taken since the last call of `commit`. */
  pending(): Appended
  /**
   * Folds what was taken and moves the head onto it; several blocks at once only where all are final. More may be
   * taken while it is under way, and further commits wait for their turn.
   *
   * @param finalized the newest block known to be final, at most the last of those taken; it counts only where it is
   *   this history's own. It may be still being asked for: the commit waits for it, and fails where it does.
   */
  commit(finalized: BlockRef | Promise<BlockRef>): Promise<CommitOutcome['status']>
  /** Moves the head back to a waypoint of the view's window. */
  moveBack(to: Waypoint): Promise<CommitOutcome['status']>
  /** Why the last conflict was one, for people. */
  conflict(): string | undefined
}

/** Where the next block is expected, and the digest of events up to there. */
type Tip = BlockRef & { readonly events: Hash }

/** What one commit will bring. */
type Batch = {
  readonly commit: CommitId
  /** The block that it builds on. */
  readonly after: Hash
  readonly blocks: BlockHeader[]
  readonly events: ChainEvent[]
  readonly counts: Record<string, number>
  quarantined: number
  readonly reasons: Record<string, number>
  digest: Hash
  /** Resolve when its objects are stored. */
  readonly stored: Promise<void>[]
}

const newBatch = (commit: CommitId, tip: Tip): Batch => ({
  commit,
  after: tip.hash,
  blocks: [],
  events: [],
  counts: {},
  quarantined: 0,
  reasons: {},
  digest: tip.events,
  stored: [],
})

/** A report names so many; the rest is counted together. */
const REASONS_MAX = 20
const OTHER_REASONS = 'other contracts and reasons'

/** Counts logs by `contract: reason`. */
function countReasons(
  counts: Record<string, number>,
  logs: readonly Pick<QuarantinedLog, 'log' | 'reason'>[],
): void {
  for (const { log, reason } of logs) {
    const name = `${log.address}: ${reason}`
    const isKnown = name in counts || Object.keys(counts).length < REASONS_MAX
    const key = isKnown ? name : OTHER_REASONS
    counts[key] = (counts[key] ?? 0) + 1
  }
}

const tipOf = ({ head }: View): Tip => ({
  number: head.number,
  hash: head.hash,
  events: head.digest.events,
})

/** Events folded without a pause. */
const FOLD_TURN = 1_000
/** How many contracts that were found are read at a time when a writer starts. */
const FOUND_PAGE = 1_000

export function createChainAppender(
  ports: AppendPorts,
  chainId: number,
  sources: readonly AnySource[],
): ChainAppender {
  const { sha256, catalogue } = ports
  const projections = projectionIds(sha256, chainId, catalogue, sources)
  const admission = createAdmission(catalogue, sources)
  const projectionOf = new Map(catalogue.projections.map((each) => [each.name, each]))
  const set = createWorkingSet(ports)
  /** Contracts that were found, with the block that created them, so that a reorg takes them back. */
  let found: { readonly number: number; readonly address: Address }[] = []
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
  /** Settles when the commits asked for so far are done. */
  let lastCommit: Promise<unknown> = Promise.resolve()

  async function open(): Promise<void> {
    await lastCommit
    set.forget()
    giveUp(batch)
    batch = undefined
    isLost = false
    admission.unfollow(found.map(({ address }) => address))
    found = []
    // What is still on its way to the store would not be found there.
    await Promise.allSettled(lost.flatMap(({ stored }) => stored))
    const given = lost.flatMap((each) =>
      each.blocks.map(({ number }): DerivedRef => ({ number, commit: each.commit })),
    )
    await ports.heads.asOneAnswer(() => openFrom(given))
  }

  async function openFrom(given: readonly DerivedRef[]): Promise<void> {
    const opened = await openHead(ports, chainId, given)
    lost = []
    view = opened.view
    strays = opened.strays
    tip = view && tipOf(view)
    if (view) await openAt(view)
  }

  async function openAt(at: View): Promise<void> {
    refuseOtherProjections(at.head, projections)
    const kinds = new Set(sources.map(({ kind }) => kind))
    const lists = new Map<DocumentSpec, FoundContracts>()
    for (const { kind, found: list } of catalogue.sources.values())
      if (list && kinds.has(kind)) lists.set(list.spec, list)
    for (const list of lists.values()) await followFound(at, list)
  }

  async function followFound(at: View, { spec, contractOf }: FoundContracts): Promise<void> {
    let after: Key | undefined
    for (;;) {
      const scan = { order: 'identity', prefix: [], limit: FOUND_PAGE, ...(after && { after }) }
      const page = await scanDocuments(ports, at, spec, scan)
      for (const value of page) {
        const contract = contractOf(value)
        if (!contract) continue
        admission.follow(contract)
        found.push({ number: contract.number, address: contract.address })
      }
      const last = page.at(-1)
      if (!last || page.length < FOUND_PAGE) return
      after = keyOf(spec, last)
    }
  }

  async function take(blocks: readonly ProvenBlock[]): Promise<TakeOutcome> {
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
    const decoded = decodeBlocks(admission, blocks)
    found.push(...decoded.found)
    addTo(batch, decoded)
    const last = decoded.blocks.at(-1) as BlockHeader
    tip = { number: last.number, hash: last.hash, events: batch.digest }
    return { status: 'taken' }
  }

  /** Its rows are removed when the head is opened the next time, or swept. */
  function giveUp(given: Batch | undefined): void {
    if (given) lost.push({ commit: given.commit, blocks: given.blocks, stored: given.stored })
  }

  /** What is not committed, or about to be, was never taken. */
  async function dropTaken(): Promise<void> {
    await lastCommit
    giveUp(batch)
    batch = undefined
    tip = view && tipOf(view)
    forgetAbove(tip?.number ?? -1)
  }

  function forgetAbove(number: number): void {
    const gone = found.filter((contract) => contract.number > number)
    admission.unfollow(gone.map(({ address }) => address))
    found = found.filter((contract) => contract.number <= number)
  }

  function lose(reason: string): 'conflict' {
    isLost = true
    lastConflict = reason
    return 'conflict'
  }

  function addTo(to: Batch, decoded: DecodedBlocks): void {
    const stored = putObjects(ports, chainId, { commit: to.commit, ...decoded })
    // The commit awaits it; without one nobody needs to hear of it.
    stored.catch(() => undefined)
    to.stored.push(stored)
    to.blocks.push(...decoded.blocks)
    for (const { events } of decoded.events) for (const event of events) to.events.push(event)
    to.quarantined += decoded.quarantined.length
    countReasons(to.reasons, decoded.quarantined)
    for (const [type, count] of Object.entries(decoded.counts))
      to.counts[type] = (to.counts[type] ?? 0) + count
    for (const { block, rows } of decoded.events)
      to.digest = chainBlock(sha256, to.digest, block, rows)
  }

  function commit(finalized: BlockRef | Promise<BlockRef>): Promise<CommitOutcome['status']> {
    assert(batch, 'something was taken')
    const mine = batch
    batch = undefined
    // Its turn to be awaited may never come.
    Promise.resolve(finalized).catch(() => undefined)
    const done = lastCommit.then(() => commitBatch(mine, finalized))
    // What comes behind one that failed is not to be committed.
    lastCommit = done.catch((error: unknown) => lose(messageOf(error)))
    return done
  }

  async function commitBatch(
    mine: Batch,
    finalized: BlockRef | Promise<BlockRef>,
  ): Promise<CommitOutcome['status']> {
    const outcome = await ports.heads.asOneAnswer(() => tryCommit(mine, finalized))
    // One that failed may have been committed all the same: then only the log knows.
    if (outcome === 'conflict') giveUp(mine)
    return outcome
  }

  async function tryCommit(
    mine: Batch,
    finalized: BlockRef | Promise<BlockRef>,
  ): Promise<CommitOutcome['status']> {
    if (isLost) return 'conflict'
    await Promise.all(mine.stored)
    if (!view) {
      // Only now, so that a run that fails before its first commit leaves no beginning behind.
      const outcome = await startLog(ports, chainId, projections, mine.blocks[0] as BlockHeader)
      if (outcome.status === 'conflict') return lose(outcome.reason)
      view = outcome.view
      // Whoever stored them cannot begin this log any more.
      if (strays.length > 0)
        await ports.writer.atomically(() => ports.writer.deleteBlocks(chainId, strays))
    }
    const base = view
    // Without the batch before it, this one has nothing to stand on.
    if (base.head.hash !== mine.after) return lose('the blocks before these were not committed')
    // The first read of all: whichever server answers the next ones is not behind this head.
    if (await isElsewhere(base)) return lose('another writer has gone on')
    const derived = await derive(base, mine).catch(async (error: unknown) => {
      // Where another writer has gone on and swept, this head is no ground to stand on: anything may be missing.
      if (isStaleView(error) || (await isElsewhere(base))) return undefined
      throw error
    })
    if (!derived) return lose('another writer has gone on, and swept what this one read')
    const { changes, digest } = derived
    const outcome = await commitBlocks(ports, base, {
      commit: mine.commit,
      blocks: mine.blocks,
      changes,
      digest,
      finalized: await finalized,
    })
    if (outcome.status === 'conflict') return lose(outcome.reason)
    view = outcome.view
    set.accept({ commit: mine.commit, move: view.head.move }, isOpen)
    return 'committed'
  }

  /** Folds the events of a batch into the documents of its base. */
  async function derive(
    base: View,
    { events, digest }: Batch,
  ): Promise<Pick<Commit, 'changes' | 'digest'>> {
    await set.load(base, wantedByEvents(catalogue, events))
    await set.load(base, wantedThen(catalogue, events, set))
    const fold = beginFold(catalogue, { documents: set, sources })
    for (const [index, event] of events.entries()) {
      // Let answers come in meanwhile: a node that cannot deliver does not go on to the next one.
      if (index % FOLD_TURN === FOLD_TURN - 1) await ports.clock.sleep(0)
      fold.apply(event)
    }
    fold.finish()
    const { changes, state } = set.changes(base)
    return { changes, digest: { events: digest, state } }
  }

  const isOpen: Parameters<typeof set.accept>[1] = (document) =>
    projectionOf.get(document.spec.projection)?.isOpen?.(document, set) ?? false

  const isElsewhere = async ({ head }: View): Promise<boolean> =>
    (await ports.heads.latest(chainId))?.move !== head.move

  async function moveBack(to: Waypoint): Promise<CommitOutcome['status']> {
    const base = view
    assert(base, 'a head that moves back exists')
    const outcome = await ports.heads.asOneAnswer(() => moveHeadBack(ports, base, to))
    if (outcome.status === 'conflict') return lose(outcome.reason)
    view = outcome.view
    tip = tipOf(view)
    giveUp(batch)
    batch = undefined
    set.forget()
    forgetAbove(to.number)
    return 'committed'
  }

  return {
    open,
    view: () => view,
    admission,
    take,
    pending: () => ({
      blocks: batch?.blocks.length ?? 0,
      logs: (batch?.events.length ?? 0) + (batch?.quarantined ?? 0),
      events: batch?.counts ?? {},
      quarantined: batch?.quarantined ?? 0,
      quarantineReasons: batch?.reasons ?? {},
    }),
    commit,
    moveBack,
    conflict: () => lastConflict,
  }
}

/**
 * One history cannot mix what was made of other sources, or by other versions of a projection.
 *
 * @throws AppError `conflict` with the remedy
 */
function refuseOtherProjections({ projections: stored }: HeadEntry, own: ProjectionIds): void {
  const names = Object.keys({ ...stored, ...own }).filter((name) => stored[name] !== own[name])
  if (names.length === 0) return
  const versions = (id: string | undefined): string =>
    id === undefined ? 'none' : `version ${versionOfId(id)}`
  const other = names.filter((name) => versions(stored[name]) !== versions(own[name]))
  const details = {
    field: 'sources',
    stored: names.map((name) => stored[name]).join(' '),
    configured: names.map((name) => own[name]).join(' '),
  }
  throw other.length === 0
    ? new AppError(
        'conflict',
        'sources: this store was filled from other sources, and one history cannot mix them; give the new ' +
          'configuration a store of its own',
        { details },
      )
    : new AppError(
        'conflict',
        `store: another version of Halyard filled it (${other
          .map((name) => `${name}: ${versions(stored[name])} stored, ${versions(own[name])} here`)
          .join('; ')}); use that version, or index into a fresh store`,
        { details: { ...details, field: 'store', reason: 'other-version' } },
      )
}
