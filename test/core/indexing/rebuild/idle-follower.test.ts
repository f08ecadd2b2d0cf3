import { expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { followHead } from '#core/indexing/follow-head.ts'
import { CHAIN_ID, chainOf, INPUT, portsOver, rebuilt } from '../../../fakes/rebuild-app.ts'

test('an indexer that waits for the next block brings back those above what a rebuild put in place', async () => {
  const chain = await chainOf(89, 30)
  const tables = createMemoryTables()
  const ports = portsOver(tables, chain)
  const cancel = { aborted: false }
  let waits = 0
  for await (const event of followHead(
    portsOver(tables, chain),
    { ...INPUT, pollMs: 10 },
    cancel,
  )) {
    if (event.status !== 'idle') continue
    if (waits++ === 0) await rebuilt(ports, { projections: ['holdings'] })
    if (waits > 4) cancel.aborted = true
  }
  expect(await ports.heads.latest(CHAIN_ID)).toMatchObject({ reason: 'advance', number: 29 })
})
