import { expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { catalogue } from '#core/catalogue.ts'
import { rebuildHistory } from '#core/indexing/rebuild/rebuild-history.ts'
import {
  chainOf,
  drained,
  followed,
  GO_ON,
  INPUT,
  portsOver,
  rebuilt,
  verified,
} from '../../../fakes/rebuild-app.ts'

const changed = { ranges: [{ from: 14, to: 21 }], families: catalogue.families }

/** Holds one process before the first thing that it removes, until it is told to go on. */
function createGate() {
  const reached = Promise.withResolvers<void>()
  const open = Promise.withResolvers<void>()
  return {
    reached: reached.promise,
    open: () => open.resolve(),
    async step(name: string, moment: 'before' | 'after') {
      if (name !== 'delete document' || moment !== 'before') return
      reached.resolve()
      await open.promise
    },
  }
}

/** A history, and a rebuild of it that is in place and has removed nothing yet. */
async function heldWhileRemoving(seed: number) {
  const chain = await chainOf(seed, 50)
  const tables = createMemoryTables()
  const ports = portsOver(tables, chain)
  const before = await followed(ports)
  const gate = createGate()
  const slow = rebuilt(portsOver(tables, chain, gate.step), { changed })
  await gate.reached
  return { ports, before, slow, goOn: gate.open }
}

test('a rebuild that is still removing what it replaced takes nothing from one that was put in place since', async () => {
  const { ports, before, slow, goOn } = await heldWhileRemoving(80)
  await rebuilt(ports, { changed })
  goOn()
  await slow
  expect(await verified(ports)).toEqual([])
  expect((await followed(ports)).digest).toEqual(before.digest)
})

test('a rebuild that is still removing what it replaced takes nothing from one that is being made', async () => {
  const { ports, before, slow, goOn } = await heldWhileRemoving(81)
  const steps = rebuildHistory(ports, { ...INPUT, changed }, GO_ON)
  expect((await steps.next()).value).toMatchObject({ stage: 'rows' })
  goOn()
  await slow
  await drained(steps)
  expect(await verified(ports)).toEqual([])
  expect((await followed(ports)).digest).toEqual(before.digest)
})
