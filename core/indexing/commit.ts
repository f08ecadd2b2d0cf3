import type { BlockHeader, BlockRef, Hash } from '#core/chain.ts'
import { mergeRanges } from '#core/chain.ts'
import { allDone } from '#core/concurrent.ts'
import { assert } from '#core/errors.ts'
import { emptyDigest } from '#core/history/digest.ts'
import {
  advanceView,
  type CommitId,
  coverageTo,
  hashAt,
  type HeadEntry,
  ORIGIN_COMMIT,
  type ProjectionIds,
  type View,
  viewFrom,
} from '#core/history/head.ts'
import { overlayProof, proofTo } from '#core/history/proof.ts'
import { isStaleView, loadView } from '#core/history/view.ts'
import type { Waypoint } from '#core/history/window.ts'
import { type CommitPorts, nextEntry, standingEntry } from './commit-ports.ts'
import type { BlockEvents, QuarantinedLog } from './ports.ts'
import { putBack } from './put-back.ts'
import { tidyUp } from './sweep.ts'
import {
  type Change,
  type Commit,
  Displaced,
  isHidden,
  lookAgain,
  writeDocuments,
} from './write-documents.ts'

/** What proven blocks hold, as one attempt derived it: invisible until the commit of that name. */
export type Objects = {
  readonly commit: CommitId
  readonly blocks: readonly BlockHeader[]
  readonly events: readonly BlockEvents[]
  readonly quarantined: readonly QuarantinedLog[]
}

export type CommitOutcome =
  | { readonly status: 'committed'; readonly view: View }
  /** Another writer was first. Nothing of this commit is visible; open the head again. `reason` is for people. */
  | { readonly status: 'conflict'; readonly reason: string }

/** Thrown within a transaction to undo it. */
class LostRace extends Error {}

/** How often late writers may get between a commit and its documents. */
const ATTEMPTS_MAX = 8

/**
 * The log's first entry: the point before the first block. From it on there is always a head to build on and, for a
 * follower that starts above the finalized block, one to go back to.
 */
export async function startLog(
  ports: CommitPorts,
  chainId: number,
  projections: ProjectionIds,
  first: { readonly number: number; readonly parentHash: Hash },
): Promise<CommitOutcome> {
  const origin: BlockRef = { number: first.number - 1, hash: first.parentHash }
  const entry: HeadEntry = {
    chainId,
    move: 1,
    reason: 'origin',
    ...origin,
    timestamp: 0,
    blocks: 0,
    commit: ORIGIN_COMMIT,
    finalized: origin,
    floorMove: 1,
    digest: emptyDigest,
    coverage: [],
    proof: [],
    projections,
    committedAtMs: ports.clock.nowMs(),
  }
  const isFirst = await ports.writer.atomically(() => ports.writer.appendHead(entry), 'durable')
  return isFirst
    ? { status: 'committed', view: viewFrom(entry) }
    : { status: 'conflict', reason: 'another writer began the history' }
}

/** Stores objects in the name of a commit to come. What is there already stays as it is. */
export function putObjects(
  { writer }: Pick<CommitPorts, 'writer'>,
  chainId: number,
  { commit, blocks, events, quarantined }: Objects,
): Promise<void> {
  // Until their turn comes no more is held than the store keeps.
  let waiting = writer.keepsRows ? events.map((each) => ({ ...each, events: [] })) : events
  return writer.atomically(async () => {
    // First of all: by the row of a block the sweep finds what else was stored in its name.
    await writer.putBlocks(chainId, commit, blocks)
    // Not held until they are stored: a store that has taken their rows needs them no more.
    const given = waiting
    waiting = []
    await allDone([
      writer.putEvents(chainId, commit, given),
      ...(quarantined.length > 0 ? [writer.putQuarantined(chainId, commit, quarantined)] : []),
    ])
  })
}

/**
 * Moves the head onto blocks. Everything is acknowledged before the head's entry is inserted: until then nothing of it
 * is visible, afterwards all of it is. A crash between any two writes leaves only what the journal names, and the next
 * writer that opens the head puts it back.
 *
 * Where the store has transactions, what is final is settled and swept in the same one; else that is left to the caller
 * (`tidyUp`), since readers need not wait for it.
 *
 * @param stored resolves when the objects of these blocks are acknowledged
 */
