import { type BlockRange, mergeRanges } from '#core/chain.ts'
import { allDone } from '#core/concurrent.ts'
import { finalWaypoints, type HeadEntry, raiseFloor, type View } from '#core/history/head.ts'
import { isRebuild } from '#core/history/rebuilds.ts'
import { isStaleView } from '#core/history/view.ts'
import type { CommitPorts } from './commit-ports.ts'
import type { JournalRecord } from './ports.ts'
import { putBack } from './put-back.ts'

/**
 * After the head has moved: settles what became final, and sweeps what nobody can see any more.
 *
 * @param horizon the floor before the move: one commit behind, so that a reader who took the head before it still finds
 *   what it needs
 */
export async function tidyUp(ports: CommitPorts, view: View, horizon: number): Promise<View> {
  const settled = await settle(ports, view)
  try {
    await sweep(ports, settled, horizon)
  } catch (error) {
    // Another writer has gone on from here, and sweeps in its turn.
    if (!isStaleView(error)) throw error
  }
  return settled
}

/** Records the commits that are final at this head, and raises the floor onto them. */
export async function settle(ports: CommitPorts, view: View): Promise<View> {
  const waypoints = finalWaypoints(view)
  const last = waypoints.at(-1)
  if (!last) return view
  await ports.writer.putSettled(
    view.chainId,
    waypoints.map(({ commit, number, blocks }) => ({
      commit,
      from: number - blocks + 1,
      to: number,
    })),
  )
  await ports.writer.mark(view.chainId, { settledTo: last.number })
  ports.views.settledNow(waypoints.map(({ commit }) => commit))
  return raiseFloor(view, last.number)
}

/** Heights that are clean already and are looked at again with each sweep. */
const LOOKED_AT_AGAIN = 256
/** Of so many sweeps one looks again at documents that an attempt which never came about had named. */
const SWEEPS_A_LOOK = 16
/** Attempts of which that is remembered. A process that is killed and started over and over leaves one each time. */
const REMEMBERED_MAX = 64

const GOLDEN = (Math.sqrt(5) - 1) / 2

/**
 * Which of some things has its turn with a move of the head. In steps of the golden ratio all have theirs again and
 * again, however many moves lie between one sweep and the next; a remainder would leave some out for ever where they
 * are as many as the blocks that become final at a time.
 */
export const turnOf = (move: number, count: number): number =>
  Math.floor(((move * GOLDEN) % 1) * count)

/**
 * What was not cleaned yet, and a part of what was: late writers may store rows there. After enough sweeps all parts
 * have had their turn.
 */
export function rangesToClean(
  { move, coverage }: Pick<HeadEntry, 'move' | 'coverage'>,
  cleanTo: number,
  horizon: number,
): BlockRange[] {
  const first = coverage[0]?.from ?? 0
  const parts = Math.ceil((cleanTo + 1 - first) / LOOKED_AT_AGAIN)
  const fresh = { from: cleanTo + 1, to: horizon }
  if (parts <= 0) return [fresh]
  const from = first + turnOf(move, parts) * LOOKED_AT_AGAIN
  return mergeRanges([{ from, to: Math.min(from + LOOKED_AT_AGAIN - 1, cleanTo) }, fresh])
}

/**
 * Up to a block, or up to the lowest one that is read to its end: puts back the documents that dead branches and unfinished commits had changed, then drops what was put
 * aside, the journal, and the blocks and events of commits that are not canonical.
 */
async function sweep(ports: CommitPorts, view: View, wanted: number): Promise<void> {
  const { chainId, head } = view
  const { writer } = ports
  const [{ cleanTo, sweptTo }, held = wanted] = await Promise.all([
    ports.heads.upkeep(chainId),
    writer.held(chainId),
  ])
  const horizon = Math.min(wanted, held)
  if (horizon <= cleanTo) return
  // Marked before anything goes, so that a reader who misses it knows why.
  if (horizon > sweptTo) await writer.mark(chainId, { sweptTo: horizon })

  const fresh = { from: cleanTo + 1, to: horizon }
  const records = await writer.journal(chainId, fresh)
  const refs = records.map(({ commit, to }) => ({ number: to, commit }))
  const isCanonical = await ports.views.canonical(view, refs)
  const dead = records.filter(({ commit, to }) => !isCanonical({ number: to, commit }))
  for (const record of dead) if (!(await putBackNamed(ports, view, record))) return
  const open = await neverCommitted(ports, view, dead)
  const done = records.filter((record) => !open.includes(record))
  // None of these needs another.
  await allDone([
    writer.deleteUndo(Object.values(head.projections), horizon),
    ...(done.length > 0 ? [forget(ports, view, done)] : []),
    ...rangesToClean(head, cleanTo, horizon).map((range) => cleanRange(ports, chainId, range)),
  ])
  if (turnOf(head.move, SWEEPS_A_LOOK) === 0) await lookAgain(ports, view, cleanTo)
  await writer.mark(chainId, { cleanTo: horizon })
}

async function cleanRange(
  { writer }: CommitPorts,
  chainId: number,
  range: BlockRange,
): Promise<void> {
  const unsettled = await writer.unsettledBlocks(chainId, range)
  // What a rebuild has stored waits for its own move, or was put in the place of what was settled.
  const strange = unsettled.filter(({ commit }) => !isRebuild(commit))
  if (strange.length > 0) await writer.deleteBlocks(chainId, strange)
}

/**
 * Puts back what an attempt was about to change.
 *
 * @returns false where other writers kept on changing it
 */
async function putBackNamed(
  ports: CommitPorts,
  view: View,
  { commit }: JournalRecord,
): Promise<boolean> {
  const ids = await ports.writer.journalIds(view.chainId, commit)
  // The log has decided on every move up to the head's; what is hidden of a later one may be about to be committed.
  return putBack(ports, view, ids, ({ move }) => move <= view.head.move)
}

const forget = ({ writer }: CommitPorts, view: View, records: readonly JournalRecord[]) =>
  writer.deleteJournal(
    view.chainId,
    records.map(({ commit }) => commit),
  )

/**
 * Those of these attempts that the log never had. Whoever is in the log was through with its documents before; of the
 * others a writer may be asleep, wake up after this, change the documents that it found unchanged, and die.
 */
async function neverCommitted(
  ports: CommitPorts,
  { chainId }: View,
  dead: readonly JournalRecord[],
): Promise<readonly JournalRecord[]> {
  if (dead.length === 0) return []
  const entries = await ports.heads.since(chainId, Math.min(...dead.map(({ move }) => move)))
  const committed = new Set(entries.map(({ commit }) => commit))
  return dead.filter(({ commit }) => !committed.has(commit))
}

/**
 * The journal remembers attempts that never came about below what is clean, since no sweep can know that their writers
 * will not wake up any more. Now and then one of them has its documents put back again.
 */
async function lookAgain(ports: CommitPorts, view: View, cleanTo: number): Promise<void> {
  const all = await ports.writer.journal(view.chainId, { from: 0, to: cleanTo })
  const newestFirst = all.toSorted((a, b) => b.move - a.move)
  const kept = newestFirst.slice(0, REMEMBERED_MAX)
  const chosen = kept[turnOf(view.head.move, SWEEPS_A_LOOK * kept.length)]
  if (chosen) await putBackNamed(ports, view, chosen)
  const tooMany = newestFirst.slice(REMEMBERED_MAX)
  if (tooMany.length > 0) await forget(ports, view, tooMany)
}
