import type { Address } from '#core/chain.ts'
import { documentSpec } from '#core/history/document.ts'
import type { Mutable } from '#core/history/projection.ts'
import { startOf, type Traded } from './candle.ts'
import { tradesVersion } from './version.ts'

export type VolumePeriod = 'hour' | 'day'

export const volumePeriods: readonly VolumePeriod[] = ['hour', 'day']

export const secondsOfPeriod: Readonly<Record<VolumePeriod, number>> = { hour: 3_600, day: 86_400 }

/** What a pool traded in one hour or day (UTC), raw units. */
export type Volume = {
  readonly pool: Address
  readonly period: VolumePeriod
  /** Start of the period, seconds since 1970. */
  readonly start: number
  /** Each trade counts once a token, in absolute amounts. */
  readonly volume0: bigint
  readonly volume1: bigint
  /** LP fees in the token that came in: amount in times the pool's fee, rounded down a trade, less the protocol's share. */
  readonly fees0: bigint
  readonly fees1: bigint
  readonly trades: number
}

export const volumeDocuments = documentSpec<Volume>({
  kind: 'volume',
  plural: 'volumes',
  projection: tradesVersion,
  identity: ['pool', 'period', 'start'],
  fields: {
    pool: 'hex',
    period: 'text',
    start: 'int',
    volume0: 'uint256',
    volume1: 'uint256',
    fees0: 'uint256',
    fees1: 'uint256',
    trades: 'int',
  },
})

export const startOfPeriod = (period: VolumePeriod, timestamp: number): number =>
  startOf(secondsOfPeriod[period], timestamp)

/** The volume before its first trades. */
export const openVolume = (period: VolumePeriod, first: Traded): Volume => ({
  pool: first.pool,
  period,
  start: startOfPeriod(period, first.start),
  volume0: 0n,
  volume1: 0n,
  fees0: 0n,
  fees1: 0n,
  trades: 0,
})

/** Changes the volume by the next trades of its period. */
export function addToVolume(volume: Mutable<Volume>, minute: Traded): void {
  volume.volume0 += minute.amount0
  volume.volume1 += minute.amount1
  volume.fees0 += minute.fees0
  volume.fees1 += minute.fees1
  volume.trades += minute.trades
}
