import { expect, test } from 'vitest'
import { simulateEarning } from './ledger/simulate-earning.ts'

const SEEDS = 30

/** Seeds that have failed once: they are run always, before any others. */
const FAILED_BEFORE: readonly number[] = []

test(
  `in ${SEEDS} runs with reorganisations, crashes and two at once, points are earned as the chain says, each once`,
  { timeout: 120_000 },
  async () => {
    const sum: Record<string, number> = {}
    const seeds = [...FAILED_BEFORE, ...Array.from({ length: SEEDS }, (_, index) => index + 1)]
    for (const seed of seeds)
      for (const [what, count] of Object.entries(await simulateEarning(seed)))
        sum[what] = (sum[what] ?? 0) + count
    // Otherwise the runs are too tame to show anything.
    for (const what of [
      'reorgs',
      'came back',
      'ended early',
      'retracted',
      'closedPeriods',
      'compared',
    ])
      expect(sum[what], what).toBeGreaterThan(SEEDS / 2)
    expect(sum.earned).toBeGreaterThan(SEEDS * 5)
    expect(sum.confirmed).toBeGreaterThan(SEEDS * 5)
  },
)
