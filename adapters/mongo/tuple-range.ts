import type { Key, KeyPart } from '#core/history/document.ts'
import { partOf, type Stored } from './codec.ts'

/** A walk over tuples of fields: the bounds of a `Scan` (see the port), and where to resume. */
export type TupleRange = {
  readonly prefix?: Key | undefined
  readonly from?: Key | undefined
  readonly to?: Key | undefined
  readonly after?: Key | undefined
  readonly descending?: boolean | undefined
}

/** One end: a shorter key stands for all that begins with it; an open end leaves them out. */
type End = { readonly key: Key; readonly isOpen: boolean }

/**
 * A range of tuples as conditions for `$or`. MongoDB has no row comparison, so the range is cut where its ends branch
 * off: each piece fixes some fields, bounds the next one, and is one range of the compound index; pieces do not
 * overlap, so that the server can merge them in order without sorting. None where the range is empty.
 *
 * @example (a, b) from (1, 5): [{ a: 1, b: { $gte: 5 } }, { a: { $gt: 1 } }]
 */
export function tupleConditions(fields: readonly string[], range: TupleRange): Stored[] {
  const { prefix = [], from = [], to = [], after, descending } = range
  let low: End = { key: [...prefix, ...from], isOpen: false }
  let high: End = { key: [...prefix, ...to], isOpen: false }
  if (after && descending) {
    if (compare(after, high.key) <= 0) high = { key: after, isOpen: true }
  } else if (after && compare(after, low.key) >= 0) {
    low = { key: after, isOpen: true }
  }
  return compare(low.key, high.key) > 0 ? [] : cut(fields, {}, low, high)
}

/** The part of the range within `fixed`, the values that all its tuples begin with. */
function cut(fields: readonly string[], fixed: Stored, low?: End, high?: End): Stored[] {
  const depth = Object.keys(fixed).length
  if (endsOpen(low, depth) || endsOpen(high, depth)) return []
  const least = low?.key[depth]
  const most = high?.key[depth]
  if (least === undefined && most === undefined) return [fixed]
  const field = fields[depth] as string
  if (least === most) return cut(fields, { ...fixed, [field]: partOf(least as KeyPart) }, low, high)

  const pieces: Stored[] = []
  const between: Stored = {}
  if (low && least !== undefined) {
    const isLast = low.key.length === depth + 1
    between[isLast && !low.isOpen ? '$gte' : '$gt'] = partOf(least)
    if (!isLast) pieces.push(...cut(fields, { ...fixed, [field]: partOf(least) }, low))
  }
  pieces.push({ ...fixed, [field]: between })
  if (high && most !== undefined) {
    const isLast = high.key.length === depth + 1
    between[isLast && !high.isOpen ? '$lte' : '$lt'] = partOf(most)
    if (!isLast) pieces.push(...cut(fields, { ...fixed, [field]: partOf(most) }, undefined, high))
  }
  return pieces
}

const endsOpen = (end: End | undefined, depth: number): boolean =>
  end !== undefined && end.isOpen && end.key.length === depth

/** Compares as far as the shorter key goes. */
function compare(a: Key, b: Key): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [left, right] = [a[index] as KeyPart, b[index] as KeyPart]
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

/** A filter for rows that match `common` and lie in the range; undefined where none can. */
export function rangeFilter(
  common: Stored,
  fields: readonly string[],
  range: TupleRange,
): Stored | undefined {
  const pieces = tupleConditions(fields, range).map((piece) => ({ ...common, ...piece }))
  return pieces.length > 1 ? { $or: pieces } : pieces[0]
}
