import { MongoClient } from 'mongodb'
import { afterAll, expect, test } from 'vitest'
import { createMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { createIndexes } from '#adapters/mongo/collections.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { catalogue } from '#core/catalogue.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { createFakeChain, fakeSources, provenOf, refAt } from '../fakes/fake-chain.ts'
import { freshDatabase, openMongoServer } from '../servers/mongo.ts'

const CHAIN_ID = 31_337
const WARM_UP = 12
const BLOCKS = 12
const UNTIL_HEAD_MAX = 14
const ALL_MAX = 26

const server = await openMongoServer()
afterAll(() => server?.stop())

/**
 * How often a server is waited for: a command that begins while none is under way has waited for all before it. Until
 * the head's entry is stored, and altogether.
 */
function countWaits(client: MongoClient) {
  let underWay = 0
  let waits = 0
  let untilHead: number | undefined
  client.on('commandStarted', ({ commandName, command }) => {
    if (underWay++ === 0) waits++
    if (commandName === 'insert' && command.insert === 'heads') untilHead = waits
  })
  const end = (): void => void underWay--
  client.on('commandSucceeded', end)
  client.on('commandFailed', end)
  return {
    take() {
      const taken = { untilHead: untilHead ?? 0, all: waits }
      waits = 0
      return taken
    },
  }
}

test.skipIf(!server)(
  'a block near the head waits for the server a few times until it can be read, whatever it changes',
  { timeout: 120_000 },
  async () => {
    if (!server) return
    const client = new MongoClient(server.url('admin'), { monitorCommands: true })
    const db = client.db(freshDatabase())
    await createIndexes(db, catalogue)
    const store = createMongoChainStore(db)
    const ports = { ...commitPorts(store, systemClock, CHAIN_ID), sha256, newId }
    const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
    const chain = createFakeChain(95, { maxLogs: 12 })
    await chain.mine(WARM_UP + BLOCKS)
    await appender.open()
    const waits = countWaits(client)
    const counts: { untilHead: number; all: number }[] = []
    for (const block of chain.blocks) {
      await appender.take([provenOf(block)])
      waits.take()
      await appender.commit(refAt(chain, block.header.number - 3))
      counts.push(waits.take())
    }
    const late = counts.slice(WARM_UP)
    // Commands that go out together may by chance follow each other; one after another there would be 20 to 30.
    expect(Math.max(...late.map(({ untilHead }) => untilHead))).toBeLessThanOrEqual(UNTIL_HEAD_MAX)
    expect(Math.max(...late.map(({ all }) => all))).toBeLessThanOrEqual(ALL_MAX)
    await db.dropDatabase()
    await client.close()
  },
)
