import { expect, test } from 'vitest'
import { createMemoryTables, type MemoryTables } from '#adapters/memory/chain-store.ts'
import { catalogue } from '#core/catalogue.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { countBlocks } from '#core/chain.ts'
import {
  chainOf,
  drained,
  followed,
  GO_ON,
  INPUT,
  portsOver,
  rebuilt,
  verified,
} from '../../fakes/rebuild-app.ts'

function loseAnEvent(tables: MemoryTables, below: number): void {
  const [key] = [...tables.events].find(([, { event }]) => event.block.number < below) ?? []
  expect(tables.events.delete(key as string)).toBe(true)
}

test('what is lost of a history that got blocks below its first one is found', async () => {
  const chain = await chainOf(84, 40)
  const tables = createMemoryTables()
  const ports = portsOver(tables, chain)
  const late = INPUT.sources.filter(({ kind }) => kind !== 'erc721')
  await drained(backfill(ports, { ...INPUT, sources: late, ranges: [{ from: 12, to: 33 }] }, GO_ON))
  await rebuilt(ports)
  expect(await verified(ports)).toEqual([])
  loseAnEvent(tables, 20)
  expect(await verified(ports)).toMatchObject([{ what: 'events', range: { to: 33 } }])
})

test('the rows of a long stretch that a rebuild has put in place are read by and by', async () => {
  const chain = await chainOf(85, 2_600)
  const ports = portsOver(createMemoryTables(), chain)
  await drained(backfill(ports, { ...INPUT, to: 9 }, GO_ON))
  await drained(backfill(ports, { ...INPUT, to: 19 }, GO_ON))
  await followed(ports)
  await rebuilt(ports, {
    changed: { ranges: [{ from: 15, to: 15 }], families: catalogue.families },
  })
  let readMax = 0
  const heads = {
    ...ports.heads,
    blocks: (chainId: number, range: { from: number; to: number }) => {
      readMax = Math.max(readMax, countBlocks([range]))
      return ports.heads.blocks(chainId, range)
    },
  }
  expect(await verified({ ...ports, heads })).toEqual([])
  expect(readMax).toBeLessThanOrEqual(2_000)
}, 60_000)
