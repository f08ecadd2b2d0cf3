import type { StoreKind } from './stores.ts'

/** Seeds that have failed once: they are run always, before any others. */
export const failedBefore: Readonly<Record<StoreKind, readonly number[]>> = {
  memory: [
    10, 29, 48, 59, 1_003_891, 3_033_055, 3_040_458, 3_042_745, 3_047_653, 3_048_942, 3_064_437,
    3_085_758, 1_377, 1_483, 1_042_321, 1_095_975,
  ],
  sqlite: [],
  mongo: [],
}

/** Those of wide worlds, over memory. */
export const wideFailedBefore: readonly number[] = [10, 227]

/** Those of wide worlds in which writers take batches ahead, over memory. */
export const aheadFailedBefore: readonly number[] = [700_382]
