import type { RawLog } from '#core/indexing/ports.ts'

/** A decoder of events that another design tells in the same words. */
export const asOf =
  <P extends string, B extends object>(protocol: P, decode: (log: RawLog) => B) =>
  (log: RawLog) => ({ ...decode(log), protocol })
