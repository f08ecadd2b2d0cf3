import { createRandom, type Random } from '../fakes/random.ts'
import { checkEnd } from './check-end.ts'
import { createOracle } from './expect.ts'
import { openHistory, runReader } from './reader.ts'
import { type Actor, createScheduler, type Scheduler } from './scheduler.ts'
import { openStore, type StoreKind } from './stores.ts'
import { createWorld, refOf, type World, type WorldBlock } from './world.ts'
import { remarkable } from './remarkable.ts'
import { runRebuilder } from './rebuilder.ts'
import { runWriter } from './writer.ts'

export type SimulationInput = {
  readonly seed: number
  readonly store: StoreKind
  /** The URL of a database on a MongoDB server, for that store. */
  readonly mongoUrl?: (database: string) => string
  /** Parts of the history are made anew meanwhile. */
  readonly rebuilds?: boolean
  /** Tokens, positions and Uniswap V4 are followed too. */
  readonly wide?: boolean
  /** Writers take what comes next while commits are under way, as far as a backfill does. */
  readonly ahead?: boolean
}

/** What a run is like: decided by its seed. */
type Shape = {
  readonly turns: number
  readonly finality: number
  readonly actsMax: number
  readonly wanders: boolean
  readonly writers: number
  readonly readers: number
  readonly lag: number
  readonly hasGaps: boolean
  /** How likely a call fails, and a turn sees a writer die. */
  readonly failure: number
  readonly death: number
}

function shapeOf(random: Random, store: StoreKind): Shape {
  const turns = store === 'mongo' ? 300 : 300 + random.int(500)
  return {
    turns,
    finality: random.pick([0, 1, 2, 3, 3, 4, 4, 6]),
    actsMax: 1 + random.int(4),
    wanders: random.chance(0.2),
    writers: random.pick([1, 2, 2, 3, 3]),
    readers: random.pick([1, 2]),
    lag: random.pick([0, 0.2, 0.4, 0.6]),
    hasGaps: random.chance(0.3),
    failure: random.pick([0, 0.002, 0.005, 0.02]),
    death: random.pick([0, 0.002, 0.005]),
  }
}

/** What came about in a run, to see that runs are not too tame. */
export type Tally = Record<string, number>

/** A run that went wrong, with what led to it. */
export type Failure = Error & { readonly trace: readonly string[] }

/** The chain changes, an actor's pace changes, or it sleeps for long, so often a turn. */
const CHANGE = 0.014
const PACE = 0.01
const SLEEP = 0.006
const SLEEP_TURNS_MAX = 600
const PACES = [0.05, 0.3, 1, 1, 3, 10]
/** What is left after the last turn ends within these, or not at all. */
const REST_TURNS_MAX = 60_000

/**
 * One run: writers and readers over one store, stopped at every call, while the chain forks and goes back, nodes lag and
 * disagree, calls fail before and after they are done, and writers die or wake up late. At last the faults end, one
 * writer brings the history up to the chain's end, and everything is read.
 *
 * @throws Failure where anybody was given something that the oracle does not say
 */
