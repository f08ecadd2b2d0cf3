import { expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { catalogue } from '#core/catalogue.ts'
import { createHistoryFeed } from '#core/history/feed.ts'
import { createViews } from '#core/history/view.ts'
import { followHead } from '#core/indexing/follow-head.ts'
import { CHAIN_ID, chainOf, followed, INPUT, portsOver, rebuilt } from '../../fakes/rebuild-app.ts'

test('who was told of a branch that a reorg left is told of that too, though blocks above were made anew since', async () => {
  const chain = await chainOf(82, 40)
  const ports = portsOver(createMemoryTables(), chain)
  await followed(ports)
  const feed = createHistoryFeed({ ...ports, views: createViews(ports.heads, CHAIN_ID) })
  const cursor = await feed.newest()
  await chain.fork(4, 8)
  const cancel = { aborted: false }
  let idle = 0
  for await (const event of followHead(ports, { ...INPUT, pollMs: 10 }, cancel)) {
    if (event.status !== 'idle') continue
    // A reorganisation is believed when the head has advanced since it was seen.
    await chain.mine(4)
    idle++
    if (idle > 3) cancel.aborted = true
  }
  const fork = 40 - 1 - 4
  await rebuilt(ports, {
    changed: { ranges: [{ from: fork + 3, to: fork + 3 }], families: catalogue.families },
  })
  const [first] = await feed.read(cursor, { families: catalogue.families, limit: 5 })
  expect(first).toMatchObject({ type: 'retracted', to: { number: fork } })
})

test('who was told of blocks above the floor and of such as were made anew since takes back the latter too', async () => {
  const chain = await chainOf(83, 40)
  const ports = portsOver(createMemoryTables(), chain)
  await followed(ports)
  const feed = createHistoryFeed({ ...ports, views: createViews(ports.heads, CHAIN_ID) })
  const cursor = await feed.newest()
  await rebuilt(ports, {
    changed: { ranges: [{ from: 12, to: 13 }], families: catalogue.families },
  })
  await rebuilt(ports, {
    changed: { ranges: [{ from: 20, to: 20 }], families: catalogue.families },
  })
  const [first] = await feed.read(cursor, { families: catalogue.families, limit: 5 })
  expect(first).toMatchObject({ type: 'retracted', to: { number: 11 } })
})
