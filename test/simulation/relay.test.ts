import { afterAll, beforeAll, expect, test } from 'vitest'
import { simulateRelay } from './relay/simulate-relay.ts'

/** Each costs 2 to 4 milliseconds. */
const SEEDS = 5_000

/** Seeds that have failed once: they are run always, before any others. */
const FAILED_BEFORE: readonly number[] = []

// Thousands of errors are thrown on purpose, and to write down where each comes from takes longer than what it ends.
const { stackTraceLimit } = Error
beforeAll(() => void (Error.stackTraceLimit = 0))
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit))

test('seeds of spends that have failed before do not fail again', async () => {
  for (const seed of FAILED_BEFORE) await simulateRelay(seed)
})

test(
  `in ${SEEDS} runs with crashes, lying nodes and blocks taken back every spend ends as the chain says`,
  { timeout: 300_000 },
  async () => {
    const sum: Record<string, number> = {}
    for (let seed = 1; seed <= SEEDS; seed++)
      for (const [what, count] of Object.entries(await simulateRelay(seed)))
        sum[what] = (sum[what] ?? 0) + count
    // Otherwise the runs are too tame to show anything.
    const often = ['died before', 'died behind', 'answer lost', 'repeated', 'late', 'restarts']
    for (const what of [
      ...often,
      'end settled',
      'end voided',
      'end refused',
      'lies',
      'taken back',
      'replaced',
    ])
      expect(sum[what], what).toBeGreaterThan(SEEDS / 10)
    expect(sum.outside).toBeGreaterThan(SEEDS / 10)
    expect(sum.reverted).toBeGreaterThan(SEEDS / 50)
  },
)

test('one seed of spends is one run', async () => {
  expect(await simulateRelay(7)).toEqual(await simulateRelay(7))
})
