import { z } from 'zod'
import { readPool } from '#core/dex/read-pool.ts'
import { listVolumes } from '#core/dex/trading/list-volumes.ts'
import { volumePeriods } from '#core/dex/trading/volume.ts'
import { refuseInverted } from '#core/page.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { oneOf, words } from '#api/words.ts'
import { volume } from '#resources/volumes.ts'
import { endpoint } from './endpoint.ts'
import { poolAddress, limit, time } from './parameters.ts'

export const volumesOfPool = endpoint({
  path: '/v1/pools/:address/volumes',
  id: 'listVolumes',
  summary: 'What a pool traded in the newest hours or days with a trade, oldest first.',
  returns: { page: volume },
  refuses: [{ status: 404, when: 'The pool is not indexed.' }],
  example: ({ pool }) => ({ address: pool, period: 'day', limit: '3' }),
  parameters: {
    address: poolAddress,
    period: z
      .enum(volumePeriods, words(oneOf(volumePeriods)))
      .default('day')
      .describe('How long a period is (UTC).'),
    from: time.optional().describe('Only periods that begin then or later; seconds since 1970.'),
    to: time.optional().describe('Only periods that begin before.'),
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
  },
  async answer(ports, view, input) {
    const { address: pool, period, from, to, limit: count } = input
    refuseInverted({ field: 'from', value: from }, { field: 'to', value: to })
    await readPool(ports, view, pool)
    const volumes = await listVolumes(ports, view, {
      pool,
      period,
      limit: count,
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    })
    return { items: volumes, nextCursor: null }
  },
})
