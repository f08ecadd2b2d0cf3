import { type BlockRange, countBlocks, type Hash } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { isAppError, hasReason, messageOf } from '#core/errors.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import {
  addStates,
  chainBlock,
  emptyDigest,
  hashDocument,
  type Sha256,
  stateWorth,
} from '#core/history/digest.ts'
import { type DocumentSpec, keyOf } from '#core/history/document.ts'
import type { View } from '#core/history/head.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import { pagesOfDocuments } from '#core/history/walk-documents.ts'
import { type Checkpoint, checkpoints } from './checkpoints.ts'
import {
  chainStored,
  coveredIn,
  type StoredBlockRows,
  type StoredPorts,
  storedBlocks,
} from './stored-blocks.ts'

export type VerifyPorts = ResolvePorts &
  StoredPorts & {
    readonly catalogue: Pick<HistoryCatalogue, 'families' | 'documents' | 'kindOf'>
    readonly sha256: Sha256
  }

/** What of a store does not hash to what the head log says. */
export type Damage =
  | { readonly what: 'events'; readonly range: BlockRange; readonly reason: string }
  | {
      readonly what: 'documents'
      /** Undefined where the history does not tell them apart. */
      readonly projection?: string
      readonly reason: string
    }

export type VerifyProgress = {
  readonly done: number
  readonly total: number
  readonly number: number
}

/** Blocks whose rows are read together. */
const BLOCKS = 2_000

/**
 * Holds what is stored against the digests in the head log: every event and set-apart log of every block, and every
 * document. Bits that rotted, and rows that were removed or edited by hand, are found. It needs no node, and may run
 * beside writers.
 *
 * @returns generator of progress, one some thousand blocks; its value is what is damaged
 * @throws AppError (`isStaleView`) where the view was left or swept meanwhile
 */
export async function* verifyStore(
  ports: VerifyPorts,
  view: View,
  cancel: Cancel,
): AsyncGenerator<VerifyProgress, Damage[]> {
  const damages: Damage[] = []
  const total = countBlocks(view.head.coverage)
  let done = 0
  // In front of all: blocks may have come in below the one that the log began with.
  let at: Checkpoint = { number: -1, events: emptyDigest.events }
  let group: Checkpoint[] = []
  function progressTo(last: Checkpoint): VerifyProgress {
    done += countBlocks(coveredIn(view, { from: at.number + 1, to: last.number }))
    at = last
    group = []
    return { done, total, number: last.number }
  }
  async function* verified(): AsyncGenerator<VerifyProgress> {
    const last = group.at(-1)
    if (!last || cancel.aborted) return
    damages.push(...(await verifyEvents(ports, view, at, group)))
    yield progressTo(last)
  }
  for await (const point of checkpoints(ports.heads, view)) {
    if (cancel.aborted) return damages
    if (point.number - at.number >= BLOCKS) yield* verified()
    if (point.number - at.number < BLOCKS) {
      group.push(point)
      continue
    }
    // What a rebuild has put in place is one stretch, however long.
    const damage = yield* verifyStretch(ports, view, { from: at, to: point, done, total }, cancel)
    if (damage) damages.push(damage)
    yield progressTo(point)
  }
  yield* verified()
  if (!cancel.aborted) damages.push(...(await verifyDocuments(ports, view)))
  return damages
}

/** Holds all blocks between two checkpoints against the latter, some thousand at a time. */
async function* verifyStretch(
  ports: VerifyPorts,
  view: View,
  stretch: {
    readonly from: Checkpoint
    readonly to: Checkpoint
    readonly done: number
    readonly total: number
  },
  cancel: Cancel,
): AsyncGenerator<VerifyProgress, Damage | undefined> {
  const { from: start, to: end, total } = stretch
  const range = { from: start.number + 1, to: end.number }
  let { done } = stretch
  let digest = start.events
  try {
    for (let { from } = range; from <= range.to; from += BLOCKS) {
      if (cancel.aborted) return undefined
      const part = { from, to: Math.min(from + BLOCKS - 1, range.to) }
      const covered = countBlocks(coveredIn(view, part))
      if (covered === 0) continue
      digest = await chainStored(ports, view, part, digest)
      done += covered
      yield { done, total, number: part.to }
    }
  } catch (error) {
    return { what: 'events', range, reason: reasonOf(error) }
  }
  return digest === end.events ? undefined : mismatchIn(range)
}

