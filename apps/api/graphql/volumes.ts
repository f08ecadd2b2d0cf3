import { listVolumes } from '#core/dex/trading/list-volumes.ts'
import type { Volume as StoredVolume } from '#core/dex/trading/volume.ts'
import { refuseInverted } from '#core/page.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { builder } from './builder.ts'
import { bounded } from './paging.ts'
import { Pool } from './pools.ts'

const VolumePeriod = builder.enumType('VolumePeriod', {
  values: { HOUR: { value: 'hour' }, DAY: { value: 'day' } } as const,
})

const Volume = builder.objectRef<StoredVolume>('Volume')

Volume.implement({
  description:
    'What a pool traded in an hour or a day (UTC), in raw units, each trade once a token.',
  fields: (t) => ({
    period: t.expose('period', { type: VolumePeriod, nullable: false }),
    start: t.expose('start', {
      type: 'Timestamp',
      nullable: false,
      description: 'Seconds since 1970.',
    }),
    volume0: t.expose('volume0', { type: 'BigInt', nullable: false }),
    volume1: t.expose('volume1', { type: 'BigInt', nullable: false }),
    fees0: t.expose('fees0', {
      type: 'BigInt',
      nullable: false,
      description: 'LP fees, in the token that came in.',
    }),
    fees1: t.expose('fees1', { type: 'BigInt', nullable: false }),
    trades: t.exposeInt('trades', { nullable: false }),
  }),
})

/** `Pool.volumes` */
export function addVolumes(): void {
  builder.objectField(Pool, 'volumes', (t) =>
    t.field({
      type: [Volume],
      nullable: false,
      description: 'The newest periods in which somebody traded, oldest first.',
      args: {
        period: t.arg({ type: VolumePeriod, required: true }),
        from: t.arg({
          type: 'Timestamp',
          description: 'Only periods that begin then or later.',
        }),
        to: t.arg({ type: 'Timestamp', description: 'Only periods that begin before.' }),
        last: t.arg.int({
          description: `How many, from 1 to ${PAGE_MAX}; ${PAGE_DEFAULT} unless given.`,
        }),
      },
      async resolve(pool, { period, from, to, last }, context) {
        refuseInverted(
          { field: 'from', value: from ?? undefined },
          { field: 'to', value: to ?? undefined },
        )
        const limit = bounded(last, 'last', PAGE_DEFAULT, PAGE_MAX)
        context.spend(limit, 'last')
        const view = context.view()
        return listVolumes(context.ports, view, {
          pool: pool.address,
          period,
          limit,
          ...(from != null && { from }),
          ...(to != null && { to }),
        })
      },
    }),
  )
}
