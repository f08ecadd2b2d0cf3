import { addressCursor } from '#api/cursors.ts'
import { holdersOf } from '#api/snapshot-page.ts'
import { snapshot, snapshotHolder } from '#resources/snapshots.ts'
import { builder } from './builder.ts'
import { forwardArgs, toConnection, toPageRequest } from './paging.ts'
import { typeOf } from './resources.ts'

const SnapshotHolderConnection = builder.connectionObject({
  type: typeOf(snapshotHolder),
  name: 'SnapshotHolderConnection',
})

const atArgs = builder.args((t) => ({
  collection: t.field({ type: 'Address', required: true }),
  at: t.int({ description: 'The block; the newest final one unless given.' }),
}))

/** `Query.snapshot` and `snapshotHolders` */
export function addSnapshots(): void {
  builder.queryFields((t) => ({
    snapshot: t.field({
      type: typeOf(snapshot),
      description: 'How many held a collection at a block, and the Merkle root over them.',
      args: atArgs,
      async resolve(_root, { collection, at }, context) {
        context.spend(1, 'collection')
        const snapshots = await context.snapshots()
        return snapshots.take(context.view(), { collection, ...(at != null && { at }) })
      },
    }),
    snapshotHolders: t.field({
      type: SnapshotHolderConnection,
      description:
        'Who held how much of a collection at a block, by address, each with its Merkle proof.',
      args: {
        ...atArgs,
        owner: t.arg({ type: 'Address', description: 'Only this account.' }),
        ...forwardArgs,
      },
      async resolve(_root, { collection, at, owner, ...args }, context) {
        const request = toPageRequest(args, addressCursor)
        context.spend(request.limit, request.argument)
        const snapshots = await context.snapshots()
        const taken = await snapshots.take(context.view(), {
          collection,
          ...(at != null && { at }),
        })
        const page = holdersOf(taken, {
          limit: request.limit,
          owner: owner ?? undefined,
          after: request.after,
        })
        return toConnection(page, request, (holder) => addressCursor.encode(holder.owner))
      },
    }),
  }))
}
