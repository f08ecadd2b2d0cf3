import { invalidField } from './errors.ts'

/** A page of a list, and whether the list goes on behind it. */
export type Page<T, P = T> = {
  readonly items: readonly T[]
  readonly hasMore: boolean
  /** What was looked at last, where the page ended before it was full: little of much is listed. */
  readonly behind?: P
}

/** What the list goes on behind; undefined where nothing is left. */
export const endOf = <T, P>({ items, hasMore, behind }: Page<T, P>): T | P | undefined =>
  hasMore ? (behind ?? items.at(-1)) : undefined

/** One item more is read than asked for, to know whether there is another page. */
export const pageOf = <T>(items: readonly T[], limit: number): Page<T> => ({
  items: items.slice(0, limit),
  hasMore: items.length > limit,
})

/** @throws AppError `invalid` naming both fields when the range is inverted */
export function refuseInverted(
  from: { readonly field: string; readonly value: number | undefined },
  to: { readonly field: string; readonly value: number | undefined },
): void {
  if (from.value !== undefined && to.value !== undefined && from.value > to.value)
    throw invalidField(from.field, `${from.value} is above ${to.field}, ${to.value}; swap the two`)
}
