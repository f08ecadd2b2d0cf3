import { expect, test } from 'vitest'
import type { Address } from '#core/chain.ts'
import { unlinkWallet } from '#core/identity/persons.ts'
import { createMemoryIdentityStore } from '../../fakes/identity-store.ts'

const PERSON = 'a'.repeat(32)
const walletOf = (index: number): Address => `0x${index.toString(16).padStart(40, '0')}`

test('a person keeps a wallet, however many are unlinked at the same time', async () => {
  const identity = createMemoryIdentityStore()
  const wallets = [1, 2, 3].map(walletOf)
  for (const wallet of wallets) await identity.linkWallet(wallet, PERSON, PERSON, 1)
  const policy = { unlinkCoolDownMs: 1_000 } as Parameters<typeof unlinkWallet>[0]['policy']
  const clock = { nowMs: () => 5 } as Parameters<typeof unlinkWallet>[0]['clock']

  const unlinked = await Promise.allSettled(
    wallets.map((wallet) => unlinkWallet({ identity, clock, policy }, PERSON, wallet)),
  )

  const refused = unlinked.filter(({ status }) => status === 'rejected')
  const left = await identity.walletsOf(PERSON)
  expect(left.length).toBeGreaterThan(0)
  expect(left).toHaveLength(refused.length)
  for (const each of refused)
    expect(each).toMatchObject({ reason: { kind: 'conflict', details: { field: 'wallet' } } })
})
