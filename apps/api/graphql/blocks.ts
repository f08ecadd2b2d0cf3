import type { BlockRef } from '#core/chain.ts'
import { builder } from './builder.ts'

/** A block that something happened in, or that an answer is true at. */
export const Block = builder.objectRef<BlockRef & { readonly timestamp: number }>('Block')

Block.implement({
  fields: (t) => ({
    number: t.exposeInt('number', { nullable: false }),
    hash: t.expose('hash', { type: 'Hash', nullable: false }),
    timestamp: t.expose('timestamp', {
      type: 'Timestamp',
      nullable: false,
      description: 'Seconds since 1970.',
    }),
  }),
})
