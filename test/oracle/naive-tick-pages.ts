/** An event of a position, in the order of the chain; `more` is 0 where it only takes out tokens. */
export type PositionEvent = {
  readonly number: number
  readonly lower: number
  readonly upper: number
  readonly more: bigint
}

/** Events of a span, and ticks of a page. */
const SPAN = 1_000
const PAGE = 4_096

/**
 * Pages of ticks, spans and checkpoints of a pool, computed the slow way: every page from the pool's first event on.
 */
export function naiveTickPages(
  pool: string,
  events: readonly PositionEvent[],
): { readonly kind: string; readonly value: object }[] {
  const spans: PositionEvent[][] = []
  for (const event of events) {
    const current = spans.at(-1)
    if (!current || (current.length >= SPAN && current.at(-1)?.number !== event.number))
      spans.push([event])
    else current.push(event)
  }
  const documents: { kind: string; value: object }[] = []
  const newest = new Map<number, number>()
  let count = 0
  for (const [index, span] of spans.entries()) {
    const since = span[0]?.number ?? 0
    const last = span.at(-1)?.number ?? 0
    count += span.length
    const before = events.slice(0, count)
    const changed = span.flatMap(({ more, lower, upper }) => (more === 0n ? [] : [lower, upper]))
    for (const page of new Set(changed.map((tick) => Math.floor(tick / PAGE)))) {
      newest.set(page, since)
      documents.push({
        kind: 'tickPage',
        value: { pool, page, since, ticks: pageText(page, before) },
      })
    }
    const pages = [...newest]
      .toSorted(([a], [b]) => a - b)
      .map((each) => each.join(':'))
      .join(' ')
    if (index === spans.length - 1)
      documents.push({ kind: 'tickSpan', value: { pool, since, last, events: span.length, pages } })
    else documents.push({ kind: 'tickCheckpoint', value: { pool, number: last, pages } })
  }
  return documents
}

function pageText(page: number, events: readonly PositionEvent[]): string {
  const ticks = new Map<number, { gross: bigint; net: bigint }>()
  for (const { lower, upper, more } of events)
    for (const [index, net] of [
      [lower, more],
      [upper, -more],
    ] as const) {
      const tick = ticks.get(index) ?? { gross: 0n, net: 0n }
      const gross = tick.gross + more
      // A page knows nothing of a tick that no position is left at.
      if (gross <= 0n) ticks.delete(index)
      else ticks.set(index, { gross, net: tick.net + net })
    }
  return [...ticks]
    .filter(([index]) => Math.floor(index / PAGE) === page)
    .toSorted(([a], [b]) => a - b)
    .map(([index, { gross, net }]) => `${index}:${gross.toString(16)}:${net.toString(16)}`)
    .join(' ')
}
