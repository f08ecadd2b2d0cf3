import { type CommandStartedEvent, type Document, MongoClient } from 'mongodb'
import { test } from 'vitest'
import type { MongoServer } from './mongo.ts'

/** Collections that have few documents for ever: to walk them is right. */
const SMALL = new Set(['migrations'])

/** A query as some command of a suite had it; of one with `$or`, a branch. */
type Query = {
  readonly database: string
  readonly collection: string
  readonly command: string
  readonly filter: Document
  /** The first field of the order, where no more than so many documents are wanted in it; or whose values are asked for. */
  readonly order: string | undefined
  readonly hint: string | undefined
}

/**
 * Notes every query that clients of this process send, and ends the suite with a test that each of them is served by an
 * index: it names one, has a condition on the first field of one, or walks the order of one up to a limit. Without that the server looks through a whole
 * collection, which is not seen while it is small.
 *
 * @returns the URLs to connect with
 */
export function expectIndexes({ url }: MongoServer): MongoServer['url'] {
  const queries = new Map<string, Query>()
  const indexes = new Map<string, Promise<readonly Document[]>>()
  const clients = new Map<string, MongoClient>()
  const prototype = MongoClient.prototype as unknown as {
    emit: (this: MongoClient, name: string, ...rest: unknown[]) => boolean
  }
  const { emit } = prototype
  prototype.emit = function (name, ...rest) {
    if (name === 'commandStarted')
      for (const query of queriesOf(rest[0] as CommandStartedEvent)) {
        const { collection, command, filter, order, hint } = query
        queries.set(JSON.stringify([collection, command, Object.keys(filter), order, hint]), query)
        // Asked for now: databases of a suite are dropped behind its tests.
        if (!indexes.has(collection)) indexes.set(collection, indexesOf(query))
      }
    return emit.call(this, name, ...rest)
  }
  async function indexesOf({ database, collection }: Query): Promise<readonly Document[]> {
    const client = clients.get(database) ?? new MongoClient(url(database))
    clients.set(database, client)
    return client
      .db(database)
      .collection(collection)
      .indexes()
      .catch(() => [])
  }

  test('MongoDB: every query of this suite is served by an index', async ({ expect }) => {
    prototype.emit = emit
    const unserved: string[] = []
    for (const query of queries.values()) {
      const { command, collection, filter, order, hint } = query
      if (SMALL.has(collection) || '_id' in filter) continue
      const known = (await indexes.get(collection)) ?? []
      const fields = new Set([...Object.keys(filter), ...(order === undefined ? [] : [order])])
      const isServed = hint
        ? known.some(({ name }) => name === hint)
        : known.some(({ key }) => fields.has(Object.keys(key)[0] as string))
      if (!isServed) unserved.push(`${command} ${collection} ${JSON.stringify(filter)}`)
    }
    for (const client of clients.values()) await client.close()
    expect(queries.size).toBeGreaterThan(0)
    expect(unserved).toEqual([])
  })

  return (database) => {
    const given = url(database)
    return `${given}${given.includes('?') ? '&' : '?'}monitorCommands=true`
  }
}

/** Names the queries of a command. */
function queriesOf({ commandName, command, databaseName }: CommandStartedEvent): Query[] {
  const filters = filtersOf(commandName, command)
  return filters.flatMap(([filter, hint]) =>
    ((filter.$or as Document[] | undefined) ?? [{}]).map((branch) => {
      const { $or: _, ...rest } = filter
      return {
        database: databaseName,
        collection: String(command[commandName]),
        command: commandName,
        filter: { ...rest, ...branch },
        order: orderOf(commandName, command),
        hint: typeof hint === 'string' ? hint : undefined,
      }
    }),
  )
}

function orderOf(name: string, { key, sort, limit }: Document): string | undefined {
  if (name === 'distinct') return key
  const [first] = sort instanceof Map ? sort.keys() : Object.keys(sort ?? {})
  return name === 'find' && limit > 0 ? first : undefined
}

function filtersOf(name: string, command: Document): readonly [Document, unknown][] {
  switch (name) {
    case 'find':
      return [[command.filter ?? {}, command.hint]]
    case 'count':
    case 'distinct':
    case 'findAndModify':
      return [[command.query ?? {}, command.hint]]
    case 'update':
      return command.updates.map(({ q, hint }: Document) => [q, hint])
    case 'delete':
      return command.deletes.map(({ q, hint }: Document) => [q, hint])
    case 'aggregate':
      return [[command.pipeline[0]?.$match ?? {}, command.hint]]
    default:
      return []
  }
}
