import SchemaBuilder from '@pothos/core'
import DataloaderPlugin from '@pothos/plugin-dataloader'
import RelayPlugin from '@pothos/plugin-relay'
import type { Address, Hash } from '#core/chain.ts'
import type { GraphqlContext } from './context.ts'

type Types = {
  Context: GraphqlContext
  DefaultEdgesNullability: false
  DefaultNodeNullability: false
  Scalars: {
    Address: { Input: Address; Output: Address }
    BigInt: { Input: bigint; Output: bigint }
    Decimal: { Input: string; Output: string }
    Hash: { Input: Hash; Output: Hash }
    Timestamp: { Input: number; Output: number }
  }
}

export const builder = new SchemaBuilder<Types>({
  plugins: [RelayPlugin, DataloaderPlugin],
  // Resources are named by what they are on the chain, so there is no global id.
  relay: {
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodesOnConnection: { description: 'The items without their cursors.' },
    edgesFieldOptions: { nullable: false },
    nodeFieldOptions: { nullable: false },
  },
})

builder.queryType({})
builder.mutationType({})
builder.subscriptionType({})
