import { expect, test } from 'vitest'
import { createMemoryTables, type MemoryTables } from '#adapters/memory/chain-store.ts'
import type { PoolCreated } from '#core/dex/event-bodies.ts'
import type { View } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { compareRows, type Comparison } from '#core/indexing/rebuild/compare-rows.ts'
import { rebuildHistory } from '#core/indexing/rebuild/rebuild-history.ts'
import { addressOf } from '../../../fakes/encode.ts'
import {
  CHAIN_ID,
  chainOf,
  drained,
  FINALITY,
  followed,
  GO_ON,
  INPUT,
  type Ports,
  portsOver,
  verified,
} from '../../../fakes/rebuild-app.ts'

async function compared(ports: Ports, from: number): Promise<Comparison> {
  const view = (await createViews(ports.heads, CHAIN_ID).current()) as View
  const range = { from, to: view.floor.number }
  return drained(compareRows({ ...ports, reading: ports }, view, range, INPUT, GO_ON))
}

const FOREIGN = addressOf(0xbad)

/** As if the node had kept silent about the creation of a pool. */
function forgetPool(tables: MemoryTables): number {
  const [, { event: chosen }] = firstOf(
    tables.events,
    (_, { event }) => event.body.type === 'poolCreated' && event.block.number >= 8,
  )
  const { pool } = chosen.body as PoolCreated
  for (const [key, { event }] of tables.events)
    if (event === chosen || event.address === pool) tables.events.delete(key)
  for (const key of tables.documents.keys()) if (key.includes(pool)) tables.documents.delete(key)
  return chosen.block.number
}

test('a history that did not know a contract gets its logs, while the chain goes on', async () => {
  const chain = await chainOf(86, 60)
  const tables = createMemoryTables()
  const ports = portsOver(tables, chain)
  const before = await followed(ports)
  const number = forgetPool(tables)
  expect(await verified(ports)).not.toEqual([])

  const found = await compared(ports, number)
  expect(found.isOfContracts).toBe(true)
  await chain.mine(8)
  const steps = rebuildHistory(ports, { ...INPUT, changed: found }, GO_ON)
  expect((await steps.next()).value).toMatchObject({ stage: 'rows' })
  await drained(steps)

  expect(await verified(ports)).toEqual([])
  expect(before.number).toBe(59)
  const after = await followed(ports)
  expect(after.digest).toEqual((await followed(portsOver(createMemoryTables(), chain))).digest)
  expect(after.finalized.number).toBeLessThanOrEqual(68 - FINALITY)
})

function firstOf<V>(map: Map<string, V>, is: (key: string, value: V) => boolean): [string, V] {
  const found = [...map].find(([key, value]) => is(key, value))
  if (!found) throw new Error('there is one')
  return found
}

/** As if a node had made up the creation of a pool at an address where something else emits logs. */
function inventPool(tables: MemoryTables): void {
  const [key, created] = firstOf(
    tables.events,
    (_, { event }) => event.body.type === 'poolCreated' && event.block.number >= 8,
  )
  const { pool } = created.event.body as PoolCreated
  const logIndex = 900
  const event = { ...created.event, logIndex, body: { ...created.event.body, pool: FOREIGN } }
  tables.events.set(key.replace(/ \d+$/, ` ${logIndex}`), { ...created, event })
  const [id, document] = firstOf(
    tables.documents,
    (text, { kind }) => kind === 'pool' && text.includes(pool),
  )
  const version = { ...document.version, value: { ...document.version.value, address: FOREIGN } }
  tables.documents.set(id.replace(pool, FOREIGN), { ...document, version })
}

test('logs of a contract that a node had made up are none of the history', async () => {
  const chain = await chainOf(87, 60)
  const tables = createMemoryTables()
  const ports = portsOver(tables, chain)
  const before = await followed(ports)
  inventPool(tables)
  const found = await compared(ports, 5)
  expect(found).toMatchObject({ added: 0, removed: 1, changed: 0, isOfContracts: true })
  await drained(rebuildHistory(ports, { ...INPUT, changed: found }, GO_ON))
  expect(await verified(ports)).toEqual([])
  expect((await followed(ports)).digest).toEqual(before.digest)
})
