import { expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { systemClock } from '#adapters/node/clock.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import { followJob, type Health } from '#indexer/jobs/follow-head.ts'
import type { Indexer } from '#indexer/wire.ts'
import { createFakeChain, fakeSources } from '../fakes/fake-chain.ts'
import { createFakeSource } from '../fakes/fake-source.ts'
import { fakeIndexPorts } from '../fakes/index-app.ts'

const HUNG_MS = 500

/** A follower's job over a chain whose nodes hang in the calls that `hangs` names by their count. */
async function jobOf(hangs: (call: number) => boolean, isDone: (health: Health) => boolean) {
  const chain = createFakeChain(81, { maxLogs: 3 })
  await chain.mine(5)
  const honest = createFakeSource({ blocks: () => chain.blocks })
  let calls = 0
  const source: BlockSource = {
    ...honest,
    head: () => (hangs(++calls) ? new Promise(() => {}) : honest.head()),
  }
  const warnings: string[] = []
  const stop = new AbortController()
  const health: Health = {
    progressAtMs: 0,
    heardAtMs: 0,
    hasBegun: false,
    trouble: undefined,
    isIdle: false,
    wrongBlocks: [],
    stored: undefined,
    newest: undefined,
  }
  const indexer = {
    config: { chain: { id: 31_337, proof: 'auto', pollMs: 10 }, sources: fakeSources },
    ports: fakeIndexPorts(createMemoryTables(), source, { clock: systemClock }),
    log: { warn: (_: object, message: string) => warnings.push(message), debug: () => undefined },
    metrics: { record: () => isDone(health) && stop.abort() },
  } as unknown as Indexer
  return { warnings, health, running: followJob(indexer, health, stop.signal, HUNG_MS) }
}

test('a follower that hangs is left, and another one goes on', async () => {
  const { running, warnings, health } = await jobOf(
    (call) => call === 2,
    ({ hasBegun }) => hasBegun && warnings.length > 0,
  )
  await running
  expect(warnings).toEqual(['the follower hangs, and another one is begun'])
  expect(health.hasBegun).toBe(true)
})

test('where another one hangs as well, the process ends and says why', async () => {
  const { running } = await jobOf(
    (call) => call >= 2,
    () => false,
  )
  await expect(running).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(
      /the follower has said nothing for 0\.5 s, .*to be started again/,
    ),
  })
})
