import { listVolumes } from '#core/dex/trading/list-volumes.ts'
import { refuseInverted } from '#core/page.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { volume, volumePeriod } from '#resources/volumes.ts'
import { builder } from './builder.ts'
import { bounded } from './paging.ts'
import { Pool } from './pools.ts'
import { enumOf, typeOf } from './resources.ts'

const Volume = typeOf(volume)
const VolumePeriod = enumOf(volumePeriod)

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
