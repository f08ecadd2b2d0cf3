import type { Address } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import { type ResolvePorts, scanVersions } from '#core/history/resolve.ts'
import { type Page, pageOf } from '#core/page.ts'
import { poolDocuments } from './pool.ts'
import { type QuotedPool, withQuotable } from './quotable.ts'

export type PoolQuery = {
  /** Only pools of this token. */
  readonly token?: Address
  /** The page begins behind this address, in the direction of the walk. */
  readonly after?: Address
  readonly descending?: boolean
  readonly limit: number
}

/** Pools by address. */
export async function listPools(
  ports: ResolvePorts,
  view: View,
  { token, after, limit, descending = false }: PoolQuery,
): Promise<Page<QuotedPool>> {
  const scan = { limit: limit + 1, descending } as const
  if (!token) {
    const pools = await scanVersions(ports, view, poolDocuments, {
      ...scan,
      order: 'identity',
      prefix: [],
      ...(after && { after: [after] }),
    })
    return pageOf(
      pools.map((each) => withQuotable(view, each)),
      limit,
    )
  }
  // A token is on either side: two walks in the same order, merged.
  const [as0, as1] = await Promise.all(
    (['byToken0', 'byToken1'] as const).map((order) =>
      scanVersions(ports, view, poolDocuments, {
        ...scan,
        order,
        prefix: [token],
        ...(after && { after: [token, after] }),
      }),
    ),
  )
  const first = descending ? 1 : -1
  const both = [...(as0 ?? []), ...(as1 ?? [])].map((each) => withQuotable(view, each))
  return pageOf(
    both.toSorted((a, b) => (a.address < b.address ? first : -first)),
    limit,
  )
}