export async function commitBlocks(
  ports: CommitPorts,
  base: View,
  commit: Commit,
  stored: Promise<unknown>,
): Promise<CommitOutcome> {
  // A transaction holds the turn that the objects may still be waiting for.
  if (ports.writer.hasTransactions) await stored
  const last = commit.blocks.at(-1)
  assert(last, 'a commit has blocks')
  const finalized = finalOnLine(base, commit)
  assert(
    commit.blocks.length === 1 || finalized.number === last.number,
    'blocks that can be reorganised are committed one by one',
  )
  const entry: HeadEntry = {
    ...nextEntry(ports, base),
    reason: 'advance',
    number: last.number,
    hash: last.hash,
    timestamp: last.timestamp,
    blocks: commit.blocks.length,
    commit: commit.commit,
    finalized,
    digest: commit.digest,
    coverage: mergeRanges([
      ...base.head.coverage,
      { from: (commit.blocks[0] as BlockHeader).number, to: last.number },
    ]),
    proof: overlayProof(base.head.proof, commit.proof),
  }
  let changes: readonly Change[] | undefined = commit.changes
  for (let attempts = 0; changes && attempts < ATTEMPTS_MAX; attempts++) {
    if (await fenceOff(ports, base, changes))
      return { status: 'conflict', reason: 'another writer has begun on the same blocks' }
    const mine = { ...commit, changes }
    try {
      return await attempt(ports, async () => {
        await writeDocuments(ports, base, mine, last.number)
        await stored
        return moveHead(ports, base, entry)
      })
    } catch (error) {
      if (!(error instanceof LostRace || error instanceof Displaced)) throw error
      await abandon(ports, base.chainId, mine)
      if (error instanceof LostRace) return { status: 'conflict', reason: error.message }
    }
    changes = await lookAgain(ports, base, changes)
  }
  return { status: 'conflict', reason: 'another writer changed the same documents' }
}

/** Moves the head back to a block that the window still holds. One insert: readers are before it or after it. */
export async function moveHeadBack(
  ports: CommitPorts,
  base: View,
  to: Waypoint,
): Promise<CommitOutcome> {
  assert(to.number >= base.head.finalized.number, 'what is final is never taken back')
  const entry: HeadEntry = {
    ...standingEntry(nextEntry(ports, base), base, 'reorg'),
    number: to.number,
    hash: to.hash,
    timestamp: to.timestamp,
    commit: to.commit,
    digest: to.digest,
    coverage: coverageTo(base.head, to.number),
    proof: proofTo(base.head.proof, to.number),
  }
  try {
    return await attempt(ports, () => moveHead(ports, base, entry))
  } catch (error) {
    if (error instanceof LostRace) return { status: 'conflict', reason: error.message }
    throw error
  }
}

/** @throws LostRace where another writer has taken that move */
async function moveHead(ports: CommitPorts, base: View, entry: HeadEntry): Promise<View> {
  if (!(await ports.writer.appendHead(entry)))
    throw new LostRace('another writer moved the head first')
  const view = advanceView(base, entry)
  return ports.writer.hasTransactions ? tidyUp(ports, view, base.floor.number) : view
}

/** The newest final block of this history after the commit; a block of another branch changes nothing. */
function finalOnLine(base: View, { blocks, finalized }: Commit): BlockRef {
  const known = base.head.finalized
  if (finalized.number <= known.number) return known
  const { number } = finalized
  const hash = blocks.find((block) => block.number === number)?.hash ?? hashAt(base, number)
  return hash === finalized.hash ? { number, hash } : known
}

async function attempt(ports: CommitPorts, steps: () => Promise<View>): Promise<CommitOutcome> {
  try {
    return { status: 'committed', view: await ports.writer.atomically(steps, 'durable') }
  } catch (error) {
    // Only the commits of another writer sweep what a head stands on.
    throw isStaleView(error) ? new LostRace(SWEPT) : error
  }
}

const SWEPT = 'another writer has gone on, and swept what this one read'

/**
 * A current version that the base does not show is of a dead branch, or of a writer that died, is late, or is about to
 * commit. It may be replaced only when it can never be committed any more: so where the log has not yet decided on its
 * move, that move is taken first. Whether or not that works out, somebody else is at work.
 *
 * @returns true where there was such a version
 */
async function fenceOff(
  ports: CommitPorts,
  base: View,
  changes: readonly Change[],
): Promise<boolean> {
  const isOpen = changes.some(
    (change) => isHidden(change) && (change.stored?.move ?? 0) > base.head.move,
  )
  if (!isOpen) return false
  const entry = standingEntry(nextEntry(ports, base), base, 'fence')
  await ports.writer.atomically(() => ports.writer.appendHead(entry), 'durable')
  return true
}

/**
 * Puts back what a commit that was lost has changed, so that the next one does not have to work around it, and strikes
 * it off the journal. Where that does not come about, the journal still names the documents to the next writer.
 */
async function abandon(
  ports: CommitPorts,
  chainId: number,
  { commit, blocks, changes }: Commit,
): Promise<void> {
  const { number } = blocks.at(-1) as BlockHeader
  const ids = changes.map(({ id }) => id)
  for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts++) {
    const latest = await ports.heads.latest(chainId)
    if (!latest) return
    const view = await loadView(ports.heads, latest)
    const isCanonical = await ports.views.canonical(view, [{ number, commit }])
    if (isCanonical({ number, commit })) return
    try {
      await ports.writer.atomically(async () => {
        const isDone = await putBack(ports, view, ids, (stored) => stored.commit === commit)
        if (isDone) await ports.writer.deleteJournal(chainId, [commit])
      })
      return
    } catch (error) {
      // The head has gone on and swept meanwhile: from the newer one everything can be found.
      if (!isStaleView(error)) throw error
    }
  }
}
