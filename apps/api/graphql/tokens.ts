import type { Address } from '#core/chain.ts'
import { builder } from './builder.ts'

/** Known by its address alone: a query that asks for no more makes no call to the chain. */
export const Token = builder.objectRef<Address>('Token')

Token.implement({
  description:
    'An ERC-20 contract, in its own words: asked of the chain while the query is answered, and no proof of anything. ' +
    'Null where it does not answer, not with anything usable, or where the chain cannot be asked.',
  fields: (t) => ({
    address: t.field({ type: 'Address', nullable: false, resolve: (address) => address }),
    symbol: t.string({
      resolve: async (address, _args, { tokens }) => (await tokens.load(address)).symbol,
    }),
    name: t.string({
      resolve: async (address, _args, { tokens }) => (await tokens.load(address)).name,
    }),
    decimals: t.int({
      description: 'From 0 to 36.',
      resolve: async (address, _args, { tokens }) => (await tokens.load(address)).decimals,
    }),
  }),
})
