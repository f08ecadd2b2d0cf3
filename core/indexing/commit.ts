import type { BlockHeader, BlockRange, BlockRef, Hash } from '#core/chain.ts'
import { mergeRanges } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import { assert } from '#core/errors.ts'
import type { DocumentId, DocumentKind, Draft, Version } from '#core/history/document.ts'
import { emptyDigest } from '#core/history/digest.ts'
import {
  advanceView,
  type Digest,
  finalBlocks,
  type HeadEntry,
  raiseFloor,
  type View,
  viewFrom,
  type Waypoint,
} from '#core/history/head.ts'
import type { HistoryPorts, Undo } from '#core/history/ports.ts'
import { type ResolvePorts, resolveDocuments } from '#core/history/resolve.ts'
import { createViews, isStaleView, loadView } from '#core/history/view.ts'
import type { BlockEvents, ChainWriter, QuarantinedLog, Replacement } from './ports.ts'

export type CommitPorts = HistoryPorts &
  ResolvePorts & { readonly writer: ChainWriter; readonly clock: Clock }

/** A document's next version, and what it was derived from. */
export type Change<K extends DocumentKind = DocumentKind> = {
  readonly id: DocumentId<K>
  readonly version: Draft<K>
  /** What the base view sees; null where the document does not exist there. */
  readonly before: Version<K> | null
  /** What is stored, visible or not; null where nothing is. */
  readonly stored: Version<K> | null
}

/** What proven blocks hold: immutable, named by content, invisible until a commit reaches them. */
export type Objects = {
  readonly blocks: readonly BlockHeader[]
  readonly events: readonly BlockEvents[]
  readonly quarantined: readonly QuarantinedLog[]
}

/** A move of the head onto consecutive blocks whose objects are stored. */
export type Commit = {
  readonly blocks: readonly BlockHeader[]
  readonly changes: readonly Change[]
  readonly digest: Digest
  /** The newest final block, as the chain's nodes say. Several blocks in one commit must all be final. */
  readonly finalized: number
}

export type CommitOutcome =
  | { readonly status: 'committed'; readonly view: View }
  /** Another writer was first. Nothing of this commit is visible; read the head again. */
  | { readonly status: 'conflict' }

/** Thrown within a transaction to undo it. */
class LostRace extends Error {}

/** Only the commits of another writer sweep what a head stands on. */
function loseIfStale(error: unknown): never {
  throw isStaleView(error) ? new LostRace() : error
}

/** How often a replacement may find yet another dead version in its place. */
const REPLACE_ATTEMPTS_MAX = 8
/** How many blocks one sweep looks through at a time. */
const SWEEP_BLOCKS_MAX = 500

/**
 * The log's first entry: the point before the first block. From it on there is always a head to build on and, for a
 * follower that starts above the finalized block, one to go back to.
 */
export async function startLog(
  ports: CommitPorts,
  chainId: number,
  tree: string,
  first: { readonly number: number; readonly parentHash: Hash },
): Promise<CommitOutcome> {
  const entry: HeadEntry = {
    chainId,
    move: 1,
    reason: 'origin',
    number: first.number - 1,
    hash: first.parentHash,
    timestamp: 0,
    blocks: 0,
    finalized: first.number - 1,
    floorMove: 1,
    digest: emptyDigest,
    coverage: [],
    tree,
    committedAtMs: ports.clock.nowMs(),
  }
  const isFirst = await ports.writer.atomically(() => ports.writer.appendHead(entry))
  return isFirst ? { status: 'committed', view: viewFrom(entry) } : { status: 'conflict' }
}

/** Stores objects. Any writer may, at any time and in any order: what is there already stays as it is. */
export const putObjects = (
  { writer }: CommitPorts,
  chainId: number,
  { blocks, events, quarantined }: Objects,
): Promise<void> =>
  writer.atomically(async () => {
    await writer.putBlocks(chainId, blocks)
    await writer.putEvents(chainId, events)
    if (quarantined.length > 0) await writer.putQuarantined(chainId, quarantined)
  })

/**
 * Moves the head onto blocks whose objects are stored. Everything is acknowledged before the head's entry is
 * inserted: until then nothing of it is visible, afterwards all of it is, and a crash between any two writes leaves
 * only what the next attempt writes again.
 */
export async function commitBlocks(
  ports: CommitPorts,
  base: View,
  commit: Commit,
): Promise<CommitOutcome> {
  const last = commit.blocks.at(-1)
  assert(last, 'a commit has blocks')
  assert(
    commit.blocks.length === 1 || last.number <= commit.finalized,
    'blocks that can be reorganised are committed one by one',
  )
  const entry: HeadEntry = {
    ...nextEntry(ports, base),
    reason: 'advance',
    number: last.number,
    hash: last.hash,
    timestamp: last.timestamp,
    blocks: commit.blocks.length,
    finalized: Math.max(commit.finalized, base.head.finalized),
    digest: commit.digest,
    coverage: mergeRanges([
      ...base.head.coverage,
      { from: (commit.blocks[0] as BlockHeader).number, to: last.number },
    ]),
  }
  return attempt(ports, async () => {
    const isReversible = last.number > entry.finalized
    const fenced = await replaceAll(ports, base, commit.changes, isReversible).catch(loseIfStale)
    const moved = { ...entry, move: fenced.head.move + 1 }
    if (!(await ports.writer.appendHead(moved))) throw new LostRace()
    return tidyUp(ports, base, advanceView(fenced, moved, commit.blocks))
  })
}

