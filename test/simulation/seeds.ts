import type { StoreKind } from './stores.ts'

/** Seeds that have failed once: they are run always, before any others. */
export const failedBefore: Readonly<Record<StoreKind, readonly number[]>> = {
  memory: [10, 29, 48, 59, 1_003_891],
  sqlite: [],
  mongo: [],
}
