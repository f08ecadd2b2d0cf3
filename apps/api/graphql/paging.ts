import type { Page } from '#core/page.ts'
import { invalidField } from '#core/errors.ts'
import type { Cursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { BLOCK, faultText, wholeFrom } from '#api/words.ts'
import { builder } from './builder.ts'

/** The arguments of a list that is walked in one direction. */
export const forwardArgs = builder.args((t) => ({
  first: t.int({ description: `How many, from 1 to ${PAGE_MAX}; ${PAGE_DEFAULT} unless given.` }),
  after: t.string({ description: 'The page begins behind this cursor.' }),
}))

/** The arguments of a list that is walked either way. */
export const bothWaysArgs = builder.args((t) => ({
  first: t.int({ description: `How many, from 1 to ${PAGE_MAX}; ${PAGE_DEFAULT} unless given.` }),
  after: t.string({ description: 'The page begins behind this cursor.' }),
  last: t.int({ description: 'The same from the end of the list.' }),
  before: t.string({ description: 'The page ends before this cursor.' }),
}))

type Maybe<T> = T | null | undefined

export type PageArgs = {
  readonly first?: Maybe<number>
  readonly after?: Maybe<string>
  readonly last?: Maybe<number>
  readonly before?: Maybe<string>
}

/** A page that was asked for: so many behind a place, in the list's own order or against it. */
export type PageRequest<P> = {
  readonly limit: number
  readonly after?: P
  readonly isBackward: boolean
  /** The argument that says how many. */
  readonly argument: 'first' | 'last'
}

/** @throws AppError `invalid` naming the argument */
export function toPageRequest<P>(args: PageArgs, cursor: Cursor<P>): PageRequest<P> {
  const isBackward = args.last != null || (args.before != null && args.first == null)
  if (isBackward && (args.first != null || args.after != null))
    throw invalidField(
      'last',
      'last and before are for one direction, first and after for the other; leave out one of the pairs',
    )
  if (!isBackward && args.before != null)
    throw invalidField(
      'before',
      'it goes with last; give last in the place of first, or after in the place of before',
    )
  const argument = isBackward ? 'last' : 'first'
  const limit = bounded(args[argument], argument, PAGE_DEFAULT, PAGE_MAX)
  const text = isBackward ? args.before : args.after
  if (text == null) return { limit, isBackward, argument }
  const after = cursor.decode(text)
  if (after === undefined)
    throw invalidField(
      isBackward ? 'before' : 'after',
      'not a cursor of this list; take endCursor or startCursor of another page, or leave it out',
    )
  return { limit, isBackward, argument, after }
}

/** @throws AppError `invalid` naming the argument */
export function bounded(
  value: Maybe<number>,
  argument: string,
  fallback: number,
  max: number,
): number {
  if (value == null) return fallback
  if (value < 1 || value > max)
    throw invalidField(argument, faultText(wholeFrom(1, max, fallback), value))
  return value
}

/** A block that is named by an argument. @throws AppError `invalid` naming the argument */
export function blockOf(number: Maybe<number>, argument: string): number | undefined {
  if (number == null) return undefined
  if (number < 0) throw invalidField(argument, faultText(BLOCK, number))
  return number
}

export type Connection<T> = {
  readonly edges: { readonly node: T; readonly cursor: string }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

/** What a page that ended before it was full costs beside its rows: up to two thousand were looked at for it. */
const EARLY_END_ROWS = 1_000

/** @throws AppError `invalid` (`too-costly`) where a page of an operation has looked at more than is left to it */
export function chargeEarlyEnd(
  { behind }: Page<unknown, unknown>,
  { argument }: PageRequest<unknown>,
  { spend }: { spend(rows: number, argument: string): void },
): void {
  if (behind !== undefined) spend(EARLY_END_ROWS, argument)
}

/** The page as Relay has it, always in the list's own order. */
export function toConnection<T, P, E = T>(
  { items, hasMore, behind }: Page<T, E>,
  { isBackward, after }: PageRequest<P>,
  cursorOf: (item: T | E) => string,
): Connection<T> {
  const edges = items.map((node) => ({ node, cursor: cursorOf(node) }))
  if (isBackward) edges.reverse()
  // What a page begins behind is on the other side of it.
  const hasBehind = after !== undefined
  return {
    edges,
    pageInfo: {
      hasNextPage: isBackward ? hasBehind : hasMore,
      hasPreviousPage: isBackward ? hasMore : hasBehind,
      startCursor: edges[0]?.cursor ?? null,
      // The page may have looked at more than it gives.
      endCursor: behind ? cursorOf(behind) : (edges.at(-1)?.cursor ?? null),
    },
  }
}

/** The same of a list that is walked in one direction, and whose page may have looked at more than it gives. */
export function toOpenConnection<T, P>(
  { items, next }: { readonly items: readonly T[]; readonly next: P | undefined },
  request: PageRequest<P>,
  cursor: Cursor<P>,
  placeOf: (item: T) => P,
): Connection<T> {
  const page = { items, hasMore: next !== undefined }
  const { edges, pageInfo } = toConnection(page, request, (item) => cursor.encode(placeOf(item)))
  const endCursor = next === undefined ? pageInfo.endCursor : cursor.encode(next)
  return { edges, pageInfo: { ...pageInfo, endCursor } }
}
