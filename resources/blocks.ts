import type { BlockRange, BlockRef } from '#core/chain.ts'
import { column, field, hash, int, resource, time } from './resource.ts'

/** A block that something happened in, or that an answer is true at. */
export const block = resource<BlockRef & { readonly timestamp: number }>('Block', undefined, {
  number: field(int, ({ number }) => number),
  hash: field(hash, (of) => of.hash),
  timestamp: column(
    'timestamp',
    field(time, ({ timestamp }) => timestamp, 'Seconds since 1970.'),
  ),
})

export const quoteBlock = resource<BlockRef>(
  'QuoteBlock',
  'The block that a quote is of, which need not be that of other fields of the answer.',
  {
    number: field(int, ({ number }) => number),
    hash: field(hash, (of) => of.hash),
  },
)

export const blockRange = resource<BlockRange>('BlockRange', 'Block numbers, both included.', {
  from: field(int, ({ from }) => from),
  to: field(int, ({ to }) => to),
})
