import { sha256 } from '#adapters/node/sha256.ts'
import { catalogue } from '#core/catalogue.ts'
import { isAppError } from '#core/errors.ts'
import { chainProfiles } from '#core/indexing/chain-profiles.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { BEFORE_GENESIS, type BlockSource } from '#core/indexing/ports.ts'
import { matcherOf } from '#core/indexing/prove.ts'
import { rebuildHistory, type RebuildInput } from '#core/indexing/rebuild/rebuild-history.ts'
import { createFakeClock, fakeProofs } from '../fakes/index-app.ts'
import type { Random } from '../fakes/random.ts'
import type { Actor, Scheduler } from './scheduler.ts'
import type { Connection } from './stores.ts'
import { refOf, type World } from './world.ts'
import { CHAIN_ID } from './writer.ts'

export type RebuilderInput = {
  readonly world: World
  readonly scheduler: Scheduler
  readonly random: Random
  readonly newId: () => string
  readonly count: (what: string) => void
  readonly isRunning: () => boolean
}

const PAUSE_TURNS = 60
const PROVIDER = 'node'

/** Makes parts of the history anew, over and over: some projections, the rows of some final blocks, or both. */
export async function runRebuilder(
  actor: Actor,
  connection: Connection,
  { world, scheduler, random, newId, count, isRunning }: RebuilderInput,
): Promise<void> {
  const source = sourceOf(world)
  const ports = {
    ...commitPorts(connection, createFakeClock(), CHAIN_ID),
    catalogue,
    sha256,
    newId,
    reading: async () => ({ ...fakeProofs, source, raw: undefined }),
  }
  const names = catalogue.projections.map(({ name }) => name)
  while (isRunning()) {
    await scheduler.stop(actor, 'looks')
    actor.asleepUntil = scheduler.turns() + random.int(PAUSE_TURNS)
    const from = random.int(world.finalized() + 2)
    const ranges = [{ from, to: from + random.int(4) }]
    const isOfRows = random.chance(0.6) && (ranges[0]?.to ?? 0) <= world.finalized()
    const input: RebuildInput = {
      chainId: CHAIN_ID,
      sources: world.sources,
      proof: 'auto',
      commits: { ...chainProfiles.zksync, headerHash: false },
      projections: isOfRows && random.chance(0.5) ? [] : [random.pick(names)],
      ...(isOfRows && { changed: { ranges, families: catalogue.families } }),
    }
    const cancel = { aborted: false }
    try {
      const steps = rebuildHistory(ports, input, cancel)
      let step = await steps.next()
      while (!step.done) {
        cancel.aborted = random.chance(0.02)
        step = await steps.next()
      }
      count(step.value ? 'rebuilt' : 'rebuild stopped')
    } catch (error) {
      if (!isAppError(error)) throw error
      count(`rebuild ${error.details.reason ?? error.kind}`)
    }
  }
  actor.isDone = true
}

/** A node that knows the chain as it is, and whose word is taken. */
function sourceOf(world: World): BlockSource {
  const at = (number: number) => world.branch()[number]
  const sourced = <T>(value: T) => ({ value, provider: PROVIDER })
  return {
    providerCount: 1,
    chainId: async () => CHAIN_ID,
    async head() {
      const tip = world.branch().at(-1)
      const latest = tip ? refOf(tip) : BEFORE_GENESIS
      const final = at(world.finalized())
      return {
        latest: { ...latest, timestamp: 0 },
        finalized: final ? refOf(final) : BEFORE_GENESIS,
      }
    },
    onOneBranch: async (blocks) =>
      blocks.every(({ number, hash }) => number < 0 || at(number)?.hash === hash),
    async headers({ from, to }) {
      const blocks = world.branch().slice(from, to + 1)
      return sourced(blocks.map(({ proven }) => proven.header))
    },
    async logs({ from, to }, filter) {
      const blocks = world.branch().slice(from, to + 1)
      return sourced(blocks.flatMap(({ proven }) => proven.logs.filter(matcherOf(filter))))
    },
    receipts: () => Promise.reject(new Error('receipts are not asked for')),
    distrust: () => undefined,
  }
}
