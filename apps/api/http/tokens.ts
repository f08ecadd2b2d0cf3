import { listTokens } from '#core/dex/list-tokens.ts'
import { addressCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { swapContractsOf } from '#api/swap-contracts.ts'
import { swapContracts as contracts } from '#resources/swap-contracts.ts'
import { token } from '#resources/tokens.ts'
import { endpoint } from './endpoint.ts'
import { after, limit } from './parameters.ts'
import type { RouteOf } from './route.ts'

/** Tokens that have a pool, in their own words. */
export const tokens: RouteOf = (api) =>
  endpoint({
    path: '/v1/tokens',
    id: 'listTokens',
    summary: 'Tokens that have a pool, by address, in their own words.',
    returns: { page: token },
    example: () => ({ limit: '2' }),
    parameters: {
      limit: limit(PAGE_DEFAULT, PAGE_MAX),
      after: after(addressCursor).optional(),
    },
    async answer(ports, view, input) {
      const { items, hasMore } = await listTokens(ports, view, api.config.quotes.pools, {
        limit: input.limit,
        ...(input.after && { after: input.after }),
      })
      const last = items.at(-1)
      return {
        items,
        nextCursor: hasMore && last ? addressCursor.encode(last) : null,
      }
    },
  })(api)

/** The addresses that a client needs to trade with quotes: of the configuration, at any block the same. */
export const swapContracts: RouteOf = (api) =>
  endpoint({
    path: '/v1/swaps/contracts',
    id: 'readSwapContracts',
    summary: 'The addresses that a client needs to trade with quotes.',
    parameters: {},
    returns: { item: contracts },
    async answer() {
      return { item: swapContractsOf(api.config) }
    },
  })(api)
