import type { View } from '#core/history/head.ts'
import {
  findPosition,
  listPositions,
  listPositionsOfManager,
  type PositionQuery,
} from '#core/dex/positions/list-positions.ts'
import type { Position } from '#core/dex/positions/position.ts'
import { readPool } from '#core/dex/read-pool.ts'
import { endOf } from '#core/page.ts'
import { placeOfPosition, positionCursor, tokenIdCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import type { Ports } from '#api/wire.ts'
import { position as resource } from '#resources/positions.ts'
import { type Answer, endpoint } from './endpoint.ts'
import { address, poolAddress, after, limit, tokenId } from './parameters.ts'

const paging = {
  limit: limit(PAGE_DEFAULT, PAGE_MAX),
  after: after(positionCursor).optional(),
}

export const positionsOfPool = endpoint({
  path: '/v1/pools/:address/positions',
  id: 'listPositionsOfPool',
  summary: 'Positions in a pool that accounts hold now, by owner.',
  returns: { page: resource },
  refuses: [{ status: 404, when: 'The pool is not indexed.' }],
  example: ({ position: { pool } }) => ({ address: pool, limit: '2' }),
  parameters: {
    address: poolAddress,
    owner: address.optional().describe('Only positions of this account.'),
    ...paging,
  },
  async answer(ports, view, { address: pool, ...query }) {
    await readPool(ports, view, pool)
    return answer(ports, view, { ...query, pool })
  },
})

export const positionsOfAccount = endpoint({
  path: '/v1/accounts/:address/positions',
  id: 'listPositionsOfAccount',
  summary: 'Positions that an account holds now, by pool.',
  returns: { page: resource },
  example: ({ position: { owner } }) => ({ address: owner, limit: '2' }),
  parameters: { address, ...paging },
  answer: (ports, view, { address: owner, ...query }) => answer(ports, view, { ...query, owner }),
})

export const positionsOfManager = endpoint({
  path: '/v1/position-managers/:address/positions',
  id: 'listPositionsOfManager',
  summary: 'All positions of which a contract has told, by id: those that were burnt as well.',
  returns: { page: resource },
  example: ({ position: { manager, tokenId: id } }) => ({ address: manager, tokenId: id }),
  parameters: {
    address,
    tokenId: tokenId.optional().describe('Only this position.'),
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(tokenIdCursor).optional(),
  },
  async answer(ports, view, { address: manager, tokenId: id, limit: count, after: place }) {
    if (id !== undefined) {
      const found = place === undefined && (await findPosition(ports, view, manager, id))
      return { items: found ? [found] : [], nextCursor: null }
    }
    const { items, hasMore } = await listPositionsOfManager(ports, view, {
      manager,
      limit: count,
      ...(place !== undefined && { after: place }),
    })
    const last = items.at(-1)
    return { items, nextCursor: hasMore && last ? tokenIdCursor.encode(last.tokenId) : null }
  },
})

type Query = { readonly [K in keyof PositionQuery]: PositionQuery[K] | undefined } & {
  readonly limit: number
}

async function answer(
  ports: Ports,
  view: View,
  { pool, owner, after: place, limit: count }: Query,
): Promise<Answer<Position>> {
  const page = await listPositions(ports, view, {
    limit: count,
    ...(pool && { pool }),
    ...(owner && { owner }),
    ...(place && { after: place }),
  })
  const end = endOf(page)
  return {
    items: page.items,
    nextCursor: end ? positionCursor.encode(placeOfPosition(end)) : null,
  }
}
