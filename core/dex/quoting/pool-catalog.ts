import type { Address } from '#core/chain.ts'
import { mapConcurrent } from '#core/concurrent.ts'
import type { View } from '#core/history/head.ts'
import { readDocuments, type ResolvePorts, scanDocuments } from '#core/history/resolve.ts'
import { type Pool, poolDocuments, protocolOf } from '#core/dex/pool.ts'
import type { PoolTerms } from '#core/dex/ports.ts'

/** With no more pools than this, every quote looks at all of them. */
const ALL_POOLS_MAX = 500
/** Of a token's pools, so many are looked at, and the busiest kept. */
const TOKEN_POOLS_READ = 1_000
const TOKEN_POOLS_KEPT = 100
/** Of the pools of two tokens; more than there are fees to tell them apart by. */
const PAIR_POOLS_READ = 50
const SCANS_AT_ONCE = 8

/** What of a pool never changes. */
export const termsOf = (pool: Pool): PoolTerms => ({
  id: pool.address,
  protocol: protocolOf(pool),
  token0: pool.token0,
  token1: pool.token1,
  feePips: pool.feePips,
  tickSpacing: pool.tickSpacing,
  origin: pool.factory,
  ...(pool.hooks !== null && { isHooked: true }),
})

/** Every pool of the view; undefined where there are more than `ALL_POOLS_MAX`. */
export async function readAllPools(
  ports: ResolvePorts,
  view: View,
): Promise<PoolTerms[] | undefined> {
  const limit = ALL_POOLS_MAX + 1
  const pools = await scanDocuments(ports, view, poolDocuments, {
    order: 'identity',
    prefix: [],
    limit,
  })
  return pools.length === limit ? undefined : pools.map(termsOf)
}

/**
 * Pools that routes between two tokens are likely to take: those of the tokens to one another, to the hubs and to
 * tokens that both have pools with, and those between hubs. Busiest first where there are too many.
 *
 * Of a token with thousands of pools only some are looked at for such neighbours. So those between the tokens and the
 * hubs are also asked for pair by pair.
 */
export async function readPoolsBetween(
  ports: ResolvePorts,
  view: View,
  tokenIn: Address,
  tokenOut: Address,
  hubs: readonly Address[],
): Promise<PoolTerms[]> {
  const ends = [tokenIn, tokenOut]
  const anchors = [...ends, ...hubs.filter((hub) => !ends.includes(hub))]
  const [ofIn = [], ofOut = [], ...ofHubs] = await mapConcurrent(anchors, SCANS_AT_ONCE, (token) =>
    poolsOf(ports, view, token),
  )
  const pairs = anchors.flatMap((a, index) =>
    anchors.slice(index + 1).map((b) => (a < b ? [a, b] : [b, a])),
  )
  const ofPairs = await mapConcurrent(pairs, SCANS_AT_ONCE, (prefix) =>
    scanDocuments(ports, view, poolDocuments, {
      order: 'byTokens',
      prefix,
      limit: PAIR_POOLS_READ,
    }),
  )
  const neighbours = (pools: readonly Pool[], token: Address): Set<Address> =>
    new Set(pools.map((pool) => otherToken(pool, token)))
  const [nextToIn, nextToOut] = [neighbours(ofIn, tokenIn), neighbours(ofOut, tokenOut)]
  const passed = new Set([...hubs, ...ends, ...[...nextToIn].filter((each) => nextToOut.has(each))])
  const found = new Map<Address, Pool>()
  for (const pool of [...ofIn, ...ofOut, ...ofHubs.flat(), ...ofPairs.flat()])
    if (passed.has(pool.token0) && passed.has(pool.token1)) found.set(pool.address, pool)
  return [...found.values()].toSorted(byTrades).slice(0, ALL_POOLS_MAX).map(termsOf)
}

/** Pools by id, in the order asked; undefined where the view has none. */
export async function readPools(
  ports: ResolvePorts,
  view: View,
  ids: readonly string[],
): Promise<(PoolTerms | undefined)[]> {
  const pools = await readDocuments(
    ports,
    view,
    poolDocuments,
    ids.map((id) => [id]),
  )
  return pools.map((pool) => pool && termsOf(pool))
}

async function poolsOf(ports: ResolvePorts, view: View, token: Address): Promise<Pool[]> {
  const sides = await Promise.all(
    (['byToken0', 'byToken1'] as const).map((order) =>
      scanDocuments(ports, view, poolDocuments, {
        order,
        prefix: [token],
        limit: TOKEN_POOLS_READ,
      }),
    ),
  )
  return sides.flat().toSorted(byTrades).slice(0, TOKEN_POOLS_KEPT)
}

const byTrades = (a: Pool, b: Pool): number =>
  b.swapCount - a.swapCount || (a.address < b.address ? -1 : 1)

const otherToken = (pool: Pool, token: Address): Address =>
  pool.token0 === token ? pool.token1 : pool.token0