/** Moves the head back to a block that the window still holds. One insert: readers are before it or after it. */
export async function moveHeadBack(
  ports: CommitPorts,
  base: View,
  to: Waypoint,
): Promise<CommitOutcome> {
  const entry: HeadEntry = {
    ...nextEntry(ports, base),
    reason: 'reorg',
    number: to.number,
    hash: to.hash,
    timestamp: to.timestamp,
    blocks: 0,
    finalized: base.head.finalized,
    digest: to.digest,
    coverage: base.head.coverage
      .filter((range) => range.from <= to.number)
      .map((range) => ({ from: range.from, to: Math.min(range.to, to.number) })),
  }
  return attempt(ports, async () => {
    if (!(await ports.writer.appendHead(entry))) throw new LostRace()
    return tidyUp(ports, base, advanceView(base, entry, []))
  })
}

/**
 * The head as a writer takes it when it starts: what a writer before it committed but did not tidy up is tidied up.
 * Undefined for a chain without a log.
 */
export async function recoverHead(ports: CommitPorts, chainId: number): Promise<View | undefined> {
  const latest = await ports.heads.latest(chainId)
  if (!latest) return undefined
  const view = await loadView(ports.heads, latest)
  return ports.writer.atomically(() => settle(ports, view))
}

type NextEntry = Pick<HeadEntry, 'chainId' | 'move' | 'floorMove' | 'tree' | 'committedAtMs'>

const nextEntry = (ports: CommitPorts, base: View): NextEntry => ({
  chainId: base.chainId,
  move: base.head.move + 1,
  floorMove: base.floor.move,
  tree: base.head.tree,
  committedAtMs: ports.clock.nowMs(),
})

async function attempt(ports: CommitPorts, steps: () => Promise<View>): Promise<CommitOutcome> {
  try {
    return { status: 'committed', view: await ports.writer.atomically(steps) }
  } catch (error) {
    if (error instanceof LostRace) return { status: 'conflict' }
    throw error
  }
}

/**
 * What a change is about to hide: the version that the head shows, and the stored one where that is another. That a
 * document did not exist is recorded only where the block can still be reorganised, for the sweep; readers see it
 * without.
 */
function undoOf({ id, version, before, stored }: Change, isReversible: boolean): Undo[] {
  const by = version.at
  const records: Undo[] = []
  if (before || isReversible) records.push({ id, version: before, by })
  const isKept = sameBlock(stored?.at, before?.at) || sameBlock(stored?.at, by)
  if (stored && !isKept) records.push({ id, version: stored, by })
  return records
}

const sameBlock = (a: BlockRef | null | undefined, b: BlockRef | null | undefined): boolean =>
  a?.number === b?.number && a?.hash === b?.hash

/**
 * Replaces every document by its version for the next move, what it hides put aside first.
 *
 * Where another version is stored than the base view sees, a writer has been there that died, is late, or is about to
 * commit. Replacing what it is about to commit would leave the head showing an older version than it should, so its
 * move is taken first: a fence, whose insertion succeeds only if that writer's has not, and makes it fail after.
 *
 * @returns the base, moved on by the fences that were needed
 */
async function replaceAll(
  ports: CommitPorts,
  base: View,
  changes: readonly Change[],
  isReversible: boolean,
): Promise<View> {
  const { tree } = base.head
  let view = base
  let pending: readonly Change[] = changes
  const done: Change[] = []
  for (let tries = 0; pending.length > 0; tries++) {
    if (tries === REPLACE_ATTEMPTS_MAX) throw new LostRace()
    const fenced = await fenceOff(ports, view, pending)
    if (fenced !== view) {
      // What was written for the move that is now taken is written again for the next one.
      view = fenced
      pending = pending.concat(done.splice(0))
    }
    const move = view.head.move + 1
    await ports.writer.putUndo(
      tree,
      pending.flatMap((change) => undoOf(change, isReversible)),
    )
    const replacements = pending.map(({ id, version, stored }): Replacement => ({
      id,
      version: { ...version, move },
      expected: stored,
    }))
    const missed = new Set(await ports.writer.replace(tree, replacements))
    const again: Change[] = []
    for (const [index, change] of pending.entries()) {
      if (missed.has(index)) again.push(await lookAgain(ports, base, change))
      else done.push({ ...change, stored: { ...change.version, move } })
    }
    pending = again
  }
  return view
}

