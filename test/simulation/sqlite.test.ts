import { expect, test } from 'vitest'
import { runSeeds, seedsFrom } from './run-seeds.ts'
import { failedBefore } from './seeds.ts'

const SEEDS = 170
const REBUILDS = 40
const WIDE = 30

test('seeds that have failed before do not fail again', async () => {
  await runSeeds(failedBefore.sqlite, { store: 'sqlite' })
})

test(
  `in ${SEEDS} runs over SQLite no reader is given anything but what its head says`,
  { timeout: 600_000 },
  async () => {
    const tally = await runSeeds(seedsFrom(1, SEEDS), { store: 'sqlite' })
    expect(tally['views read']).toBeGreaterThan(SEEDS * 5)
    expect(tally['writer committed']).toBeGreaterThan(SEEDS * 5)
  },
)

test(
  `the same in ${REBUILDS} runs in which parts of the history are made anew meanwhile`,
  { timeout: 300_000 },
  async () => {
    const tally = await runSeeds(seedsFrom(1, REBUILDS), { store: 'sqlite', rebuilds: true })
    expect(tally.rebuilt).toBeGreaterThan(REBUILDS)
  },
)

test(
  `the same in ${WIDE} runs in which tokens, positions and Uniswap V4 are followed too`,
  { timeout: 300_000 },
  async () => {
    const tally = await runSeeds(seedsFrom(1, WIDE), { store: 'sqlite', wide: true })
    expect(tally['views read']).toBeGreaterThan(WIDE * 5)
  },
)