export async function simulate({
  seed,
  store: kind,
  mongoUrl,
  rebuilds = false,
  wide = false,
  ahead = false,
}: SimulationInput): Promise<Tally> {
  const random = createRandom(seed)
  const shape = shapeOf(random, kind)
  const scheduler = createScheduler(random)
  const world = createWorld(random, { ...shape, isWide: wide })
  const tally: Tally = {}
  let phase: 'faults' | 'calm' | 'end' = 'faults'
  const faults = (): boolean => phase === 'faults' && random.chance(shape.failure)
  const store = await openStore(kind, scheduler, faults, mongoUrl)
  const count = (what: string): void => {
    tally[what] = (tally[what] ?? 0) + 1
  }
  let ids = 0
  const oracle = createOracle(world)
  const common = { world, oracle, scheduler, random, count, wanders: shape.wanders }
  const isRunning = (): boolean => phase === 'faults'

  function startWriter(): Actor {
    const actor = scheduler.start('w', true)
    const gapFrom = 2 + random.int(6)
    const gap =
      shape.hasGaps && random.chance(0.6) && phase === 'faults'
        ? { from: gapFrom, to: gapFrom + random.int(6) }
        : undefined
    const newId = (): string => `c${(ids += 1)}-${actor.name}`
    const input = { ...common, newId, lag: shape.lag, gap, ahead, isRunning }
    guard(scheduler, actor, () => runWriter(actor, store.connect(actor), input))
    return actor
  }

  function startReader(): void {
    const actor = scheduler.start('r', false)
    const input = { ...common, isRunning }
    guard(scheduler, actor, () => runReader(actor, openHistory(store.connect(actor)), input))
  }

  function startRebuilder(): void {
    const actor = scheduler.start('b', true)
    const newId = (): string => `c${(ids += 1)}-${actor.name}`
    guard(scheduler, actor, () =>
      runRebuilder(actor, store.connect(actor), { ...common, newId, isRunning }),
    )
  }

  try {
    if (rebuilds) startRebuilder()
    for (let left = shape.writers; left > 0; left--) startWriter()
    for (let left = shape.readers; left > 0; left--) startReader()
    while (scheduler.turns() < shape.turns && (await scheduler.turn())) {
      disturb(random, scheduler, world)
      if (!random.chance(shape.death)) continue
      const alive = scheduler.actors.filter(({ isWriter, isDead }) => isWriter && !isDead)
      const victim = random.pick(alive)
      scheduler.kill(victim)
      store.disconnect(victim)
      count('deaths')
      if (victim.name.startsWith('b')) startRebuilder()
      else startWriter()
    }
    phase = 'calm'
    await finish(scheduler, () => scheduler.actors.every(({ isDead, isDone }) => isDead || isDone))
    phase = 'end'
    await checkEnd({
      ...common,
      rebuilds,
      cameToGrief: (commit) =>
        shape.failure > 0 ||
        scheduler.actors.some(({ name, isDead }) => isDead && commit.endsWith(`-${name}`)),
      store,
      startWriter,
      finish: (isDone) => finish(scheduler, isDone),
    })
    tally.turns = scheduler.turns()
    if (wide) {
      const tip = refOf(world.branch().at(-1) as WorldBlock)
      const whole = oracle.at({ ...tip, coverage: [{ from: 0, to: tip.number }] })
      for (const what of remarkable(whole)) count(what)
    }
    return tally
  } catch (error) {
    throw Object.assign(error as Error, { trace: scheduler.trace() })
  } finally {
    for (const actor of scheduler.actors) actor.isDead = true
    await store.dispose()
  }
}

/** Runs an actor; what it throws ends the run. */
function guard(scheduler: Scheduler, actor: Actor, run: () => Promise<void>): void {
  run().catch((error: unknown) => {
    if (!actor.isDead) scheduler.fail(error)
    actor.isDone = true
  })
}

function disturb(random: Random, scheduler: Scheduler, world: World): void {
  if (random.chance(CHANGE)) {
    world.change()
    const tip = world.branch().at(-1)
    scheduler.note(
      `the chain is at ${tip?.number} ${tip?.hash.slice(0, 8)}, final ${world.finalized()}`,
    )
  }
  const alive = scheduler.actors.filter(({ isDead }) => !isDead)
  if (random.chance(PACE)) random.pick(alive).weight = random.pick(PACES)
  if (random.chance(SLEEP))
    random.pick(alive).asleepUntil = scheduler.turns() + random.int(SLEEP_TURNS_MAX)
}

/** Everybody goes on until something is so. @throws what an actor has failed at, or where it does not come about */
async function finish(scheduler: Scheduler, isDone: () => boolean): Promise<void> {
  for (const actor of scheduler.actors) Object.assign(actor, { asleepUntil: 0, weight: 1 })
  for (let left = REST_TURNS_MAX; left > 0 && (await scheduler.turn()); left--);
  if (scheduler.failure() !== undefined) throw scheduler.failure()
  if (!isDone()) throw new Error('somebody did not come to an end')
}
