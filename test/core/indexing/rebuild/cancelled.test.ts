import { expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { catalogue } from '#core/catalogue.ts'
import { rebuildHistory } from '#core/indexing/rebuild/rebuild-history.ts'
import {
  chainOf,
  drained,
  followed,
  INPUT,
  portsOver,
  verified,
} from '../../../fakes/rebuild-app.ts'

test('one that is stopped leaves nothing, and does not read all blocks for the documents alone', async () => {
  const chain = await chainOf(90, 40)
  const tables = createMemoryTables()
  const ports = portsOver(tables, chain)
  await followed(ports)
  let reads = 0
  const heads = {
    ...ports.heads,
    blocks: (...args: Parameters<typeof ports.heads.blocks>) => {
      reads++
      return ports.heads.blocks(...args)
    },
  }
  const cancel = { aborted: false }
  const documents = rebuildHistory(
    { ...ports, heads },
    { ...INPUT, projections: ['pools'] },
    cancel,
  )
  await documents.next()
  cancel.aborted = true
  expect(await drained(documents)).toBeUndefined()
  expect(reads).toBe(0)

  const changed = { ranges: [{ from: 20, to: 25 }], families: catalogue.families }
  cancel.aborted = false
  const rows = rebuildHistory(ports, { ...INPUT, changed }, cancel)
  await rows.next()
  cancel.aborted = true
  expect(await drained(rows)).toBeUndefined()
  for (const { commit } of tables.blocks.values()) expect(commit).not.toMatch(/^rebuild-/)
  for (const { tree } of tables.documents.values()) expect(tree).not.toContain('.')
  expect(await verified(ports)).toEqual([])
})
