import type { BlockRange } from '#core/chain.ts'
import { combineDigest } from '#core/history/digest.ts'
import type { View } from '#core/history/head.ts'
import { finalizedOf } from '#api/status.ts'
import { Block } from './blocks.ts'
import { builder } from './builder.ts'

const Range = builder.objectRef<BlockRange>('BlockRange')

Range.implement({
  description: 'Block numbers, both included.',
  fields: (t) => ({
    from: t.exposeInt('from', { nullable: false }),
    to: t.exposeInt('to', { nullable: false }),
  }),
})

const Meta = builder.objectRef<View>('Meta')

Meta.implement({
  description: 'What the whole answer stands on.',
  fields: (t) => ({
    block: t.field({
      type: Block,
      nullable: false,
      description: 'Everything in the answer that is stored is as of this block.',
      resolve: ({ head }) => head,
    }),
    lag: t.int({
      description:
        'Blocks behind the newest of the chain; null while the chain cannot be asked, or is another one.',
      resolve: async (_view, _args, { status }) => (await status()).lag.blocks,
    }),
    lagSeconds: t.int({
      nullable: false,
      description: 'Age of the block; 0 while it is the newest of the chain.',
      resolve: async (_view, _args, { status }) => (await status()).lag.seconds,
    }),
    chainAgeSeconds: t.int({
      description:
        'Age of the newest block of the chain, which grows where its nodes stand still; null while the chain cannot be asked.',
      resolve: async (_view, _args, { status }) => (await status()).chainAgeSeconds,
    }),
    finalized: t.int({
      description: 'The newest indexed block that cannot change any more.',
      resolve: ({ head }) => finalizedOf(head),
    }),
    digest: t.field({
      type: 'Hash',
      nullable: false,
      description: 'Equal wherever the same blocks of the same sources were indexed.',
      resolve: ({ head }, _args, { ports }) => combineDigest(ports.sha256, head.digest),
    }),
    coverage: t.field({
      type: [Range],
      nullable: false,
      description: 'Every block indexed.',
      resolve: ({ head }) => head.coverage,
    }),
  }),
})

/** `Query._meta` */
export function addMeta(): void {
  builder.queryField('_meta', (t) =>
    t.field({ type: Meta, nullable: false, resolve: (_root, _args, { view }) => view() }),
  )
}
