import { vi } from 'vitest'

/** What comes about sooner or later: how long it takes is nothing that a test may depend on. */
const TIMEOUT_MS = 20_000
const INTERVAL_MS = 20

/** Tries until an assertion holds. @throws what it threw last, where it never does */
export const eventually = <T>(assertion: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(assertion, { timeout: TIMEOUT_MS, interval: INTERVAL_MS })
