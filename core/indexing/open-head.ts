import { AppError } from '#core/errors.ts'
import {
  advanceView,
  type DerivedRef,
  type HeadEntry,
  type ProjectionIds,
  type View,
} from '#core/history/head.ts'
import { replayLog } from '#core/history/view.ts'
import { type CommitPorts, nextEntry, standingEntry } from './commit-ports.ts'
import type { JournalRecord } from './ports.ts'
import { refuseOtherProjections } from './projection-ids.ts'
import { putBack } from './put-back.ts'
import { settle } from './sweep.ts'

/** The head as a writer takes it when it starts. */
export type OpenedHead = {
  /** Undefined for a chain without a log. */
  readonly view: View | undefined
  /** Rows of blocks in a store without a log, to be removed as soon as it has one; else none. */
  readonly strays: readonly DerivedRef[]
}

/** What was begun and is not in the log. */
type Leftovers = {
  readonly records: readonly JournalRecord[]
  readonly blocks: readonly DerivedRef[]
  /** Some of it may still be committed. */
  readonly isOpen: boolean
}

/** How often other writers may be quicker while the head is opened. */
const TRIES_MAX = 8
const BLOCK_MAX = Number.MAX_SAFE_INTEGER

/**
 * Takes the head for writing: what a writer before it committed but did not tidy up is tidied up, and whatever was
 * begun and not committed is fenced off and put back, what it had made new included.
 *
 * The fence takes the next move, so that a writer which is late or still at it can commit nothing of what is put back
 * here: its insert into the head log fails. Where the log has decided on all of it already, none is needed.
 *
 * A history of other projections is refused before anything is written: its own writer may be at work.
 *
 * @param projections what this writer makes of its sources
 * @param lost blocks of commits that this writer has begun and given up: nobody else can commit them
 * @throws AppError `conflict` for a history of other projections
 */
export async function openHead(
  ports: CommitPorts,
  chainId: number,
  projections: ProjectionIds,
  lost: readonly DerivedRef[] = [],
): Promise<OpenedHead> {
  for (let tries = 0; ; tries++) {
    const latest = await ports.heads.latest(chainId)
    if (!latest) {
      const strays = await ports.writer.unsettledBlocks(chainId, { from: 0, to: BLOCK_MAX })
      return { view: undefined, strays }
    }
    refuseOtherProjections(latest, projections)
    const { view: found, entries } = await replayLog(ports.heads, latest)
    const leftovers = await findLeftovers(ports, found, entries, lost)
    const fence = leftovers.isOpen
      ? standingEntry(nextEntry(ports, found), found, 'fence')
      : undefined
    // Listed before the fence: what is stored after it may belong to a writer that builds on it.
    if (fence && !(await appendOne(ports, fence))) {
      if (tries < TRIES_MAX) continue
      throw new AppError(
        'unavailable',
        `other writers moved the head ${TRIES_MAX} times while it was opened; it is tried again`,
        { details: { reason: 'second-writer' } },
      )
    }
    const view = fence ? advanceView(found, fence) : found
    const settled = await ports.writer.atomically(async () => {
      await clearLeftovers(ports, view, leftovers)
      return settle(ports, view)
    })
    return { view: settled, strays: [] }
  }
}

const appendOne = (ports: CommitPorts, entry: HeadEntry): Promise<boolean> =>
  ports.writer.atomically(() => ports.writer.appendHead(entry), 'durable')

async function findLeftovers(
  ports: CommitPorts,
  { chainId, head }: View,
  entries: readonly HeadEntry[],
  lost: readonly DerivedRef[],
): Promise<Leftovers> {
  const committed = new Set(entries.map(({ commit }) => commit))
  const isUncommitted = ({ commit }: Pick<DerivedRef, 'commit'>): boolean => !committed.has(commit)
  const journal = await ports.writer.journal(chainId, { from: 0, to: BLOCK_MAX })
  const stored = await ports.writer.unsettledBlocks(chainId, {
    from: head.number + 1,
    to: BLOCK_MAX,
  })
  // What is older than the floor is the sweep's.
  const records = journal.filter(isUncommitted).filter(({ move }) => move >= head.floorMove)
  // The log has given the move of these to others.
  const dead = new Set(lost.map(({ commit }) => commit))
  for (const { commit, move } of journal) if (move <= head.move) dead.add(commit)
  // What a reorg left is read by those who took the head before it, until it is swept.
  const begun = stored.filter(isUncommitted)
  return {
    records,
    // Others may have removed the rows of a block while its events were still being stored.
    blocks: [...begun, ...lost.filter(isUncommitted)],
    isOpen: [...records, ...begun].some(({ commit }) => !dead.has(commit)),
  }
}

/**
 * Puts back the documents of unfinished commits, and removes their rows. The journal keeps the records: a late writer
 * may go on changing the documents that it has named there, and die at that, so the sweep looks at them again.
 */
async function clearLeftovers(
  ports: CommitPorts,
  view: View,
  { records, blocks }: Leftovers,
): Promise<void> {
  const { chainId } = view
  for (const { commit } of records) {
    const ids = await ports.writer.journalIds(chainId, commit)
    await putBack(ports, view, ids, (stored) => stored.commit === commit)
  }
  if (blocks.length > 0) await ports.writer.deleteBlocks(chainId, blocks)
}
