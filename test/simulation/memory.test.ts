import { expect, test } from 'vitest'
import { runSeeds, seedsFrom } from './run-seeds.ts'
import { aheadFailedBefore, failedBefore, wideFailedBefore } from './seeds.ts'
import { simulate } from './simulate.ts'

const SEEDS = 1_800
const REBUILDS = 180
const WIDE = 180
const WIDE_REBUILDS = 20
const AHEAD = 120

test('seeds that have failed before do not fail again', async () => {
  await runSeeds(failedBefore.memory, { store: 'memory' })
  await runSeeds(wideFailedBefore, { store: 'memory', wide: true })
  await runSeeds(aheadFailedBefore, { store: 'memory', wide: true, ahead: true })
})

test(
  `in ${SEEDS} runs over a store without transactions no reader is given anything but what its head says`,
  { timeout: 600_000 },
  async () => {
    const tally = await runSeeds(seedsFrom(1, SEEDS), { store: 'memory' })
    // Otherwise the runs are too tame to show anything.
    expect(tally['views read']).toBeGreaterThan(SEEDS * 5)
    expect(tally['writer committed']).toBeGreaterThan(SEEDS * 5)
    expect(tally['writer went back']).toBeGreaterThan(SEEDS / 4)
    expect(tally['writer conflict']).toBeGreaterThan(SEEDS)
    expect(tally['reads stale']).toBeGreaterThan(SEEDS / 10)
    expect(tally.deaths).toBeGreaterThan(SEEDS / 2)
  },
)

test(
  `the same in ${REBUILDS} runs in which parts of the history are made anew meanwhile`,
  { timeout: 300_000 },
  async () => {
    const tally = await runSeeds(seedsFrom(1, REBUILDS), { store: 'memory', rebuilds: true })
    expect(tally.rebuilt).toBeGreaterThan(REBUILDS)
    expect(tally['reads stale']).toBeGreaterThan(REBUILDS / 4)
    expect(tally.deaths).toBeGreaterThan(REBUILDS / 2)
  },
)

test(
  `the same in ${WIDE} runs in which tokens, positions and Uniswap V4 are followed too`,
  { timeout: 300_000 },
  async () => {
    const tally = await runSeeds(seedsFrom(1, WIDE), { store: 'memory', wide: true })
    expect(tally['views read']).toBeGreaterThan(WIDE * 5)
    for (const what of [
      'balances told',
      'balances untold: rebase-event',
      'balances untold: reserve-differs',
      'balances untold: sent-more-than-received',
      'taxes on transfers',
      'positions in known pools',
      'positions in unknown pools',
      'positions made before',
      'positions burnt',
      'pools of V4 that were traded in',
      'with hooks',
      'with a dynamic fee',
      'with a fee of the protocol',
    ])
      expect(tally[what], what).toBeGreaterThan(WIDE / 20)
    const input = { store: 'memory', wide: true, rebuilds: true } as const
    const { rebuilt } = await runSeeds(seedsFrom(1, WIDE_REBUILDS), input)
    expect(rebuilt).toBeGreaterThan(WIDE_REBUILDS)
  },
)

test(`the same in ${AHEAD} runs in which writers take several batches ahead of their commits`, async () => {
  for (const wide of [false, true]) {
    const tally = await runSeeds(seedsFrom(1, AHEAD / 2), { store: 'memory', ahead: true, wide })
    expect(tally['writer committed']).toBeGreaterThan(AHEAD)
  }
})

test('one seed is one run', async () => {
  const input = { seed: 7, store: 'memory' } as const
  expect(await simulate(input)).toEqual(await simulate(input))
})
