import type { Address } from '#core/chain.ts'
import { documentSpec } from '#core/history/document.ts'
import type { NamedVersion } from '#core/history/versions.ts'

/**
 * The ticks of V3 pools as they were, in pages, so that a past block costs about as much to read as the newest one.
 *
 * The events of a pool's positions are cut into spans of about `SPAN_EVENTS_MAX`. A page is written anew in each span that
 * changes it and in no other: what a span did not touch is still the page of an older one. A checkpoint says at the end of
 * a span which pages those are. A past block is the newest checkpoint at or below it, its pages, and the events since.
 */

/** Ticks of a page. A pool has at most 434 pages, and a position changes two at most. */
const PAGE_TICKS = 4_096

/** After so many events of its positions a pool's next span begins, with the next block that has one. */
export const SPAN_EVENTS_MAX = 1_000

/** The page of a tick. */
export const pageOfTick = (tick: number): number => Math.floor(tick / PAGE_TICKS)

/** Initialised ticks of a page at the end of the span that begins at block `since`, or as far as that span has come. */
export type TickPage = {
  readonly pool: Address
  readonly page: number
  readonly since: number
  /** See `encodeTicks`. */
  readonly ticks: string
}

/** The span that a pool is in. */
export type TickSpan = {
  readonly pool: Address
  /** Its first block. */
  readonly since: number
  /** The block of its newest event. */
  readonly last: number
  readonly events: number
  /** All of the pool's pages as they are now; see `encodePages`. */
  readonly pages: string
}

/** The pages of a pool after block `number`, in which a span ended. */
export type TickCheckpoint = {
  readonly pool: Address
  readonly number: number
  readonly pages: string
}

/** Raised with what the fold makes of the same events, see `Projection.version`. */
export const tickPagesVersion: NamedVersion = { name: 'tickPages', version: 1 }

export const tickPageDocuments = documentSpec<TickPage>({
  kind: 'tickPage',
  plural: 'tickPages',
  projection: tickPagesVersion,
  identity: ['pool', 'page', 'since'],
  fields: { pool: 'hex', page: 'int', since: 'int', ticks: 'text' },
})

export const tickSpanDocuments = documentSpec<TickSpan>({
  kind: 'tickSpan',
  plural: 'tickSpans',
  projection: tickPagesVersion,
  identity: ['pool'],
  fields: { pool: 'hex', since: 'int', last: 'int', events: 'int', pages: 'text' },
})

export const tickCheckpointDocuments = documentSpec<TickCheckpoint>({
  kind: 'tickCheckpoint',
  plural: 'tickCheckpoints',
  projection: tickPagesVersion,
  identity: ['pool', 'number'],
  fields: { pool: 'hex', number: 'int', pages: 'text' },
})

/** What positions add up to at a tick; see `Tick`. */
export type TickSums = { readonly gross: bigint; readonly net: bigint }

/** `index:gross:net` of each tick that has any, ascending, the sums in hexadecimal digits. */
export const encodeTicks = (ticks: ReadonlyMap<number, TickSums>): string =>
  [...ticks]
    .filter(([, { gross }]) => gross !== 0n)
    .toSorted(([a], [b]) => a - b)
    .map(([index, { gross, net }]) => `${index}:${gross.toString(16)}:${net.toString(16)}`)
    .join(' ')

/** The ticks that `encodeTicks` wrote. */
export const decodeTicks = (text: string): Map<number, TickSums> =>
  new Map(
    wordsOf(text).map((word) => {
      const [index = '', gross = '', net = ''] = word.split(':')
      return [Number(index), { gross: toBigint(gross), net: toBigint(net) }]
    }),
  )

/** `page:since` of each page, ascending: the span that it was last changed in. */
export const encodePages = (pages: ReadonlyMap<number, number>): string =>
  [...pages]
    .toSorted(([a], [b]) => a - b)
    .map(([page, since]) => `${page}:${since}`)
    .join(' ')

/** The pages that `encodePages` wrote. */
export const decodePages = (text: string): Map<number, number> =>
  new Map(wordsOf(text).map((word) => word.split(':').map(Number) as [number, number]))

const wordsOf = (text: string): string[] => (text === '' ? [] : text.split(' '))

const toBigint = (hex: string): bigint =>
  hex.startsWith('-') ? -BigInt(`0x${hex.slice(1)}`) : BigInt(`0x${hex}`)

/**
 * Adds to a tick what a position does that begins or ends there. A tick that nothing is left of begins anew with the next
 * position, as it does where it was stored in between: more is taken out than was put in where blocks are missing.
 */
export function moveTick(
  ticks: Map<number, TickSums>,
  index: number,
  gross: bigint,
  net: bigint,
): void {
  const before = ticks.get(index) ?? NO_SUMS
  const sum = before.gross + gross
  if (sum <= 0n) ticks.delete(index)
  else ticks.set(index, { gross: sum, net: before.net + net })
}

const NO_SUMS: TickSums = { gross: 0n, net: 0n }
