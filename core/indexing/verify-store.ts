import { type BlockRange, type BlockRef, countBlocks, type Hash } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { isAppError, hasReason, messageOf } from '#core/errors.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import {
  chainBlock,
  hashDocument,
  type Sha256,
  shiftState,
  emptyDigest,
} from '#core/history/digest.ts'
import { type Key, keyOf } from '#core/history/document.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { EventTable, HeadLog } from '#core/history/ports.ts'
import { type ResolvePorts, scanVersions } from '#core/history/resolve.ts'
import { atOrAbove } from '#core/history/window.ts'
import { createBlockRows } from './block-rows.ts'
import { listQuarantine } from './list-quarantine.ts'
import type { QuarantinedLog, QuarantineTable } from './ports.ts'

export type VerifyPorts = ResolvePorts & {
  readonly heads: HeadLog
  readonly events: EventTable
  readonly quarantine: QuarantineTable
  readonly catalogue: Pick<HistoryCatalogue, 'families' | 'documents' | 'kindOf'>
  readonly sha256: Sha256
}

/** What of a store does not hash to what the head log says. */
export type Damage =
  | { readonly what: 'events'; readonly range: BlockRange; readonly reason: string }
  | { readonly what: 'documents'; readonly reason: string }

export type VerifyProgress = {
  readonly done: number
  readonly total: number
  readonly number: number
}

/** Entries of the head log that are read at a time. */
const ENTRIES = 1_000
/** Rows that are read at a time. */
const PAGE = 2_000
/** Blocks whose rows are read together; a commit may have more. */
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
  let at: Checkpoint | undefined
  let group: Checkpoint[] = []
  const verified = async (): Promise<void> => {
    const [last] = group.slice(-1)
    if (!at || !last) return
    damages.push(...(await verifyEvents(ports, view, at, group)))
    done += countBlocks(coveredIn(view, { from: at.number + 1, to: last.number }))
    at = last
    group = []
  }
  for await (const point of checkpoints(ports.heads, view)) {
    if (cancel.aborted) return damages
    at ??= point
    if (point === at) continue
    group.push(point)
    if (point.number - at.number < BLOCKS) continue
    await verified()
    yield { done, total, number: point.number }
  }
  await verified()
  yield { done, total, number: view.head.number }
  const state = await stateOf(ports, view).catch(reasonOf)
  if (state !== view.head.digest.state)
    damages.push({
      what: 'documents',
      reason: state.startsWith('0x')
        ? 'the documents do not hash to the digest in the head log'
        : state,
    })
  return damages
}

/** The reason of damage that shows when it is read. */
function reasonOf(error: unknown): string {
  if (isAppError(error) && hasReason(error, 'damaged')) return messageOf(error)
  throw error
}

type Checkpoint = { readonly number: number; readonly events: Hash }

/** Where the line of the view stood after each commit, with the digest of events up to there; the origin first. */
async function* checkpoints(heads: HeadLog, view: View): AsyncGenerator<Checkpoint> {
  const open: Checkpoint[] = []
  for (let move = 0; ;) {
    const entries = await heads.since(view.chainId, move, ENTRIES)
    for (const entry of entries) {
      if (entry.move > view.head.move) break
      if (entry.reason === 'fence') continue
      while (open.length > 0 && (open.at(-1) as Checkpoint).number >= entry.number) open.pop()
      open.push({ number: entry.number, events: entry.digest.events })
      // What is final is never taken back.
      while (open.length > 0 && (open[0] as Checkpoint).number < entry.finalized.number)
        yield open.shift() as Checkpoint
    }
    const last = entries.at(-1)
    if (!last || last.move >= view.head.move || entries.length < ENTRIES) break
    move = last.move + 1
  }
  yield* open
}

/** The covered blocks of a range. */
const coveredIn = ({ head }: View, range: BlockRange): BlockRange[] =>
  head.coverage
    .map(({ from, to }) => ({ from: Math.max(from, range.from), to: Math.min(to, range.to) }))
    .filter(({ from, to }) => from <= to)

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
  const ranges = coveredIn(view, { from: start.number + 1, to: last.number })
  let stored: readonly StoredBlock[]
  try {
    stored = (await Promise.all(ranges.map((range) => blocksIn(ports, view, range)))).flat()
  } catch (error) {
    const reason = reasonOf(error)
    const range = { from: start.number + 1, to: last.number }
    if (points.length === 1) return [{ what: 'events', range, reason }]
    // One by one, to find out which it is.
    const damages: Damage[] = []
    for (const [index, point] of points.entries())
      damages.push(...(await verifyEvents(ports, view, points[index - 1] ?? start, [point])))
    return damages
  }
  const damages: Damage[] = []
  let before = start
  let next = 0
  for (const point of points) {
    let digest = before.events
    for (; next < stored.length && (stored[next] as StoredBlock).number <= point.number; next++) {
      const block = stored[next] as StoredBlock
      digest = chainBlock(ports.sha256, digest, block, block.rows)
    }
    if (digest !== point.events)
      damages.push({
        what: 'events',
        range: { from: before.number + 1, to: point.number },
        reason: 'what is stored of them does not hash to the digest in the head log',
      })
    before = point
  }
  return damages
}

