import type { Volume, VolumePeriod } from '#core/dex/trading/volume.ts'
import { bigint, choice, field, int, resource, time } from './resource.ts'

export const volumePeriod = choice<VolumePeriod>('VolumePeriod', { hour: {}, day: {} })

export const volume = resource<Volume>(
  'Volume',
  'What a pool traded in an hour or a day (UTC), in raw units; a trade counts once for each of the two tokens.',
  {
    period: field(volumePeriod, ({ period }) => period),
    start: field(time, ({ start }) => start, 'Seconds since 1970.'),
    volume0: field(bigint, ({ volume0 }) => volume0),
    volume1: field(bigint, ({ volume1 }) => volume1),
    fees0: field(bigint, ({ fees0 }) => fees0, 'LP fees, in the token that came in.'),
    fees1: field(bigint, ({ fees1 }) => fees1),
    trades: field(int, ({ trades }) => trades),
  },
)