/** A change whose document held another version than expected, with what it holds now. */
async function lookAgain(ports: CommitPorts, base: View, change: Change): Promise<Change> {
  const [now] = await resolveDocuments(ports, base, change.id.kind, [change.id.key])
  assert(now, 'a document resolves')
  if (!sameBlock(now.visible?.at, change.before?.at)) throw new LostRace()
  return { ...change, stored: now.stored ?? null }
}

/** Takes every move for which a version is stored that the head does not show. */
async function fenceOff(ports: CommitPorts, base: View, changes: readonly Change[]): Promise<View> {
  let view = base
  for (const { stored, before } of changes) {
    if (!stored || sameBlock(stored.at, before?.at)) continue
    for (let fences = 0; stored.move > view.head.move; fences++) {
      if (fences === REPLACE_ATTEMPTS_MAX) throw new LostRace()
      const { number, hash, timestamp, finalized, digest, coverage } = view.head
      const entry: HeadEntry = {
        ...nextEntry(ports, view),
        reason: 'fence',
        number,
        hash,
        timestamp,
        blocks: 0,
        finalized,
        digest,
        coverage,
      }
      if (!(await ports.writer.appendHead(entry))) throw new LostRace()
      view = advanceView(view, entry, [])
    }
  }
  return view
}

/** After the head has moved: settle what became final, sweep what nobody can see any more. */
async function tidyUp(ports: CommitPorts, base: View, view: View): Promise<View> {
  const settled = await settle(ports, view)
  // One commit behind, so that a reader who took the head before this commit finds its undo.
  try {
    await sweep(ports, settled, base.floor.number)
  } catch (error) {
    // Another writer has gone on from here, and sweeps in its turn.
    if (!isStaleView(error)) throw error
  }
  return settled
}

async function settle(ports: CommitPorts, view: View): Promise<View> {
  const blocks = finalBlocks(view)
  const last = blocks.at(-1)
  if (!last) return view
  await ports.writer.putCanonical(view.chainId, blocks)
  await ports.writer.mark(view.chainId, { settledTo: last.number })
  return raiseFloor(view, last.number)
}

/**
 * Drops the undo of versions replaced at or below `horizon`, puts back documents whose stored version is of a dead
 * branch, and removes the blocks and events of dead branches.
 */
async function sweep(ports: CommitPorts, view: View, horizon: number): Promise<void> {
  const { cleanTo } = await ports.heads.upkeep(view.chainId)
  for (const covered of view.head.coverage) {
    const to = Math.min(covered.to, horizon)
    for (let from = Math.max(covered.from, cleanTo + 1); from <= to; from += SWEEP_BLOCKS_MAX) {
      await sweepRange(ports, view, { from, to: Math.min(from + SWEEP_BLOCKS_MAX - 1, to) })
    }
  }
}

async function sweepRange(ports: CommitPorts, view: View, range: BlockRange): Promise<void> {
  const { writer, heads } = ports
  const { tree } = view.head
  // Marked before anything goes, so that a reader who misses it knows why.
  await writer.mark(view.chainId, { sweptTo: range.to })
  const records = await writer.undoReplacedIn(tree, range)
  const stored = await heads.blocks(view.chainId, range.from, range.to)
  const numbers = [...records.map((record) => record.by.number), ...stored.map((b) => b.number)]
  const isCanonical = await ports.views.canonical(view, numbers)

  const obsolete: Undo[] = []
  for (const record of records) {
    if (isCanonical(record.by) || (await putBack(ports, view, record))) obsolete.push(record)
  }
  if (obsolete.length > 0) await writer.deleteUndo(tree, obsolete)
  const orphans = stored.filter((block) => !isCanonical(block))
  if (orphans.length > 0) await writer.deleteBlocks(view.chainId, orphans)
  await writer.mark(view.chainId, { cleanTo: range.to })
}

/**
 * Gives a document that a dead block had changed its visible version again. True where the record can go: the document
 * shows what the view sees, and that is not the very version which the record keeps (a late writer may yet replace it).
 */
async function putBack(ports: CommitPorts, view: View, record: Undo): Promise<boolean> {
  const { id } = record
  const { tree } = view.head
  const [now] = await resolveDocuments(ports, view, id.kind, [id.key])
  assert(now, 'a document resolves')
  const { stored, visible } = now
  // A version above the floor may be one that is just being committed.
  const isDead = stored && stored !== visible && stored.at.number <= view.floor.number
  if (isDead) {
    const version = visible ?? null
    await ports.writer.replace(tree, [{ id, version, expected: stored }])
  }
  const [left] = await ports.tree.read(tree, id.kind, [id.key])
  const isShown = sameBlock(left?.at, visible?.at)
  return isShown && (!left || !sameBlock(left.at, record.version?.at))
}

/** Commit ports over one store; `views` is the writer's own. */
export const commitPorts = (
  store: HistoryPorts & { readonly writer: ChainWriter },
  clock: Clock,
  chainId: number,
): CommitPorts => ({ ...store, clock, views: createViews(store.heads, chainId) })
