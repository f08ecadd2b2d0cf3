import type { Address } from '#core/chain.ts'
import { listPools } from '#core/dex/list-pools.ts'
import type { Pool } from '#core/dex/pool.ts'
import type { TokenInfo } from '#core/dex/ports.ts'
import { readPool } from '#core/dex/read-pool.ts'
import { addressCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { priceOf } from '#api/prices.ts'
import { decimalsOf, isComplete, readTokens } from '#api/tokens.ts'
import type { Ports } from '#api/wire.ts'
import { endpoint } from './endpoint.ts'
import { address, after, limit } from './parameters.ts'

export const pools = endpoint({
  path: '/v1/pools',
  parameters: {
    token: address.optional(),
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(addressCursor).optional(),
  },
  async answer(ports, view, input) {
    const { items, hasMore } = await listPools(ports, view, {
      limit: input.limit,
      ...(input.token && { token: input.token }),
      ...(input.after && { after: input.after }),
    })
    const last = items.at(-1)
    const { described, isLive } = await describePools(ports, items)
    return {
      isLive,
      items: described,
      nextCursor: hasMore && last ? addressCursor.encode(last.address) : null,
    }
  },
})

export const pool = endpoint({
  path: '/v1/pools/:address',
  parameters: { address },
  async answer(ports, view, input) {
    const found = await readPool(ports, view, input.address)
    const { described, isLive } = await describePools(ports, [found])
    return { isLive, item: described[0] as object }
  },
})

/** Stored state joined with what the tokens say of themselves now. */
async function describePools(
  ports: Ports,
  found: readonly Pool[],
): Promise<{ readonly described: object[]; readonly isLive: boolean }> {
  const addresses = [...new Set(found.flatMap(({ token0, token1 }) => [token0, token1]))]
  const infos = await readTokens(ports, addresses)
  const tokens = new Map<Address, TokenInfo>(infos.map((info) => [info.address, info]))
  return {
    described: found.map((each) => toJson(each, tokens.get(each.token0), tokens.get(each.token1))),
    isLive: !infos.every(isComplete),
  }
}

const toJson = (
  found: Pool,
  token0: TokenInfo | undefined,
  token1: TokenInfo | undefined,
): object => ({
  address: found.address,
  protocol: found.protocol,
  factory: found.factory,
  token0,
  token1,
  feePips: found.feePips,
  tickSpacing: found.tickSpacing,
  createdBlock: found.createdBlock,
  createdAt: found.createdAt,
  reserve0: text(found.reserve0),
  reserve1: text(found.reserve1),
  sqrtPriceX96: text(found.sqrtPriceX96),
  tick: found.tick,
  liquidity: text(found.liquidity),
  price: priceOf(found, decimalsOf(token0, token1)),
  swapCount: found.swapCount,
  lastTradeAt: found.lastTradeAt,
})

const text = (value: bigint | null): string | null => (value === null ? null : value.toString())
