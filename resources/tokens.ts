import type { Address } from '#core/chain.ts'
import type { TokenInfo } from '#core/dex/ports.ts'
import { address, field, int, joined, resource, text } from './resource.ts'

const self = (token: Address): readonly Address[] => [token]

/** Made from its address alone: who asks for no more makes no call to the chain. */
export const token = resource<Address>(
  'Token',
  'An ERC-20 contract, in its own words: asked of the chain while the query is answered, and no proof of anything. ' +
    'Null where it does not answer, not with anything usable, or where the chain cannot be asked.',
  {
    address: field(address, (of) => of),
    symbol: joined(text, self, (_of, [info]) => info?.symbol ?? null),
    name: joined(text, self, (_of, [info]) => info?.name ?? null),
    decimals: joined(int, self, (_of, [info]) => info?.decimals ?? null, 'From 0 to 36.'),
  },
  (of) => of,
)

/** How many decimals amounts of both tokens have; undefined where that is not known of one. */
export type PoolDecimals = readonly [decimals0: number, decimals1: number] | undefined

export const decimalsOf = (
  token0: TokenInfo | undefined,
  token1: TokenInfo | undefined,
): PoolDecimals => {
  if (token0?.decimals == null || token1?.decimals == null) return undefined
  return [token0.decimals, token1.decimals]
}
