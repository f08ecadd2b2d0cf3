import { type Collection, type Db, MongoBulkWriteError } from 'mongodb'
import type { WriteStep } from '#adapters/memory/chain-store.ts'

type Method = (...args: unknown[]) => Promise<unknown>
type Methods = Record<string, Method>

/** Every command of the driver that writes. */
const WRITES: ReadonlySet<unknown> = new Set([
  'insertOne',
  'insertMany',
  'bulkWrite',
  'replaceOne',
  'updateOne',
  'updateMany',
  'deleteOne',
  'deleteMany',
])

/**
 * The same database, with `step` called around every write, named by its collection. Lists of documents are written in
 * two halves with a step between them, for a server may have done half of a command when a client dies.
 */
export const steppedDb = (db: Db, step: WriteStep): Db =>
  new Proxy(db, {
    get: (target, name) =>
      name === 'collection'
        ? (...args: Parameters<Db['collection']>) =>
            steppedCollection(target.collection(...args), step)
        : memberOf(target, name),
  })

const steppedCollection = (collection: Collection, step: WriteStep): Collection =>
  new Proxy(collection, {
    get(target, name) {
      if (!WRITES.has(name)) return memberOf(target, name)
      const method = memberOf(target, name) as Method
      const label = `${target.collectionName} ${String(name)}`
      const around: Method = async (...args) => {
        await step(label, 'before')
        // Duplicates make an insert fail that has done its work.
        const [outcome] = await Promise.allSettled([method(...args)])
        await step(label, 'after')
        if (outcome.status === 'rejected') throw outcome.reason
        return outcome.value
      }
      if (name === 'insertMany') return inHalves(around, mergeInserts)
      if (name === 'bulkWrite') return inHalves(around, mergeCounts)
      return around
    },
  })

function memberOf(target: object, name: string | symbol): unknown {
  const member = (target as Methods)[name as string]
  return typeof member === 'function' ? member.bind(target) : member
}

type Half = { readonly at: number; readonly result: unknown; readonly error: unknown }

const inHalves =
  (method: Method, merge: (halves: readonly Half[]) => unknown): Method =>
  async (list, ...rest) => {
    const items = list as unknown[]
    if (items.length < 2) return method(items, ...rest)
    const middle = Math.ceil(items.length / 2)
    const halves: Half[] = []
    for (const at of [0, middle]) {
      const part = items.slice(at, at + middle)
      try {
        halves.push({ at, result: await method(part, ...rest), error: undefined })
      } catch (error) {
        if (!(error instanceof MongoBulkWriteError)) throw error
        halves.push({ at, result: undefined, error })
      }
    }
    return merge(halves)
  }

/** One error over both halves, its indexes those of the whole list. */
function mergeInserts(halves: readonly Half[]): unknown {
  const failed = halves.filter(({ error }) => error !== undefined)
  if (failed.length === 0) return undefined
  const errors = failed.flatMap(({ at, error }) => {
    const all = [(error as MongoBulkWriteError).writeErrors].flat()
    for (const each of all) each.err.index += at
    return all
  })
  throw Object.assign(failed[0]?.error as MongoBulkWriteError, { writeErrors: errors })
}

function mergeCounts(halves: readonly Half[]): unknown {
  for (const { error } of halves) if (error !== undefined) throw error
  const [first, second] = halves.map(({ result }) => result as Record<string, number>)
  const sum = (name: string): number => (first?.[name] ?? 0) + (second?.[name] ?? 0)
  return { matchedCount: sum('matchedCount'), deletedCount: sum('deletedCount') }
}
