import type { BlockHeader, BlockRef } from '#core/chain.ts'
import {
  type DocumentId,
  type DocumentSet,
  type Draft,
  isSameVersion,
  refOf,
  type Version,
} from '#core/history/document.ts'
import type { CommitId, Digest, View } from '#core/history/head.ts'
import type { ProvenRange } from '#core/history/proof.ts'
import { resolveKeys } from '#core/history/resolve.ts'
import { isStaleView } from '#core/history/view.ts'
import { allDone } from '#core/concurrent.ts'
import type { CommitPorts } from './commit-ports.ts'
import type { Replacement, Undo } from './ports.ts'

/** A document's next version, and what it was derived from. */
export type Change = {
  readonly id: DocumentId
  readonly version: Draft
  /** What the base view sees; null where the document does not exist there. */
  readonly before: Version | null
  /** The current version as stored, visible or not; null where nothing is. */
  readonly stored: Version | null
  /** What stands beside the current version; undefined where it was not read. */
  readonly previous: Version | null | undefined
}

/** A move of the head onto consecutive blocks whose objects are stored in the name of the same commit. */
export type Commit = {
  readonly commit: CommitId
  readonly blocks: readonly BlockHeader[]
  /** How these blocks were proven. */
  readonly proof: readonly ProvenRange[]
  readonly changes: readonly Change[]
  readonly digest: Digest
  /**
   * The newest block that is known to be final, at most the last of these. It counts only where it is this history's
   * own block of that height. Several blocks in one commit must all be final.
   */
  readonly finalized: BlockRef
  /** As `ChainWriter.held` has said since the base was taken. */
  readonly held: number | undefined
}

/** Thrown within a transaction where a document holds another version than the one that is to be replaced. */
export class Displaced extends Error {}

/**
 * Writes the journal, what is displaced and then the new versions.
 *
 * @throws Displaced where a document holds another version than the one that this commit was derived beside
 */
export async function writeDocuments(
  ports: CommitPorts,
  base: View,
  { commit, blocks, changes, held = base.floor.number }: Commit,
  last: number,
): Promise<void> {
  const { writer } = ports
  const move = base.head.move + 1
  const from = (blocks[0] as BlockHeader).number
  if (changes.length === 0) return
  const ids = changes.map(({ id }) => id)
  // No view that stood below this one is read any more.
  const kept = Math.min(base.floor.number, held)
  const undo = (await withPrevious(ports, kept, changes)).flatMap((change) =>
    displacedBy(change, kept, last),
  )
  // None of these needs another, and all are there before anything is changed.
  await allDone([
    writer.putJournal(base.chainId, { commit, move, from, to: last }, ids),
    // What stands beside a version at or below that block goes without being put aside: only views that stood below it
    // could ask, and they are told that it is gone.
    ...(kept >= 0 ? [writer.mark(base.chainId, { sweptTo: kept })] : []),
    ...(undo.length > 0 ? [writer.putUndo(undo)] : []),
  ])
  const missed = await writer.replace(
    changes.map(({ id, version, before, stored }): Replacement => ({
      id,
      version: { ...version, commit, move },
      previous: before,
      expected: stored && refOf(stored),
    })),
  )
  if (missed.length > 0) throw new Displaced()
}

/** What stands beside the current versions, read where it is not known and may be needed. */
async function withPrevious(
  ports: CommitPorts,
  kept: number,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const unknown = changes.filter(
    (change) =>
      change.previous === undefined &&
      change.stored !== null &&
      (isHidden(change) || change.stored.number > kept),
  )
  if (unknown.length === 0) return changes
  const found = new Map<Change, Version | null>()
  const readings = byDocuments(unknown).map(async ([set, ofKind]) => {
    const keys = ofKind.map(({ id }) => id.key)
    const previous = await ports.tree.readPrevious(set, keys)
    for (const [index, change] of ofKind.entries()) found.set(change, previous[index] ?? null)
  })
  await allDone(readings)
  return changes.map((change) =>
    found.has(change) ? { ...change, previous: found.get(change) } : change,
  )
}

/** The versions that lose their place in the document though a reader may still need them. */
function displacedBy({ id, stored, before, previous }: Change, kept: number, last: number): Undo[] {
  if (!stored) return []
  if (isSameVersion(stored, before)) {
    // Whoever needed the version before stood below this one's block.
    const isNeeded = previous && stored.number > kept
    return isNeeded ? [{ id, version: previous, until: stored.number }] : []
  }
  const records: Undo[] = [{ id, version: stored, until: last }]
  if (previous && !isSameVersion(previous, before))
    records.push({ id, version: previous, until: last })
  return records
}

/**
 * The changes beside what is stored now; undefined where they were derived from what is not so any more: then another
 * writer has gone on from this head.
 */
export async function lookAgain(
  ports: CommitPorts,
  base: View,
  changes: readonly Change[],
): Promise<readonly Change[] | undefined> {
  const again = new Map<Change, Change>()
  for (const [set, ofKind] of byDocuments(changes)) {
    const keys = ofKind.map(({ id }) => id.key)
    const found = await resolveKeys(ports, base, set, keys).catch((error: unknown) => {
      if (isStaleView(error)) return undefined
      throw error
    })
    for (const [index, change] of ofKind.entries()) {
      const now = found?.[index]
      if (!now || !isSameVersion(now.visible, change.before)) return undefined
      again.set(change, { ...change, stored: now.stored ?? null, previous: undefined })
    }
  }
  return changes.map((change) => again.get(change) as Change)
}

/** Changes by the documents that they are of. */
const byDocuments = (changes: readonly Change[]): (readonly [DocumentSet, Change[]])[] =>
  Map.groupBy(changes, ({ id }) => id.kind)
    .values()
    .map((ofKind) => [(ofKind[0] as Change).id, ofKind] as const)
    .toArray()

export const isHidden = ({ stored, before }: Change): boolean =>
  stored !== null && !isSameVersion(stored, before)
