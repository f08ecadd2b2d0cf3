import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { IdentityStore, Session } from '#core/identity/ports.ts'

const [ANN, BEN] = ['a'.repeat(32), 'b'.repeat(32)] as const
const wallet = (of: number) => `0x${of.toString(16).padStart(40, '0')}` as const
const login = (digit: string) => `0x${digit.repeat(64)}` as const
const nonce = (of: string) => ({ nonce: of, login: login('1'), expiresAtMs: 1_000 })
const session: Session = {
  id: 'f'.repeat(32),
  person: ANN,
  wallet: wallet(1),
  generation: 1,
  expiresAtMs: 5_000,
  isRevoked: false,
}
const atOnce = <T>(count: number, of: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => of(index)))

async function inTurn<T>(count: number, of: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let index = 0; index < count; index++) results.push(await of(index))
  return results
}

/**
 * What every store of sign-ins and wallets does.
 *
 * @param open a store that holds nothing
 * @param isAtomic false for a stand-in that does not keep changes of one document apart: they are made one by one
 */
export function identityStoreContract(
  name: string,
  open: () => Promise<{ readonly store: IdentityStore; dispose(): Promise<void> }>,
  isAtomic = true,
): void {
  describe(`sign-ins and wallets in ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let store: IdentityStore
    const all = isAtomic ? atOnce : inTurn
    beforeEach(async () => {
      opened = await open()
      ;({ store } = opened)
    })
    afterEach(() => opened.dispose())

    test('a nonce is taken by one of twenty who come with it at once', async () => {
      await store.putNonce(nonce('n1'))
      const taken = await all(20, () => store.takeNonce('n1', login('1'), 999))
      expect(taken.filter(Boolean)).toHaveLength(1)
      expect(await store.hasNonce('n1', login('1'), 999)).toBe(false)
    })

    test('a nonce is nobody’s but its login’s, and not for longer than its time', async () => {
      await store.putNonce(nonce('n1'))
      for (const [of, by, now] of [
        ['n1', '2', 999],
        ['n2', '1', 999],
        ['n1', '1', 1_000],
      ] as const) {
        expect(await store.hasNonce(of, login(by), now)).toBe(false)
        expect(await store.takeNonce(of, login(by), now)).toBe(false)
      }
      expect(await store.hasNonce('n1', login('1'), 999)).toBe(true)
      expect(await store.takeNonce('n1', login('1'), 999)).toBe(true)
    })

    test('a session is found as it was put, rotated once for each generation, and revoked for good', async () => {
      await store.putSession(session)
      expect(await store.session(session.id)).toEqual(session)
      expect(await store.session('0'.repeat(32))).toBeUndefined()
      const rotated = await all(5, () => store.rotateSession(session.id, 1, 6_000))
      expect(rotated.filter(Boolean)).toHaveLength(1)
      expect(await store.session(session.id)).toMatchObject({ generation: 2, expiresAtMs: 6_000 })
      await store.revokeSession(session.id)
      expect(await store.session(session.id)).toMatchObject({ isRevoked: true })
      expect(await store.rotateSession(session.id, 2, 7_000)).toBe(false)
    })

    test('all sessions of a person are revoked, and no others', async () => {
      await store.putSession(session)
      await store.putSession({ ...session, id: 'e'.repeat(32) })
      await store.putSession({ ...session, id: 'd'.repeat(32), person: BEN })
      await store.revokeSessionsOf(ANN)
      const revoked = await Promise.all(
        ['f', 'e', 'd'].map(async (id) => (await store.session(id.repeat(32)))?.isRevoked),
      )
      expect(revoked).toEqual([true, true, false])
    })

    test('a wallet is one person’s, whoever of many comes first', async () => {
      const linked = await all(10, (index) =>
        store.linkWallet(wallet(1), undefined, `p${index}`, 1),
      )
      const people = new Set(linked.map((each) => each.status === 'linked' && each.person))
      expect(people.size).toBe(1)
      const [person] = people
      expect(await store.linkWallet(wallet(1), BEN, BEN, 2)).toEqual({ status: 'taken' })
      expect(await store.walletsOf(String(person))).toEqual([
        { wallet: wallet(1), person, provenAtMs: 1 },
      ])
      expect(await store.walletsOf(BEN)).toEqual([])
    })

    test('a wallet that was unlinked is given to nobody else before its time, and back at once', async () => {
      await store.linkWallet(wallet(1), ANN, ANN, 1)
      await store.linkWallet(wallet(2), ANN, ANN, 1)
      expect(await store.unlinkWallet(wallet(1), BEN, 100)).toBe(false)
      expect(await store.unlinkWallet(wallet(1), ANN, 100)).toBe(true)
      expect(await store.unlinkWallet(wallet(1), ANN, 100)).toBe(false)
      expect((await store.walletsOf(ANN)).map((each) => each.wallet)).toEqual([wallet(2)])
      expect(await store.personOf(wallet(2))).toBe(ANN)
      expect(await store.personOf(wallet(1))).toBeUndefined()
      const cooling = { status: 'cooling-down', untilMs: 100 }
      expect(await store.linkWallet(wallet(1), BEN, BEN, 99)).toEqual(cooling)
      expect(await store.linkWallet(wallet(1), undefined, BEN, 99)).toEqual(cooling)
      expect(await store.linkWallet(wallet(1), ANN, ANN, 50)).toMatchObject({ person: ANN })
      await store.unlinkWallet(wallet(1), ANN, 100)
      expect(await store.linkWallet(wallet(1), BEN, BEN, 100)).toMatchObject({ person: BEN })
    })

    test('a Discord account is one person’s, is listed by id, and changes hands only after its time', async () => {
      const [first, second] = [
        { id: '1001', name: 'ann' },
        { id: '2002', name: 'ben' },
      ] as const
      const linked = await all(10, (index) => store.linkDiscord(first, `p${index}`, 1))
      expect(linked.filter(({ status }) => status === 'linked')).toHaveLength(1)
      const person = String(await store.personOfDiscord('1001'))
      const account = { ...first, person, linkedAtMs: 1 }
      expect(await store.discordOf(person)).toEqual([account])
      await store.linkDiscord(second, BEN, 2)
      expect((await store.discordAccounts(null, 5)).map(({ id }) => id)).toEqual(['1001', '2002'])
      expect(await store.discordAccounts(null, 1)).toEqual([account])
      expect((await store.discordAccounts('1001', 5)).map(({ id }) => id)).toEqual(['2002'])
      expect(await store.linkDiscord(first, BEN, 3)).toEqual({ status: 'taken' })
      expect(await store.unlinkDiscord('1001', BEN, 100)).toBe(false)
      expect(await store.unlinkDiscord('1001', person, 100)).toBe(true)
      expect(await store.discordOf(person)).toEqual([])
      expect(await store.personOfDiscord('1001')).toBeUndefined()
      expect((await store.discordAccounts(null, 5)).map(({ id }) => id)).toEqual(['2002'])
      const cooling = { status: 'cooling-down', untilMs: 100 }
      expect(await store.linkDiscord(first, BEN, 99)).toEqual(cooling)
      expect(await store.linkDiscord(first, BEN, 100)).toEqual({ status: 'linked', person: BEN })
    })

    test('what has come to its end is forgotten, and nothing else', async () => {
      await store.putNonce(nonce('old'))
      await store.putNonce({ ...nonce('new'), expiresAtMs: 2_000 })
      await store.putSession({ ...session, expiresAtMs: 1_000 })
      await store.putSession({ ...session, id: 'e'.repeat(32), expiresAtMs: 2_000 })
      await store.forgetExpired(1_000)
      expect(await store.session(session.id)).toBeUndefined()
      expect(await store.session('e'.repeat(32))).toBeDefined()
      expect(await store.takeNonce('old', login('1'), 1)).toBe(false)
      expect(await store.takeNonce('new', login('1'), 1)).toBe(true)
    })
  })
}
