import type { Address, BlockRef } from '#core/chain.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type {
  DocumentsAtHand,
  Fold,
  FoldInput,
  Projection,
  Slot,
  Wanted,
} from '#core/history/projection.ts'
import type { BurnV3, Collect, MintV3 } from './event-bodies.ts'
import type { ModifyLiquidity } from './v4-events.ts'
import { type LiquidityChange, liquidityFamily } from './events.ts'
import { poolDocuments, wantedPools } from './pool.ts'
import { tickMoves } from './tick.ts'
import {
  decodePages,
  decodeTicks,
  encodePages,
  encodeTicks,
  moveTick,
  pageOfTick,
  SPAN_EVENTS_MAX,
  tickCheckpointDocuments,
  tickPageDocuments,
  type TickPage,
  tickPagesVersion,
  type TickSpan,
  tickSpanDocuments,
  type TickSums,
} from './tick-page.ts'

/** Past ticks of pools of Uniswap V3 and V4 whose creation was seen: those that are quoted from the index. */
export const tickPagesProjection: Projection<LiquidityChange> = {
  ...tickPagesVersion,
  documents: [tickPageDocuments, tickSpanDocuments, tickCheckpointDocuments],
  families: [liquidityFamily],
  reads: ['pools'],

  wants(events) {
    const addresses = new Set<Address>()
    for (const { address, body } of events) if (isOfV3(body)) addresses.add(address)
    return [
      ...Array.from(addresses, (address) => ({ spec: tickSpanDocuments, key: [address] })),
      ...wantedPools(addresses),
    ]
  },

  /** The pages and checkpoints that these changes touch: found by going through the spans without the ticks. */
  wantsThen(events, documents) {
    const wanted: Wanted[] = []
    const spans = new Map<Address, Span>()
    for (const { address, body, block } of events) {
      if (!isOfV3(body)) continue
      const span = spans.get(address) ?? openSpan(documents, address, block.number)
      spans.set(address, span)
      const full = enterBlock(span, block.number)
      if (full !== undefined) wanted.push({ spec: tickCheckpointDocuments, key: [address, full] })
      for (const page of pagesOf(body)) {
        const before = touchPage(span, page)
        for (const since of new Set([before ?? span.since, span.since]))
          wanted.push({ spec: tickPageDocuments, key: [address, page, since] })
      }
    }
    return wanted
  },

  begin: foldTickPages,
}

type EventOfV3 = MintV3 | BurnV3 | Collect | ModifyLiquidity

/** Whoever reads a span meets what was collected too, so that counts. */
const isOfV3 = (body: LiquidityChange): body is EventOfV3 =>
  body.protocol === 'uniswap-v3' || body.protocol === 'uniswap-v4'

const pagesOf = (body: EventOfV3): Set<number> =>
  new Set(tickMoves(body).map(({ index }) => pageOfTick(index)))

/** A span in the hands of a fold. `pages`: of each page the span that it was last changed in. */
type Span = { since: number; last: number; events: number; readonly pages: Map<number, number> }

function openSpan(documents: DocumentsAtHand, pool: Address, number: number): Span {
  const stored = documents.slot(tickSpanDocuments, [pool]).value
  return stored
    ? { ...stored, pages: decodePages(stored.pages) }
    : { since: number, last: number, events: 0, pages: new Map() }
}

/** Counts an event. Gives the block of the checkpoint where the span was full before it, and a new one begins. */
function enterBlock(span: Span, number: number): number | undefined {
  const { last } = span
  const isFull = span.events >= SPAN_EVENTS_MAX && number !== last
  if (isFull) Object.assign(span, { since: number, events: 0 })
  span.last = number
  span.events++
  return isFull ? last : undefined
}

/** Makes a page one of this span; gives the span that it was of before. */
function touchPage({ pages, since }: Span, page: number): number | undefined {
  const before = pages.get(page)
  pages.set(page, since)
  return before
}

type OpenPage = {
  readonly slot: Slot<TickPage>
  readonly key: Pick<TickPage, 'pool' | 'page' | 'since'>
  readonly ticks: Map<number, TickSums>
}

function foldTickPages({ documents }: FoldInput): Fold<LiquidityChange> {
  const spans = new Map<Address, { readonly slot: Slot<TickSpan>; readonly span: Span }>()
  const pages = new Map<string, OpenPage>()

  function spanOf(pool: Address, number: number): Span {
    let open = spans.get(pool)
    if (!open) {
      const slot = documents.slot(tickSpanDocuments, [pool])
      open = { slot, span: openSpan(documents, pool, number) }
      spans.set(pool, open)
    }
    return open.span
  }

  function pageAt(pool: Address, page: number, since: number): OpenPage {
    const text = `${pool} ${page} ${since}`
    let open = pages.get(text)
    if (!open) {
      const slot = documents.slot(tickPageDocuments, [pool, page, since])
      open = { slot, key: { pool, page, since }, ticks: decodeTicks(slot.value?.ticks ?? '') }
      pages.set(text, open)
    }
    return open
  }

  /** The page to change: of this span, with what the one before left. */
  function change(span: Span, pool: Address, page: number, block: BlockRef): OpenPage {
    const before = touchPage(span, page)
    const open = pageAt(pool, page, span.since)
    if (before !== undefined && before !== span.since) {
      open.ticks.clear()
      for (const [index, sums] of pageAt(pool, page, before).ticks) open.ticks.set(index, sums)
    }
    open.slot.changedAt = block
    return open
  }

  function apply({ address, body, block }: ChainEvent<LiquidityChange>): void {
    if (!isOfV3(body)) return
    // Of a pool whose past is unknown, the sums would be of no use.
    const pool = documents.slot(poolDocuments, [address]).value
    if (!pool || pool.createdBlock === null) return
    const span = spanOf(address, block.number)
    const full = enterBlock(span, block.number)
    if (full !== undefined) {
      const slot = documents.slot(tickCheckpointDocuments, [address, full])
      slot.value = { pool: address, number: full, pages: encodePages(span.pages) }
      slot.changedAt = block
    }
    documents.slot(tickSpanDocuments, [address]).changedAt = block
    for (const { index, gross, net } of tickMoves(body))
      moveTick(change(span, address, pageOfTick(index), block).ticks, index, gross, net)
  }

  return {
    apply,
    finish() {
      for (const { slot, key, ticks } of pages.values())
        if (slot.changedAt) slot.value = { ...key, ticks: encodeTicks(ticks) }
      for (const [pool, { slot, span }] of spans)
        slot.value = { ...span, pool, pages: encodePages(span.pages) }
      pages.clear()
      spans.clear()
    },
  }
}
