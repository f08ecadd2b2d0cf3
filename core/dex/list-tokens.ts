import type { Address } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import { type ResolvePorts, scanDocuments } from '#core/history/resolve.ts'
import { type Page, pageOf } from '#core/page.ts'
import { poolDocuments } from './pool.ts'

export type TokenQuery = {
  /** The page begins behind this address. */
  readonly after?: Address
  readonly limit: number
}

/** Pools that are read at once; of a token with more of them the rest is skipped. */
const POOLS_READ = 200
/** Comes after every pool, also after one that is named by 32 bytes. */
const LAST_POOL = `0x${'f'.repeat(64)}`

/** Tokens that have a pool, by address: those of the view's pools, and of `others` (pools that no event tells of). */
export async function listTokens(
  ports: ResolvePorts,
  view: View,
  others: readonly { readonly token0: Address; readonly token1: Address }[],
  { after, limit }: TokenQuery,
): Promise<Page<Address>> {
  const listed = others
    .flatMap(({ token0, token1 }) => [token0, token1])
    .filter((token) => after === undefined || token > after)
  const sides = await Promise.all(
    (['byToken0', 'byToken1'] as const).map((order) =>
      tokensOf(ports, view, order, { ...(after && { after }), limit: limit + 1 }),
    ),
  )
  return pageOf([...new Set([...listed, ...sides.flat()])].toSorted(), limit)
}

/** Tokens on one side of pools: each is read once or a few times, however many pools it has. */
async function tokensOf(
  ports: ResolvePorts,
  view: View,
  order: 'byToken0' | 'byToken1',
  { after, limit }: TokenQuery,
): Promise<Address[]> {
  const side = order === 'byToken0' ? 'token0' : 'token1'
  const tokens: Address[] = []
  let last = after
  while (tokens.length < limit) {
    // oxlint-disable-next-line no-await-in-loop -- where the next token begins is known from those before
    const pools = await scanDocuments(ports, view, poolDocuments, {
      order,
      prefix: [],
      limit: POOLS_READ,
      ...(last && { after: [last, LAST_POOL] }),
    })
    for (const pool of pools) {
      if (pool[side] !== last) tokens.push(pool[side])
      last = pool[side]
    }
    if (pools.length < POOLS_READ) break
  }
  return tokens.slice(0, limit)
}
