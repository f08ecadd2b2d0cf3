import { expect, test } from 'vitest'
import { createMemoryTables, type MemoryTables } from '#adapters/memory/chain-store.ts'
import { createViews } from '#core/history/view.ts'
import { followHead, type FollowEvent } from '#core/indexing/follow-head.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import { modelOf, readEverything } from '../../contracts/everything.ts'
import { createFakeChain, fakeSources } from '../../fakes/fake-chain.ts'
import { createFakeSource } from '../../fakes/fake-source.ts'
import { fakeIndexPorts } from '../../fakes/index-app.ts'

const CHAIN_ID = 31_337
const FINALITY = 3
const EVENTS_MAX = 300

async function follow(
  tables: MemoryTables,
  source: BlockSource,
  isDone: (event: FollowEvent) => boolean | Promise<boolean>,
): Promise<number> {
  const cancel = { aborted: false }
  const input = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto', pollMs: 10 } as const
  let count = 0
  for await (const event of followHead(fakeIndexPorts(tables, source), input, cancel))
    if ((await isDone(event)) || ++count === EVENTS_MAX) cancel.aborted = true
  return count
}

async function seen(tables: MemoryTables, source: BlockSource) {
  const ports = fakeIndexPorts(tables, source)
  const view = await createViews(ports.heads, CHAIN_ID).current()
  return view && readEverything(ports, view)
}

test('a head that goes back and forth between two nodes moves nothing back', async () => {
  const chain = createFakeChain(92, { maxLogs: 4 })
  await chain.mine(30)
  let looks = 0
  const source = createFakeSource({
    blocks: () => (++looks % 2 === 0 ? chain.blocks : chain.blocks.slice(0, 22)),
    finality: FINALITY,
  })
  const whole = createFakeSource({ blocks: () => chain.blocks, finality: FINALITY })
  const tables = createMemoryTables()
  await follow(tables, whole, ({ status }) => status === 'idle')
  let quiet = 0
  const statuses = new Set<string>()
  await follow(tables, { ...whole, head: source.head }, (event) => {
    statuses.add(event.status)
    return ++quiet > 20
  })
  expect([...statuses]).toEqual(['idle'])
  expect(await seen(tables, whole)).toEqual(modelOf(chain.blocks))
})
