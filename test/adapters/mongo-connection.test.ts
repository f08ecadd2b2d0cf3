import { inspect } from 'node:util'
import { MongoBulkWriteError, MongoClient } from 'mongodb'
import { expect, onTestFinished, test } from 'vitest'
import { createMongoChainStore, openMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { duplicatesIn } from '#adapters/mongo/errors.ts'
import { type AppError, isAppError } from '#core/errors.ts'
import { freePort } from '../servers/programs.ts'

const PASSWORD = 'hunter2'
/** An unreachable server is told within this time. */
const UNREACHABLE_MS_MAX = 10_000

async function failureOf(url: string): Promise<AppError> {
  const error: unknown = await openMongoChainStore(url).then(
    () => new Error('it opened'),
    (thrown: unknown) => thrown,
  )
  if (!isAppError(error)) throw error
  // With its cause and all that hangs on it: a log may print that.
  expect(inspect(error, { depth: 12 })).not.toContain(PASSWORD)
  return error
}

test('a server that cannot be reached is unavailable, and said soon', async () => {
  const started = performance.now()
  const error = await failureOf(`mongodb://ann:${PASSWORD}@127.0.0.1:${await freePort()}/halyard`)
  expect(performance.now() - started).toBeLessThan(UNREACHABLE_MS_MAX)
  expect(error.kind).toBe('unavailable')
  expect(error.details.field).toBe('store')
  expect(error.message).toMatch(/^store: MongoDB: .*ECONNREFUSED.*: check that the server runs/)
}, 20_000)

test.each([
  ['', /Invalid scheme/],
  ['http://localhost/halyard', /Invalid scheme/],
  ['mongodb://', /host list/],
  [`mongodb://ann:${PASSWORD}@localhost:port/halyard`, /localhost:port/],
  [`mongodb://ann:${PASSWORD}@localhost/halyard?colour=blue`, /colour is not supported/],
  [`mongodb://ann:${PASSWORD}@more@localhost/halyard`, /percent-encoded/],
  [`mongodb://ann:${PASSWORD}/more@localhost/halyard`, /percent-encoded/],
  [`mongodb://ann:${PASSWORD}%zz@localhost/halyard`, /percent-encoded/],
  [`mongodb://ann:${PASSWORD}@localhost`, /names no database/],
  [`mongodb://ann:${PASSWORD}@localhost/?w=majority`, /names no database/],
  [`mongodb://ann:${PASSWORD}@localhost:1,localhost:2`, /names no database/],
  [`mongodb://ann:${PASSWORD}@localhost/hal%20yard`, /cannot name a MongoDB database/],
])('a URL that cannot be used is invalid: %s', async (url, message) => {
  const error = await failureOf(url)
  expect(error.kind).toBe('invalid')
  expect(error.details.field).toBe('store')
  expect(error.message).toMatch(/^store: /)
  expect(error.message).toMatch(message)
})

test('whatever port is asked, a server that went away is unavailable', async () => {
  const url = `mongodb://127.0.0.1:${await freePort()}`
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 50 })
  onTestFinished(() => client.close())
  const { heads, tree, events, writer } = createMongoChainStore(client.db('halyard'))
  const block = { number: 1, hash: '0x1', parentHash: '0x0', timestamp: 1 } as const
  const calls = [
    heads.latest(1),
    heads.settled(1, ['a']),
    tree.read({ tree: '1-tree', kind: 'pool' }, [['0x1']]),
    events.list(1, { family: 'swap', limit: 1 }),
    writer.putBlocks(1, 'a', [block]),
    writer.mark(1, { sweptTo: 1 }),
    writer.deleteBlocks(1, [{ number: 1, commit: 'a' }]),
  ]
  for (const outcome of await Promise.allSettled(calls))
    expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } })
})

test('nothing but duplicates makes a failed insert a success', () => {
  const errorOf = (codes: readonly number[], writeConcernError?: object): MongoBulkWriteError => {
    const writeErrors = codes.map((code, index) => ({ code, index: index * 2 }))
    const result = { getWriteConcernError: () => writeConcernError }
    return new MongoBulkWriteError(
      { message: 'failed', code: codes[0] ?? 64, writeErrors } as never,
      result as never,
    )
  }
  expect(duplicatesIn(errorOf([11_000, 11_000]))).toEqual([0, 2])
  for (const error of [
    errorOf([11_000, 121]),
    errorOf([11_000], { code: 64 }),
    errorOf([]),
    new Error('connection closed'),
  ])
    expect(() => duplicatesIn(error)).toThrow(error)
})
