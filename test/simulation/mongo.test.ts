import { afterAll, expect, test } from 'vitest'
import { openMongoServer } from '../servers/mongo.ts'
import { runSeeds, seedsFrom } from './run-seeds.ts'
import { failedBefore } from './seeds.ts'

/** Few: each takes many seconds. */
const SEEDS = 2

const server = await openMongoServer()
afterAll(() => server?.stop())

test.skipIf(!server)(
  `in ${SEEDS} runs over MongoDB's protocol no reader is given anything but what its head says`,
  { timeout: 600_000 },
  async () => {
    if (!server) return
    const seeds = [...failedBefore.mongo, ...seedsFrom(1, SEEDS)]
    const tally = await runSeeds(seeds, { store: 'mongo', mongoUrl: server.url })
    expect(tally['writer committed']).toBeGreaterThan(SEEDS)
  },
)
