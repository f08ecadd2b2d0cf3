import { withChecksum } from './checksum.ts'
import { invalidField } from './errors.ts'

export type Hex = `0x${string}`
/** 20 bytes, lower-case hex. */
export type Address = Hex
/** 32 bytes, lower-case hex. */
export type Hash = Hex

/** A block named by its place and its content. */
export type BlockRef = { readonly number: number; readonly hash: Hash }

/** What Halyard keeps of every block that it has proven. `timestamp` in seconds since 1970. */
export type BlockHeader = BlockRef & { readonly parentHash: Hash; readonly timestamp: number }

/** Block numbers, both ends included. */
export type BlockRange = { readonly from: number; readonly to: number }

export const ZERO_ADDRESS: Address = '0x0000000000000000000000000000000000000000'

const ADDRESS = /^0x[0-9a-fA-F]{40}$/
const HASH = /^0x[0-9a-fA-F]{64}$/

export const isAddress = (text: string): boolean => ADDRESS.test(text)
export const isHash = (text: string): boolean => HASH.test(text)

/**
 * What is wrong with a text that should be an address; undefined for one that is right. Letters of one case carry no
 * checksum; letters of both cases are those of EIP-55, or a character is mistyped.
 */
export function addressFault(text: string): string | undefined {
  if (!isAddress(text)) return 'not an address (0x and 40 hex digits)'
  const digits = text.slice(2)
  if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return undefined
  const right = withChecksum(text)
  return text === right
    ? undefined
    : `its checksum is wrong (EIP-55): look for a mistyped character; with these digits it would be ${right}`
}

/** @throws AppError `invalid` naming `field` when `text` is not 20 bytes of hex, or has a wrong checksum. */
export function parseAddress(text: string, field: string): Address {
  const fault = addressFault(text)
  if (fault !== undefined) throw invalidField(field, `"${text}": ${fault}`)
  return text.toLowerCase() as Address
}

/**
 * The same blocks as sorted ranges that neither touch nor overlap.
 *
 * @example mergeRanges([{from: 5, to: 6}, {from: 1, to: 4}]) // [{from: 1, to: 6}]
 */
export function mergeRanges(ranges: readonly BlockRange[]): BlockRange[] {
  const merged: BlockRange[] = []
  for (const range of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && range.from <= last.to + 1) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) }
    } else {
      merged.push({ from: range.from, to: range.to })
    }
  }
  return merged
}

/** The blocks of `ranges` that are not in `covered`; both may be in any order, the result is merged. */
export function subtractRanges(
  ranges: readonly BlockRange[],
  covered: readonly BlockRange[],
): BlockRange[] {
  const rest: BlockRange[] = []
  const done = mergeRanges(covered)
  for (const range of mergeRanges(ranges)) {
    let from = range.from
    for (const hole of done) {
      if (hole.to < from || hole.from > range.to) continue
      if (hole.from > from) rest.push({ from, to: hole.from - 1 })
      from = hole.to + 1
    }
    if (from <= range.to) rest.push({ from, to: range.to })
  }
  return rest
}

/** What of each of these ranges lies in one of the others; in the order of the ranges. */
export const intersectRanges = (
  ranges: readonly BlockRange[],
  others: readonly BlockRange[],
): BlockRange[] =>
  ranges.flatMap((range) =>
    others
      .map(({ from, to }) => ({ from: Math.max(from, range.from), to: Math.min(to, range.to) }))
      .filter(({ from, to }) => from <= to),
  )

/** The first of these ranges that has a block. */
export const rangeWith = <R extends BlockRange>(
  ranges: readonly R[],
  number: number,
): R | undefined => ranges.find(({ from, to }) => from <= number && number <= to)

export const countBlocks = (ranges: readonly BlockRange[]): number =>
  ranges.reduce((sum, range) => sum + range.to - range.from + 1, 0)
