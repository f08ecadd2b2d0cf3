import { expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import type { View } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import type { QuarantineTable } from '#core/indexing/ports.ts'
import { compareRows } from '#core/indexing/rebuild/compare-rows.ts'
import {
  CHAIN_ID,
  chainOf,
  drained,
  followed,
  GO_ON,
  INPUT,
  portsOver,
} from '../../../fakes/rebuild-app.ts'

test('a log that was set apart and cannot be read counts as damage of its own block alone', async () => {
  const chain = await chainOf(88, 60)
  const tables = createMemoryTables()
  const ports = portsOver(tables, chain)
  await followed(ports)
  const numbers = [...tables.quarantined.values()].map(({ block }) => block.number)
  const damaged = Math.max(...numbers.filter((number) => number <= 50))
  const quarantine: QuarantineTable = {
    list: async (chainId, query) =>
      (await ports.quarantine.list(chainId, query)).map((row) => {
        const { place, commit, branch } = row
        const fault = { message: 'it is not JSON', reason: 'damaged' } as const
        return place.number === damaged ? { place, commit, branch, fault } : row
      }),
  }
  const view = (await createViews(ports.heads, CHAIN_ID).current()) as View
  const comparing = { ...ports, quarantine, reading: ports }
  const found = await drained(
    compareRows(comparing, view, { from: 0, to: view.floor.number }, INPUT, GO_ON),
  )
  expect(found).toMatchObject({ damaged: 1, ranges: [{ from: damaged, to: damaged }] })
  const before = { from: 0, to: damaged - 1 }
  const fine = await drained(compareRows(comparing, view, before, INPUT, GO_ON))
  expect(fine.damaged).toBe(0)
})
