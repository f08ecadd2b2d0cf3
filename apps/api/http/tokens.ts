import { listTokens } from '#core/dex/list-tokens.ts'
import { addressCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { swapContractsOf } from '#api/swap-contracts.ts'
import { isComplete, readTokens } from '#api/tokens.ts'
import { endpoint } from './endpoint.ts'
import { after, limit } from './parameters.ts'
import type { RouteOf } from './route.ts'

/** Tokens that have a pool, in their own words. */
export const tokens: RouteOf = (api) =>
  endpoint({
    path: '/v1/tokens',
    parameters: {
      limit: limit(PAGE_DEFAULT, PAGE_MAX),
      after: after(addressCursor).optional(),
    },
    async answer(ports, view, input) {
      const { items, hasMore } = await listTokens(ports, view, api.config.quotes.pools, {
        limit: input.limit,
        ...(input.after && { after: input.after }),
      })
      const infos = await readTokens(ports, items)
      const last = items.at(-1)
      return {
        isLive: !infos.every(isComplete),
        items: infos,
        nextCursor: hasMore && last ? addressCursor.encode(last) : null,
      }
    },
  })(api)

/** The addresses that a client needs to trade with quotes. */
export const swapContracts: RouteOf = ({ config }) => ({
  path: '/v1/swaps/contracts',
  get(_req, res) {
    res.setHeader('cache-control', 'no-cache')
    res.json({ item: swapContractsOf(config) })
  },
})
