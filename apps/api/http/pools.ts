import { listPools } from '#core/dex/list-pools.ts'
import { readPool } from '#core/dex/read-pool.ts'
import { addressCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { QUOTE_POINTS } from '#api/rate-limit.ts'
import { pool as resource } from '#resources/pools.ts'
import { quotability } from '#resources/quotability.ts'
import { endpoint } from './endpoint.ts'
import { address, poolAddress, after, limit } from './parameters.ts'

export const pools = endpoint({
  path: '/v1/pools',
  id: 'listPools',
  summary: 'Pools by address, all of them or those of a token.',
  returns: { page: resource },
  example: ({ token }) => ({ token, limit: '2' }),
  parameters: {
    token: address.optional().describe('Only pools of this token.'),
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
    return {
      items,
      nextCursor: hasMore && last ? addressCursor.encode(last.address) : null,
    }
  },
})

export const pool = endpoint({
  path: '/v1/pools/:address',
  id: 'readPool',
  summary: 'One pool.',
  returns: { item: resource },
  refuses: [{ status: 404, when: 'The pool is not indexed.' }],
  example: (of) => ({ address: of.pool }),
  parameters: { address: poolAddress },
  async answer(ports, view, input) {
    const found = await readPool(ports, view, input.address)
    return { item: found }
  },
})

/** Asks the chain, so it costs what a quote costs. */
export const quotablePool = endpoint({
  path: '/v1/pools/:address/quotable',
  id: 'readQuotable',
  summary: 'Whether quotes go through a pool at the newest block of the chain, and why not.',
  returns: { item: quotability },
  refuses: [{ status: 404, when: 'The pool is not indexed.' }],
  example: (of) => ({ address: of.pool }),
  parameters: { address: poolAddress },
  points: QUOTE_POINTS,
  async answer({ quoter }, _view, input) {
    return { item: await quoter.quotableNow(input.address), isLive: true }
  },
})
