import type { BlockHeader, BlockRange } from '#core/chain.ts'
import { assert } from '#core/errors.ts'
import {
  advanceView,
  type Digest,
  type HeadEntry,
  type ProjectionIds,
  type View,
} from '#core/history/head.ts'
import type { ProvenRange } from '#core/history/proof.ts'
import { isRebuild, isSameBuild, type Rewrite, rewriteAt } from '#core/history/rebuilds.ts'
import { type CommitPorts, nextEntry } from '#core/indexing/commit-ports.ts'
import { removeRows } from './remove-rows.ts'

/** What a rebuild has made up to the newest settled block of a view. */
export type Rebuilt = {
  readonly projections: ProjectionIds
  readonly rewrites: readonly Rewrite[]
  readonly coverage: readonly BlockRange[]
  readonly proof: readonly ProvenRange[]
  readonly digest: Digest
  /** The newest settled block where it was made anew: it may be another one than before. */
  readonly top?: BlockHeader
}

/**
 * Has readers see what a rebuild has made: one insert into the head log, which goes back to the newest settled block of
 * the base. Writers that were at work fail their next commit, take the head anew and go on from there.
 *
 * @returns undefined where another writer has moved the head
 */
export async function putInPlace(
  ports: CommitPorts,
  base: View,
  { projections, rewrites, coverage, proof, digest, top }: Rebuilt,
): Promise<View | undefined> {
  const { floor, head } = base
  assert(floor.number >= head.finalized.number, 'what is final is settled')
  assert(!top || top.number === floor.number, 'a head ends where its history does')
  const move = base.head.move + 1
  const { hash, timestamp } = top ?? floor
  const entry: HeadEntry = {
    ...nextEntry(ports, base),
    reason: 'rebuild',
    number: floor.number,
    hash,
    timestamp,
    blocks: 0,
    commit: rewriteAt(rewrites, floor.number)?.commit ?? floor.commit,
    finalized: { number: floor.number, hash },
    digest,
    coverage,
    proof,
    projections,
    ...(rewrites.length > 0 && { rewrites }),
  }
  if (await ports.writer.atomically(() => ports.writer.appendHead(entry), 'durable'))
    return advanceView(base, entry)
  // The answer to an insert may get lost, and the driver asks again.
  const [stored] = await ports.heads.since(base.chainId, move, 1)
  const isOurs = stored?.reason === 'rebuild' && isSameBuild(stored, entry)
  return isOurs ? advanceView(base, stored) : undefined
}

/**
 * Removes the documents and rows that a rebuild has replaced: who began to read them is told to ask again. Rows of other
 * rebuilds stay, but for those that were read before: they may be about to be put in place, or be in place since.
 */
export async function removeReplaced(
  ports: Pick<CommitPorts, 'heads' | 'writer'>,
  before: View,
  now: View,
): Promise<void> {
  const { chainId } = now
  const kept = new Set(Object.values(now.head.projections))
  for (const tree of Object.values(before.head.projections))
    if (!kept.has(tree)) await ports.writer.atomically(() => ports.writer.deleteTree(tree))
  const fresh = (now.head.rewrites ?? []).filter(({ move }) => move === now.head.move)
  for (const run of fresh)
    await removeRows(
      ports,
      chainId,
      run,
      ({ number, commit }) =>
        !isRebuild(commit) || commit === rewriteAt(before.head.rewrites, number)?.commit,
    )
}
