import { listTokens } from '#core/dex/list-tokens.ts'
import { addressCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { swapContractsOf } from '#api/swap-contracts.ts'
import { swapContracts as contracts } from '#resources/swap-contracts.ts'
import { token } from '#resources/tokens.ts'
import { endpoint } from './endpoint.ts'
import { after, limit } from './parameters.ts'

/** Tokens that have a pool, in their own words. */
export const tokens = endpoint({
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
    const { items, hasMore } = await listTokens(ports, view, ports.settings.quotes.pools, {
      limit: input.limit,
      ...(input.after && { after: input.after }),
    })
    const last = items.at(-1)
    return {
      items,
      nextCursor: hasMore && last ? addressCursor.encode(last) : null,
    }
  },
})

/** The addresses that a client needs to trade with quotes: of the configuration, at any block the same. */
export const swapContracts = endpoint({
  path: '/v1/swaps/contracts',
  id: 'readSwapContracts',
  summary: 'The addresses that a client needs to trade with quotes.',
  parameters: {},
  returns: { item: contracts },
  async answer({ settings }) {
    return { item: swapContractsOf(settings) }
  },
})
