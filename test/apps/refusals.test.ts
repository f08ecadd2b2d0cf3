import { afterAll, expect, test } from 'vitest'
import type { OwnerReader } from '#core/ownership/ports.ts'
import { codeOf, openRefusals } from './refusals.ts'

/** A chain without contracts. */
const owners: OwnerReader = {
  blockAt: async () => ({ number: 9, hash: `0x${'9'.repeat(64)}`, timestamp: 900 }),
  read: async (_block, reads) => reads.map(() => ({ status: 'no-code' })),
  timestamps: async (numbers) => [...numbers],
}
const refusals = await openRefusals(owners)
afterAll(() => refusals[Symbol.asyncDispose]())

test.each(refusals.rows)('$name is refused by its own code', async (row) => {
  const prepared = await row.prepare?.()
  const answer = await row.send(prepared)
  expect({ status: answer.status, code: codeOf(answer) }, JSON.stringify(answer.body)).toEqual({
    status: row.status,
    code: row.code,
  })
})

test('nothing was granted by any of it', async () => {
  const { people, rig } = refusals
  for (const { token, wallet } of people) {
    const headers = { authorization: `Bearer ${token}` }
    const person = await (await rig.get('/v1/person', { headers })).json()
    expect(person.item.wallets.map((each: { wallet: string }) => each.wallet)).toEqual([wallet])
    const hooks = await rig.get('/v1/person/webhooks', { headers })
    expect(await hooks.json()).toMatchObject({ items: [] })
  }
})