type StoredBlock = BlockRef & { readonly rows: string }

/** The canonical blocks of a range with the text that the digest hashes, ascending. */
async function blocksIn(ports: VerifyPorts, view: View, range: BlockRange): Promise<StoredBlock[]> {
  const rows = await rowsIn(ports, view, range)
  const blocks = await refsIn(ports.heads, view, range)
  return blocks.map(({ number, hash }) => ({ number, hash, rows: rows.get(number) ?? '' }))
}

/** The canonical blocks of a range, ascending. */
async function refsIn(heads: HeadLog, view: View, { from, to }: BlockRange): Promise<BlockRef[]> {
  const floor = Math.min(to, view.floor.number)
  const blocks = from <= floor ? await heads.settledBlocks(view.chainId, { from, to: floor }) : []
  for (let number = Math.max(from, floor + 1); number <= to; number++) {
    const commit = atOrAbove(view.window, number)?.commit
    const block = commit && (await heads.block(view.chainId, { number, commit }))
    if (block) blocks.push(block)
  }
  return blocks
}

type Row =
  | { readonly logIndex: number; readonly event: ChainEvent }
  | { readonly logIndex: number; readonly quarantined: QuarantinedLog }

/** What each block of a range has, as the text that the digest hashes. */
async function rowsIn(
  ports: VerifyPorts,
  view: View,
  range: BlockRange,
): Promise<Map<number, string>> {
  const rows = new Map<number, Row[]>()
  const add = (number: number, row: Row): void => {
    const known = rows.get(number)
    if (known) known.push(row)
    else rows.set(number, [row])
  }
  for (const family of ports.catalogue.families) {
    let after: { number: number; logIndex: number } | undefined
    for (;;) {
      const query = { ...range, limit: PAGE, ...(after && { after }) }
      const page = await listEvents(ports, view, family, query)
      for (const event of page) add(event.block.number, { logIndex: event.logIndex, event })
      const last = page.at(-1)
      if (!last || page.length < PAGE) break
      after = { number: last.block.number, logIndex: last.logIndex }
    }
  }
  for await (const quarantined of quarantinedIn(ports, view, range))
    add(quarantined.block.number, { logIndex: quarantined.log.logIndex, quarantined })
  return new Map([...rows].map(([number, own]) => [number, textOf(ports, own)]))
}

async function* quarantinedIn(
  ports: VerifyPorts,
  view: View,
  { from, to }: BlockRange,
): AsyncGenerator<QuarantinedLog> {
  let after = { number: from - 1, logIndex: Number.MAX_SAFE_INTEGER }
  for (;;) {
    const page = await listQuarantine(ports, view, { limit: PAGE, after })
    for (const each of page.items) {
      if (each.block.number > to) return
      yield each
    }
    const last = page.items.at(-1)
    if (!last || !page.hasMore) return
    after = { number: last.block.number, logIndex: last.log.logIndex }
  }
}

function textOf({ catalogue }: VerifyPorts, rows: readonly Row[]): string {
  const text = createBlockRows()
  for (const row of rows.toSorted((a, b) => a.logIndex - b.logIndex)) {
    if ('quarantined' in row) {
      text.quarantined(row.quarantined.log.transactionHash, row.logIndex)
      continue
    }
    const { transactionHash, logIndex, address, body } = row.event
    text.event(transactionHash, logIndex, address, catalogue.kindOf(body), body)
  }
  return text.text()
}

/** The digest of all documents that the view sees. */
async function stateOf(ports: VerifyPorts, view: View): Promise<Hash> {
  let state = emptyDigest.state
  for (const spec of ports.catalogue.documents) {
    let after: Key | undefined
    for (;;) {
      const scan = { order: 'identity', prefix: [], limit: PAGE, ...(after && { after }) }
      const page = await scanVersions(ports, view, spec, scan)
      let sum = 0n
      for (const version of page)
        sum += hashDocument(ports.sha256, spec, keyOf(spec, version.value), version)
      state = shiftState(state, sum, 0n)
      const last = page.at(-1)
      if (!last || page.length < PAGE) break
      after = keyOf(spec, last.value)
    }
  }
  return state
}
