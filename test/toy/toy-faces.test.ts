import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
// Before the schema is made.
import { guestsOfGreeter, guestSubject } from './guests-faces.ts'
import { openRig } from '../apps/api-rig.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { createFormatter } from '#cli/export/format.ts'
import { createViews } from '#core/history/view.ts'
import { ANN, BOB, catalogue, CHAIN_ID, follow, GREETER, writerOf } from './toy-chain.ts'

const rows = [
  { greeter: GREETER, guest: ANN, times: '3' },
  { greeter: GREETER, guest: BOB, times: '5' },
]

/** A store that was indexed with the kind of contract from outside. */
async function openStore() {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-toy-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const store = openSqliteChainStore(join(folder, 'halyard.db'), catalogue)
  await follow(writerOf(store).appender)
  return store
}

test('what was added from outside is in REST, its reference and GraphQL', async () => {
  const store = await openStore()
  await using rig = await openRig({
    late: true,
    overrides: () => ({ store }),
    routes: [guestsOfGreeter],
  })
  const page = await rig.json(`/v1/greeters/${GREETER}/guests`)
  expect(page).toMatchObject({ block: { number: 5 }, items: rows, nextCursor: null })
  const { data, errors } = await rig.query(
    'query ($greeter: Address!) { guests(greeter: $greeter) { greeter guest times } }',
    { greeter: GREETER },
  )
  expect(errors).toBeUndefined()
  expect(data.guests).toEqual(rows)
  const reference = await rig.json('/v1/openapi.json')
  expect(reference.paths['/v1/greeters/{address}/guests'].get.operationId).toBe('listGuests')
  expect(reference.components.schemas.Guest.required).toEqual(['greeter', 'guest', 'times'])
  const refused = await rig.get(`/v1/greeters/${GREETER}/guests?limit=0`)
  expect(refused.status).toBe(400)
})

test('and in the export', async () => {
  const store = await openStore()
  onTestFinished(() => store.close())
  const history = { ...store, views: createViews(store.heads, CHAIN_ID) }
  const view = await history.views.current()
  if (!view) throw new Error('something is indexed')
  const lines = []
  const formatter = createFormatter('ndjson', guestSubject.resource, { chainId: CHAIN_ID })
  for await (const item of guestSubject.read(history, view, {}))
    lines.push(JSON.parse(formatter.item(item)))
  expect(lines).toEqual(rows.map((row) => ({ chainId: CHAIN_ID, ...row })))
})
