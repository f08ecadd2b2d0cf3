import type { Collection, Db } from 'mongodb'

/** A database whose commands go out in rounds. */
export type DbInRounds = {
  readonly db: Db
  /** Rounds since it was asked the last time, and in which of them the first command of each name was, from 1 on. */
  take(): { readonly rounds: number; readonly first: Readonly<Record<string, number>> }
}

type Method = (...args: unknown[]) => unknown
type Command = {
  readonly name: string
  readonly send: () => Promise<unknown>
  readonly settle: (outcome: PromiseSettledResult<unknown>) => void
}

const COMMANDS: ReadonlySet<unknown> = new Set([
  'findOne',
  'insertOne',
  'insertMany',
  'bulkWrite',
  'updateOne',
  'deleteMany',
  'distinct',
])
/** Nobody has anything more to ask before the answers come, when nothing was asked for so many turns of the loop. */
const QUIET_TICKS = 8

/**
 * Holds commands until nobody has another one to send, and lets all their answers come at once: a round is what a
 * client waits for a far server once, whatever it sends together. Unlike times, rounds are the same on each machine.
 */
export function inRounds(real: Db): DbInRounds {
  let asked: Command[] = []
  let isRunning = false
  let rounds = 0
  let first: Record<string, number> = {}

  async function run(): Promise<void> {
    isRunning = true
    while (asked.length > 0) {
      for (let quiet = 0, known = 0; quiet < QUIET_TICKS; quiet++) {
        await new Promise((resolve) => setImmediate(resolve))
        if (asked.length > known) quiet = 0
        known = asked.length
      }
      const round = asked
      asked = []
      rounds++
      for (const { name } of round) first[name] ??= rounds
      const outcomes = await Promise.allSettled(round.map(({ send }) => send()))
      for (const [index, { settle }] of round.entries())
        settle(outcomes[index] as PromiseSettledResult<unknown>)
      await new Promise((resolve) => setImmediate(resolve))
    }
    isRunning = false
  }

  function ask(name: string, send: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: PromiseSettledResult<unknown>): void =>
        outcome.status === 'fulfilled' ? resolve(outcome.value) : reject(outcome.reason)
      asked.push({ name, send, settle })
      if (!isRunning) void run()
    })
  }

  const collectionOf = (collection: Collection): Collection =>
    new Proxy(collection, {
      get(target, member) {
        const value = Reflect.get(target, member) as unknown
        if (typeof value !== 'function') return value
        const method = value.bind(target) as Method
        const name = `${target.collectionName} ${String(member)}`
        if (COMMANDS.has(member))
          return (...args: unknown[]) => ask(name, () => method(...args) as Promise<unknown>)
        if (member !== 'find') return method
        return (...args: unknown[]) => {
          const cursor = method(...args) as { toArray: () => Promise<unknown> }
          const toArray = cursor.toArray.bind(cursor)
          cursor.toArray = () => ask(name, toArray)
          return cursor
        }
      },
    })

  const db = new Proxy(real, {
    get(target, member) {
      if (member === 'collection')
        return (...args: Parameters<Db['collection']>) => collectionOf(target.collection(...args))
      const value = Reflect.get(target, member) as unknown
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return {
    db,
    take() {
      const taken = { rounds, first }
      rounds = 0
      first = {}
      return taken
    },
  }
}
