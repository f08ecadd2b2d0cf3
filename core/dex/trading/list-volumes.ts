import type { Address } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import { type ResolvePorts, scanDocuments } from '#core/history/resolve.ts'
import { type Volume, volumeDocuments, type VolumePeriod } from './volume.ts'

export type VolumeQuery = {
  readonly pool: Address
  readonly period: VolumePeriod
  /** Seconds since 1970: periods that begin at or after `from` and before `to`. */
  readonly from?: number
  readonly to?: number
  readonly limit: number
}

/** The newest hours or days in which a pool traded, oldest first. */
export async function listVolumes(
  ports: ResolvePorts,
  view: View,
  { pool, period, from, to, limit }: VolumeQuery,
): Promise<Volume[]> {
  const newestFirst = await scanDocuments(ports, view, volumeDocuments, {
    order: 'identity',
    prefix: [pool, period],
    descending: true,
    limit,
    ...(from !== undefined && { from: [from] }),
    ...(to !== undefined && { to: [to - 1] }),
  })
  return newestFirst.toReversed()
}
