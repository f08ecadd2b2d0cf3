import { type BlockRange, type BlockRef, type Hash, intersectRanges } from '#core/chain.ts'
import { hasReason } from '#core/errors.ts'
import { storedBlockAt } from '#core/history/block-at.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import { chainBlock, type Sha256 } from '#core/history/digest.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import type { EventTable, HeadLog } from '#core/history/ports.ts'
import { canonicalRows } from '#core/history/rebuilds.ts'
import type { Views } from '#core/history/view.ts'
import { pagesOfEvents } from '#core/history/walk-events.ts'
import { createBlockRows } from './block-rows.ts'
import { listQuarantine } from './list-quarantine.ts'
import type { QuarantinedLog, QuarantineTable } from './ports.ts'

export type StoredPorts = {
  readonly heads: HeadLog
  readonly events: EventTable
  readonly quarantine: QuarantineTable
  readonly views: Views
  readonly catalogue: Pick<HistoryCatalogue, 'families' | 'kindOf'>
}

/** A block as it is stored, with the text that the digest hashes (see `createBlockRows`). */
export type StoredBlockRows = BlockRef & { readonly rows: string }

/** Rows that are read at a time. */
const PAGE = 2_000
/** Blocks whose rows are chained together. */
const BLOCKS = 2_000

/** The covered blocks of a range. */
export const coveredIn = ({ head }: View, range: BlockRange): BlockRange[] =>
  intersectRanges(head.coverage, [range])

/**
 * The canonical blocks of a range with all that is stored in them, ascending.
 *
 * @throws AppError `unavailable` (`damaged`) where a row cannot be read
 */
export async function storedBlocks(
  ports: StoredPorts,
  view: View,
  range: BlockRange,
): Promise<StoredBlockRows[]> {
  const rows = await rowsIn(ports, view, range)
  const all = await ports.heads.blocks(view.chainId, range)
  const isCanonical = await canonicalRows(ports.views, view, all)
  return all
    .filter(isCanonical)
    .map(({ number, hash }) => ({ number, hash, rows: rows.get(number) ?? '' }))
}

/** `rows` is null where one of them is damaged. */
type ReadableBlock = { readonly hash: Hash; readonly rows: string | null }

/** The same by number, also where rows are damaged. */
export async function readableBlocks(
  ports: StoredPorts,
  view: View,
  range: BlockRange,
): Promise<Map<number, ReadableBlock>> {
  try {
    const blocks = await storedBlocks(ports, view, range)
    return new Map(blocks.map((block): [number, ReadableBlock] => [block.number, block]))
  } catch (error) {
    if (!hasReason(error, 'damaged')) throw error
    if (range.from === range.to) {
      const block = await storedBlockAt(ports.heads, view, range.from)
      return new Map(block && [[range.from, { hash: block.hash, rows: null }]])
    }
    // By halves, to find out which it is.
    const middle = Math.floor((range.from + range.to) / 2)
    const [low, high] = await Promise.all([
      readableBlocks(ports, view, { from: range.from, to: middle }),
      readableBlocks(ports, view, { from: middle + 1, to: range.to }),
    ])
    return new Map([...low, ...high])
  }
}

/** The digest of events after the covered blocks of a range, as they are stored. `before`: the digest in front of it. */
export async function chainStored(
  ports: StoredPorts & { readonly sha256: Sha256 },
  view: View,
  range: BlockRange,
  before: Hash,
): Promise<Hash> {
  let digest = before
  for (const covered of coveredIn(view, range))
    for (let { from } = covered; from <= covered.to; from += BLOCKS) {
      const part = { from, to: Math.min(from + BLOCKS - 1, covered.to) }
      for (const block of await storedBlocks(ports, view, part))
        digest = chainBlock(ports.sha256, digest, block, block.rows)
    }
  return digest
}

type Row =
  | { readonly logIndex: number; readonly event: ChainEvent }
  | { readonly logIndex: number; readonly quarantined: QuarantinedLog }

/** What each block of a range has, as the text that the digest hashes. */
async function rowsIn(
  ports: StoredPorts,
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
    for await (const page of pagesOfEvents(ports, view, family, { ...range, limit: PAGE }))
      for (const event of page) add(event.block.number, { logIndex: event.logIndex, event })
  }
  for await (const quarantined of quarantinedIn(ports, view, range))
    add(quarantined.block.number, { logIndex: quarantined.log.logIndex, quarantined })
  return new Map([...rows].map(([number, own]) => [number, textOf(ports, own)]))
}

/** The logs of a range that are set apart, in chain order. */
export async function* quarantinedIn(
  ports: StoredPorts,
  view: View,
  { from, to }: BlockRange,
): AsyncGenerator<QuarantinedLog> {
  let after = { number: from - 1, logIndex: Number.MAX_SAFE_INTEGER }
  for (;;) {
    const page = await listQuarantine(ports, view, { limit: PAGE, after, to })
    yield* page.items
    const last = page.items.at(-1)
    if (!last || !page.hasMore) return
    after = { number: last.block.number, logIndex: last.log.logIndex }
  }
}

function textOf({ catalogue }: StoredPorts, rows: readonly Row[]): string {
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
