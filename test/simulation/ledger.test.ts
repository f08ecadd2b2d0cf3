import { expect, test } from 'vitest'
import { simulateLedger } from './ledger/simulate-ledger.ts'

const SEEDS = 5_000

/** Seeds that have failed once: they are run always, before any others. */
const FAILED_BEFORE: readonly number[] = []

test('seeds that have failed before do not fail again', async () => {
  for (const seed of FAILED_BEFORE) await simulateLedger(seed)
})

test(
  `in ${SEEDS} runs with crashes, lost answers and late writes every operation is done once, as the rules say`,
  { timeout: 300_000 },
  async () => {
    const sum: Record<string, number> = {}
    for (let seed = 1; seed <= SEEDS; seed++)
      for (const [what, count] of Object.entries(await simulateLedger(seed)))
        sum[what] = (sum[what] ?? 0) + count
    // Otherwise the runs are too tame to show anything.
    for (const what of ['died before', 'died behind', 'answer lost', 'late', 'refused', 'slow'])
      expect(sum[what], what).toBeGreaterThan(SEEDS / 5)
    expect(sum.restarts).toBeGreaterThan(SEEDS / 2)
    expect(sum.reads).toBeGreaterThan(SEEDS)
    // Several operations share an entry now and then.
    expect(sum.operations).toBeGreaterThan((sum.entries ?? 0) * 1.2)
  },
)

test('one seed is one run', async () => {
  expect(await simulateLedger(7)).toEqual(await simulateLedger(7))
})