/** Holds the documents of each projection against its part of the digest; of all together where it has none. */
async function verifyDocuments(ports: VerifyPorts, view: View): Promise<Damage[]> {
  const { documents } = ports.catalogue
  const { state, parts } = view.head.digest
  const wanted: [string | undefined, Hash][] = parts
    ? [...new Set(documents.map(({ projection }) => projection.name))].map((name) => [
        name,
        parts[name] ?? emptyDigest.state,
      ])
    : [[undefined, state]]
  if (parts && addStates(Object.values(parts)) !== state)
    return [{ what: 'documents', reason: 'the parts of the digest do not add up to it' }]
  const damages: Damage[] = []
  for (const [name, digest] of wanted) {
    const own = documents.filter(({ projection }) => !name || projection.name === name)
    const found = await stateOf(ports, view, own).catch(reasonOf)
    if (found !== digest)
      damages.push({
        what: 'documents',
        ...(name && { projection: name }),
        reason: found.startsWith('0x')
          ? 'the documents do not hash to the digest in the head log'
          : found,
      })
  }
  return damages
}

/** The reason of damage that shows when it is read. */
function reasonOf(error: unknown): string {
  if (isAppError(error) && hasReason(error, 'damaged')) return messageOf(error)
  throw error
}

/**
 * Holds the events of the commits behind a checkpoint against what the head log says of each. Each is held against its
 * own two ends, so that damage in one does not hide that in the next.
 */
async function verifyEvents(
  ports: VerifyPorts,
  view: View,
  start: Checkpoint,
  points: readonly Checkpoint[],
): Promise<Damage[]> {
  const last = points.at(-1) as Checkpoint
  const range = { from: start.number + 1, to: last.number }
  try {
    const parts = coveredIn(view, range).map((part) => storedBlocks(ports, view, part))
    return compareDigests(ports.sha256, start, points, (await Promise.all(parts)).flat())
  } catch (error) {
    const reason = reasonOf(error)
    if (points.length === 1) return [{ what: 'events', range, reason }]
    // One by one, to find out which it is.
    const damages: Damage[] = []
    for (const [index, point] of points.entries())
      damages.push(...(await verifyEvents(ports, view, points[index - 1] ?? start, [point])))
    return damages
  }
}

/** @param stored all blocks up to the last point */
function compareDigests(
  sha256: Sha256,
  start: Checkpoint,
  points: readonly Checkpoint[],
  stored: readonly StoredBlockRows[],
): Damage[] {
  const damages: Damage[] = []
  let before = start
  let next = 0
  for (const point of points) {
    let digest = before.events
    for (
      ;
      next < stored.length && (stored[next] as StoredBlockRows).number <= point.number;
      next++
    ) {
      const block = stored[next] as StoredBlockRows
      digest = chainBlock(sha256, digest, block, block.rows)
    }
    if (digest !== point.events)
      damages.push(mismatchIn({ from: before.number + 1, to: point.number }))
    before = point
  }
  return damages
}

const mismatchIn = (range: BlockRange): Damage => ({
  what: 'events',
  range,
  reason: 'what is stored of them does not hash to the digest in the head log',
})

/** The digest of all documents of these kinds that the view sees. */
export async function stateOf(
  ports: ResolvePorts & { readonly sha256: Sha256 },
  view: View,
  documents: readonly DocumentSpec[],
): Promise<Hash> {
  let sum = 0n
  for (const spec of documents)
    for await (const page of pagesOfDocuments(ports, view, spec))
      for (const version of page)
        sum += hashDocument(ports.sha256, spec, keyOf(spec, version.value), version)
  return stateWorth(sum)
}
