import type { NamedVersion } from '#core/history/versions.ts'

/** Of candles and volumes. Raised with what the fold makes of the same events, see `Projection.version`. */
export const tradesVersion: NamedVersion = { name: 'trades', version: 4 }
