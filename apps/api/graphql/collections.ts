import { collection } from '#resources/collections.ts'
import { builder } from './builder.ts'
import { typeOf } from './resources.ts'

const Collection = typeOf(collection)

/** `Query.collection` */
export function addCollections(): void {
  builder.queryField('collection', (t) =>
    t.field({
      type: Collection,
      nullable: false,
      description: 'An indexed collection of NFTs as a whole.',
      args: { address: t.arg({ type: 'Address', required: true }) },
      async resolve(_root, { address }, context) {
        const summaries = await context.summaries()
        return summaries.read(context.view(), address)
      },
    }),
  )
}
