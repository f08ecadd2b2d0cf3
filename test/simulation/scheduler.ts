import type { Random } from '../fakes/random.ts'

/** Somebody who works on the store: a process, in effect. It can be stopped at every call that it makes. */
export type Actor = {
  readonly name: string
  readonly isWriter: boolean
  /** How often it is let go on, compared with others. */
  weight: number
  /** Until this turn it does nothing. */
  asleepUntil: number
  isDead: boolean
  isDone: boolean
}

/** Only one actor at a time may hold it; who wants it waits, as for SQLite's write lock. */
export type Lock = { holder: Actor | undefined }

type Waiting = {
  readonly actor: Actor
  readonly call: string
  /** Not let go on while somebody holds it. */
  readonly lock: Lock | undefined
  readonly go: () => void
}

/**
 * Lets actors go on one call at a time, in an order that a seed decides. Between two turns everybody waits at a stop,
 * so that a seed is one run.
 */
export type Scheduler = {
  readonly turns: () => number
  start(name: string, isWriter: boolean): Actor
  readonly actors: readonly Actor[]
  /** Waits for the actor's turn. A dead one waits for ever. */
  stop(actor: Actor, call: string, lock?: Lock): Promise<void>
  /** Says whether something goes on outside of this process: then the next turn waits for it. */
  waitsFor(isBusy: () => boolean): void
  /** Lets one actor go on to its next stop. False where nobody waits. */
  turn(): Promise<boolean>
  kill(actor: Actor): void
  /** What an actor did that it must not have done ends the run. */
  fail(error: unknown): void
  readonly failure: () => unknown
  note(text: string): void
  /** The last calls, oldest first. */
  readonly trace: () => readonly string[]
}

/** Calls kept to be told of when a run fails. */
const TRACE_MAX = 600
/** Where everybody sleeps, time passes in steps of so many turns. */
const NAP_TURNS = 20
/** What goes on outside is over when nothing was seen of it for so many ticks. */
const QUIET_TICKS = 5
/** After so many turns timers and what else the process has to do come to their turn too. */
const TURNS_AT_ONCE = 64

export function createScheduler(random: Random): Scheduler {
  const actors: Actor[] = []
  const waiting: Waiting[] = []
  const trace: string[] = []
  let turns = 0
  let isBusy: (() => boolean) | undefined
  let failure: unknown

  const note = (text: string): void => {
    trace.push(`${turns} ${text}`)
    if (trace.length > 2 * TRACE_MAX) trace.splice(0, TRACE_MAX)
  }

  const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  /** Every promise that could go on without the world outside has gone on: Node runs a tick once none is left. */
  const drain = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

  /** Everything that was let go has come to its next stop, or to an end. */
  async function settle(): Promise<void> {
    const isMoving = isBusy
    if (!isMoving) {
      // The event loop is asked seldom: it took a seventh of a run's time.
      await (turns % TURNS_AT_ONCE === 0 ? breathe() : drain())
      return
    }
    await breathe()
    // A driver takes some ticks from one command to the next.
    for (let quiet = 0; quiet < QUIET_TICKS; quiet++) {
      await breathe()
      if (isMoving()) quiet = 0
    }
  }

  const isFree = ({ lock }: Waiting): boolean => lock?.holder === undefined

  const isAwake = (each: Waiting): boolean => each.actor.asleepUntil <= turns && isFree(each)

  function choose(): Waiting | undefined {
    let awake = waiting.filter(isAwake)
    if (awake.length === 0 && !waiting.some(isFree)) return undefined
    while (awake.length === 0) {
      turns += NAP_TURNS
      awake = waiting.filter(isAwake)
    }
    let total = 0
    for (const { actor } of awake) total += actor.weight
    let place = random.next() * total
    for (const each of awake) if ((place -= each.actor.weight) <= 0) return each
    return awake[0]
  }

  return {
    turns: () => turns,
    actors,
    start(name, isWriter) {
      const actor: Actor = {
        name: `${name}${actors.length}`,
        isWriter,
        weight: 1,
        asleepUntil: 0,
        isDead: false,
        isDone: false,
      }
      actors.push(actor)
      return actor
    },
    async stop(actor, call, lock) {
      await new Promise<void>((go) => {
        if (!actor.isDead) waiting.push({ actor, call, lock, go })
      })
    },
    waitsFor(busy) {
      isBusy = busy
    },
    async turn() {
      await settle()
      if (failure !== undefined) return false
      const chosen = choose()
      if (!chosen) return false
      waiting.splice(waiting.indexOf(chosen), 1)
      turns++
      note(`${chosen.actor.name} ${chosen.call}`)
      chosen.go()
      return true
    },
    kill(actor) {
      actor.isDead = true
      for (let place = waiting.length - 1; place >= 0; place--)
        if (waiting[place]?.actor === actor) waiting.splice(place, 1)
      note(`${actor.name} DIES`)
    },
    fail(error) {
      failure ??= error
    },
    failure: () => failure,
    note,
    trace: () => trace.slice(-TRACE_MAX),
  }
}
