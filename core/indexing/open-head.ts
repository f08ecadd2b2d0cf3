import { AppError } from '#core/errors.ts'
import { advanceView, type DerivedRef, type HeadEntry, type View } from '#core/history/head.ts'
import { loadView } from '#core/history/view.ts'
import { type CommitPorts, nextEntry, standingEntry } from './commit.ts'
import type { JournalRecord } from './ports.ts'
import { putBack } from './put-back.ts'
import { settle } from './sweep.ts'

/** What writers before this one have left unfinished: nothing of it was ever committed. */
export type Leftovers = {
  readonly records: readonly JournalRecord[]
  readonly blocks: readonly DerivedRef[]
}

/** The head as a writer takes it when it starts. */
export type OpenedHead = {
  /** Undefined for a chain without a log. */
  readonly view: View | undefined
  /** Of a chain without a log: to be cleared as soon as it has one. */
  readonly leftovers: Leftovers
}

/** How often other writers may be quicker while the head is opened. */
const TRIES_MAX = 8
const BLOCK_MAX = Number.MAX_SAFE_INTEGER

/**
 * Takes the head for writing: what a writer before it committed but did not tidy up is tidied up, and whatever was
 * begun and not committed is fenced off and put back, what it had made new included.
 *
 * The fence takes the next move, so that a writer which is late or still at it can commit nothing of what is put back
 * here: its insert into the head log fails.
 */
export async function openHead(ports: CommitPorts, chainId: number): Promise<OpenedHead> {
  for (let tries = 0; ; tries++) {
    const latest = await ports.heads.latest(chainId)
    if (!latest) {
      const blocks = await ports.writer.unsettledBlocks(chainId, { from: 0, to: BLOCK_MAX })
      return { view: undefined, leftovers: { records: [], blocks } }
    }
    const found = await loadView(ports.heads, latest)
    const leftovers = await findLeftovers(ports, found)
    const fence =
      leftovers.records.length + leftovers.blocks.length > 0
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
    return { view: settled, leftovers: { records: [], blocks: [] } }
  }
}

const appendOne = (ports: CommitPorts, entry: HeadEntry): Promise<boolean> =>
  ports.writer.atomically(() => ports.writer.appendHead(entry), 'durable')

async function findLeftovers(ports: CommitPorts, view: View): Promise<Leftovers> {
  const { chainId, head } = view
  const entries = await ports.heads.since(chainId, head.floorMove)
  const commits = new Set(entries.map(({ commit }) => commit))
  // What is older than the floor is the sweep's.
  const isUnfinished = ({ commit, move }: JournalRecord): boolean =>
    move >= head.floorMove && !commits.has(commit)
  const journal = await ports.writer.journal(chainId, BLOCK_MAX)
  const stored = await ports.writer.unsettledBlocks(chainId, {
    from: head.number + 1,
    to: BLOCK_MAX,
  })
  return {
    records: journal.filter(isUnfinished),
    // What a reorg left is read by those who took the head before it, until it is swept.
    blocks: stored.filter(({ commit }) => !commits.has(commit)),
  }
}

/** Puts back the documents of unfinished commits, and removes their rows. */
export async function clearLeftovers(
  ports: CommitPorts,
  view: View,
  { records, blocks }: Leftovers,
): Promise<void> {
  const { chainId } = view
  const cleared: string[] = []
  for (const { commit } of records) {
    const ids = await ports.writer.journalIds(chainId, commit)
    if (await putBack(ports, view, ids, (stored) => stored.commit === commit)) cleared.push(commit)
  }
  if (cleared.length > 0) await ports.writer.deleteJournal(chainId, cleared)
  if (blocks.length > 0) await ports.writer.deleteBlocks(chainId, blocks)
}
