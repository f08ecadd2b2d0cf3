import type { Address } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import { listDocuments } from '#core/history/list-documents.ts'
import { readDocuments, type ResolvePorts } from '#core/history/resolve.ts'
import type { Page } from '#core/page.ts'
import {
  type Position,
  positionDocuments,
  type PositionOwner,
  positionOwnerDocuments,
} from './position.ts'

/** The place of a position in its lists. */
export type PositionPlace = Pick<PositionOwner, 'owner' | 'pool' | 'manager' | 'tokenId'>

export type PositionQuery = {
  /** A pool or an owner must be named. */
  readonly pool?: Address
  readonly owner?: Address
  readonly after?: PositionPlace
  readonly limit: number
}

/**
 * Positions that accounts hold now: of a pool by owner, of an owner by pool. Those without liquidity are among them until
 * they are burnt.
 *
 * @throws AppError `invalid` where neither is named
 */
export async function listPositions(
  ports: ResolvePorts,
  view: View,
  { pool, owner, after, limit }: PositionQuery,
): Promise<Page<Position, PositionPlace>> {
  if (!pool && !owner) throw invalidField('pool', 'name a pool, an owner, or both')
  const order = owner ? 'identity' : 'byPool'
  const prefix = owner ? [owner, ...(pool ? [pool] : [])] : [pool as Address]
  const { items, ...rest } = await listDocuments(
    ports,
    view,
    positionOwnerDocuments,
    {
      order,
      prefix,
      limit,
      ...(after && {
        after: owner
          ? [after.owner, after.pool, after.manager, after.tokenId]
          : [after.pool, after.owner, after.manager, after.tokenId],
      }),
    },
    ({ isHeld }) => isHeld,
  )
  const keys = items.map(({ manager, tokenId }) => [manager, tokenId])
  const positions = await readDocuments(ports, view, positionDocuments, keys)
  return { items: positions.filter((each) => each !== undefined), ...rest }
}

/** A position by its manager and id; undefined where none was seen. */
export async function findPosition(
  ports: ResolvePorts,
  view: View,
  manager: Address,
  tokenId: bigint,
): Promise<Position | undefined> {
  const [found] = await readDocuments(ports, view, positionDocuments, [[manager, tokenId]])
  return found
}

/** All positions of a manager that were seen, by id, burnt ones too. `after` is the id that the page begins behind. */
export async function listPositionsOfManager(
  ports: ResolvePorts,
  view: View,
  {
    manager,
    after,
    limit,
  }: { readonly manager: Address; readonly after?: bigint; readonly limit: number },
): Promise<Page<Position>> {
  return listDocuments(ports, view, positionDocuments, {
    order: 'identity',
    prefix: [manager],
    limit,
    ...(after !== undefined && { after: [manager, after] }),
  })
}
