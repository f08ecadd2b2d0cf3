import { z } from 'zod'
import { readPool } from '#core/dex/read-pool.ts'
import { listVolumes } from '#core/dex/trading/list-volumes.ts'
import { type Volume, volumePeriods } from '#core/dex/trading/volume.ts'
import { refuseInverted } from '#core/page.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { endpoint } from './endpoint.ts'
import { address, limit, time } from './parameters.ts'

export const volumesOfPool = endpoint({
  path: '/v1/pools/:address/volumes',
  parameters: {
    address,
    period: z.enum(volumePeriods, `neither of ${volumePeriods.join(', ')}`).default('day'),
    from: time.optional(),
    to: time.optional(),
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
    return { items: volumes.map(toJson), nextCursor: null }
  },
})

const toJson = (volume: Volume): object => ({
  period: volume.period,
  start: volume.start,
  volume0: volume.volume0.toString(),
  volume1: volume.volume1.toString(),
  fees0: volume.fees0.toString(),
  fees1: volume.fees1.toString(),
  trades: volume.trades,
})
