import { type BlockRange, mergeRanges } from '#core/chain.ts'
import { finalWaypoints, type HeadEntry, raiseFloor, type View } from '#core/history/head.ts'
import { isStaleView } from '#core/history/view.ts'
import type { CommitPorts } from './commit.ts'
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
  return raiseFloor(view, last.number)
}

/** Heights that are clean already and are looked at again with each sweep. */
const LOOKED_AT_AGAIN = 256

/**
 * What was not cleaned yet, and a part of what was: late writers may store rows there. Each move of the head takes the
 * next part, so that after enough of them all have had their turn.
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
  const from = first + (move % parts) * LOOKED_AT_AGAIN
  return mergeRanges([{ from, to: Math.min(from + LOOKED_AT_AGAIN - 1, cleanTo) }, fresh])
}

/**
 * Up to a block: puts back the documents that dead branches and unfinished commits had changed, then drops what was put
 * aside, the journal, and the blocks and events of commits that are not canonical.
 */
async function sweep(ports: CommitPorts, view: View, horizon: number): Promise<void> {
  const { chainId, head } = view
  const { writer } = ports
  const { cleanTo, sweptTo } = await ports.heads.upkeep(chainId)
  if (horizon <= cleanTo) return
  // Marked before anything goes, so that a reader who misses it knows why.
  if (horizon > sweptTo) await writer.mark(chainId, { sweptTo: horizon })

  const records = await writer.journal(chainId, horizon)
  const refs = records.map(({ commit, to }) => ({ number: to, commit }))
  const isCanonical = await ports.views.canonical(view, refs)
  for (const [index, { commit }] of records.entries()) {
    if (isCanonical(refs[index] as (typeof refs)[number])) continue
    const ids = await writer.journalIds(chainId, commit)
    // The log has decided on every move up to the head's; what is hidden of a later one may be about to be committed.
    if (!(await putBack(ports, view, ids, (stored) => stored.move <= head.move))) return
  }
  await writer.deleteUndo(Object.values(head.projections), horizon)
  if (records.length > 0)
    await writer.deleteJournal(
      chainId,
      records.map(({ commit }) => commit),
    )
  for (const range of rangesToClean(head, cleanTo, horizon)) {
    const dead = await writer.unsettledBlocks(chainId, range)
    if (dead.length > 0) await writer.deleteBlocks(chainId, dead)
  }
  await writer.mark(chainId, { cleanTo: horizon })
}
