import type { CommandStartedEvent, Document, MongoClient } from 'mongodb'
import { catalogue } from '#core/catalogue.ts'
import { collectionIndexes, type Index } from '#adapters/mongo/collections.ts'

/** A command that looks for documents, as the driver sent it. */
export type Command = {
  readonly collection: string
  /** Its queries; of one with `$or`, the branches. */
  readonly filters: readonly Document[]
  readonly sort: Readonly<Record<string, number>>
  readonly hint: string | undefined
  /** As `explain` takes it, where it is a `find`. */
  readonly find: Document | undefined
}

/** What `work` asks of the server in a database: of all commands alike, one. */
export async function commandsOf(
  client: MongoClient,
  database: string,
  work: () => Promise<void>,
): Promise<Command[]> {
  const commands = new Map<string, Command>()
  const listen = (event: CommandStartedEvent): void => {
    const command = event.databaseName === database ? commandOf(event) : undefined
    if (command) commands.set(shapeOf(command), command)
  }
  client.on('commandStarted', listen)
  try {
    await work()
  } finally {
    client.off('commandStarted', listen)
  }
  return [...commands.values()]
}

function commandOf({ commandName, command }: CommandStartedEvent): Command | undefined {
  const collection = command[commandName] as string
  const plain = { collection, sort: {}, hint: undefined, find: undefined }
  switch (commandName) {
    case 'find': {
      const sort = Object.fromEntries(command.sort ?? [])
      const filters = command.filter.$or ?? [command.filter]
      const find = { ...explainable(command), sort }
      return { collection, filters, sort, hint: command.hint, find }
    }
    case 'update':
      return { ...plain, filters: command.updates.map(({ q }: Document) => q) }
    case 'delete':
      return {
        ...plain,
        filters: command.deletes.map(({ q }: Document) => q),
        hint: command.deletes[0]?.hint,
      }
    default:
      return undefined
  }
}

const EXPLAINABLE = ['find', 'filter', 'projection', 'limit', 'hint']
const explainable = (command: Document): Document =>
  Object.fromEntries(
    EXPLAINABLE.filter((name) => command[name] !== undefined).map((name) => [name, command[name]]),
  )

const RANGES = new Set(['$gt', '$gte', '$lt', '$lte'])
const isRange = (condition: unknown): boolean =>
  typeof condition === 'object' &&
  condition !== null &&
  Object.keys(condition).some((name) => RANGES.has(name))
const isIn = (condition: unknown): boolean =>
  typeof condition === 'object' && condition !== null && '$in' in condition

/** Equal for commands that differ in values alone. */
function shapeOf({ collection, filters, sort, hint }: Command): string {
  const shapes = filters.map((filter) =>
    Object.entries(filter).map(([field, condition]) => [
      field,
      isRange(condition) || isIn(condition) ? Object.keys(condition as object) : 'equal',
    ]),
  )
  return JSON.stringify({ collection, shapes: [...new Set(shapes.map(String))], sort, hint })
}

export const indexOf = (collection: string, hint: string | undefined): Index | undefined =>
  hint === undefined
    ? { name: '_id_', fields: ['_id'] }
    : collectionIndexes(catalogue)[collection]?.find(({ name }) => name === hint)

/**
 * Why an index does not serve a query as one ordered range of it, or undefined where it does: equality on its first
 * fields, then at most one range on the next one, and the order of those that follow.
 */
export function misfit(
  index: Index | undefined,
  filter: Document,
  sort: Readonly<Record<string, number>>,
): string | undefined {
  if (!index) return 'its index is not declared'
  const conditions = Object.entries(filter)
  const ranges = conditions.filter(([, condition]) => isRange(condition)).map(([field]) => field)
  const equal = new Set(
    conditions.map(([field]) => field).filter((field) => !ranges.includes(field)),
  )
  // Of what equality on the whole key finds, there is nothing to look through.
  if (index.name === '_id_' && equal.has('_id')) return undefined
  const first = index.fields.findIndex((field) => !equal.has(field))
  const rest = first === -1 ? [] : index.fields.slice(first)
  const fixed = new Set(index.fields.slice(0, index.fields.length - rest.length))
  for (const field of equal) if (!fixed.has(field)) return `equality on ${field} is not served`
  for (const field of ranges) if (field !== rest[0]) return `the range of ${field} is not served`
  const walk = Object.keys(sort).filter((field) => !equal.has(field))
  if (walk.join() !== rest.slice(0, walk.length).join())
    return `the order by ${walk.join()} is not served`
  if (new Set(Object.values(sort)).size > 1) return 'an index is walked one way'
  if (walk.length > 0 && conditions.some(([, condition]) => isIn(condition)))
    return '$in is many ranges, whose order is not that of one'
  return undefined
}

/** The stages of a plan, whatever it is wrapped in. */
export function stagesOf(plan: unknown): string[] {
  if (typeof plan !== 'object' || plan === null) return []
  const stage = 'stage' in plan && typeof plan.stage === 'string' ? [plan.stage] : []
  return [...stage, ...Object.values(plan).flatMap(stagesOf)]
}
