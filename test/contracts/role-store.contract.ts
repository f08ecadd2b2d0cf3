import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RoleState, RoleStore } from '#core/guild/ports.ts'
import { changeOf } from '#core/guild/role-state.ts'

const hashOf = (digit: string) => `0x${digit.repeat(64)}` as const
const CHAIN = 31_337

const stateOf = (account: string, more: Partial<RoleState> = {}): RoleState => ({
  guild: '1',
  role: '2',
  account,
  version: 1,
  chainId: CHAIN,
  person: 'a'.repeat(32),
  isWanted: true,
  isHeld: false,
  isTried: false,
  reason: 'met',
  evidence: {
    chainId: CHAIN,
    block: { number: 7, hash: hashOf('7') },
    rule: '{}',
    decision: '{"answer":"yes"}',
  },
  isFinal: true,
  touchedAt: null,
  unknownSinceMs: null,
  failure: null,
  retryAtMs: 0,
  ...more,
})

/**
 * What every store of roles does.
 *
 * @param open a store that holds nothing
 */
export function roleStoreContract(
  name: string,
  open: () => Promise<{ readonly store: RoleStore; dispose(): Promise<void> }>,
): void {
  describe(`roles of guilds in ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let store: RoleStore
    beforeEach(async () => {
      opened = await open()
      ;({ store } = opened)
    })
    afterEach(() => opened.dispose())

    test('a state is found as it was put, and takes the place of the version before alone', async () => {
      const first = stateOf('10')
      expect(await store.putState(first)).toBe(true)
      expect(await store.putState({ ...first, reason: 'too-few' })).toBe(false)
      const second = { ...first, version: 2, isHeld: true }
      expect(await store.putState({ ...second, version: 3 })).toBe(false)
      const change = changeOf(second, 50)
      expect(await store.putState(second, change)).toBe(true)
      // Whoever comes late changes nothing, and records nothing.
      expect(await store.putState(second, { ...change, id: 'late' })).toBe(false)
      expect(await store.statesOf(['10', '11'])).toEqual([second])
      expect(await store.changes({ limit: 9 })).toEqual([change])
    })

    test('what is left to do is listed by key, by chain, and not before its time', async () => {
      await store.putState(stateOf('10'))
      await store.putState(stateOf('11', { isHeld: true }))
      await store.putState(stateOf('12', { isHeld: true, isFinal: false }))
      await store.putState(stateOf('13', { retryAtMs: 100 }))
      await store.putState(stateOf('14', { chainId: 1 }))
      await store.putState(stateOf('15', { isHeld: true, unknownSinceMs: 5 }))
      const openAt = async (...args: Parameters<RoleStore['openStates']>) =>
        (await store.openStates(...args)).map(({ account }) => account)
      expect(await openAt(CHAIN, 99, null, 9)).toEqual(['10', '12', '15'])
      expect(await openAt(CHAIN, 100, null, 9)).toEqual(['10', '12', '13', '15'])
      expect(await openAt(CHAIN, 99, stateOf('10'), 1)).toEqual(['12'])
      expect(await store.accounts(null, 3)).toEqual(['10', '11', '12'])
      expect(await store.accounts('14', 3)).toEqual(['15'])
    })

    test('changes are listed newest first, page by page, of all or of one account', async () => {
      for (const [account, atMs] of [
        ['10', 1],
        ['11', 2],
        ['12', 2],
        ['10', 3],
      ] as const) {
        const version = account === '10' && atMs === 3 ? 2 : 1
        const state = stateOf(account, { version, isHeld: version === 1 })
        await store.putState(state, changeOf(state, atMs))
      }
      const all = await store.changes({ limit: 9 })
      expect(all.map(({ account, atMs }) => [account, atMs])).toEqual([
        ['10', 3],
        ['12', 2],
        ['11', 2],
        ['10', 1],
      ])
      const [, second] = all
      expect(await store.changes({ limit: 2, before: second as never })).toEqual(all.slice(2))
      expect(await store.changes({ account: '10', limit: 9 })).toEqual([all[0], all[3]])
    })

    test('a cursor is what was put last', async () => {
      expect(await store.cursor(CHAIN)).toBeUndefined()
      const cursor = {
        number: 1,
        hash: hashOf('1'),
        commit: 'c',
        logIndex: null,
        move: 3,
        finalized: -1,
      }
      await store.putCursor(CHAIN, cursor)
      await store.putCursor(CHAIN, { ...cursor, number: 2 })
      expect(await store.cursor(CHAIN)).toEqual({ ...cursor, number: 2 })
    })

    test('who was asked for is listed until it was looked at, unless it was asked for again since', async () => {
      await store.ask('10', 2)
      await store.ask('11', 1)
      expect(await store.asked(9)).toEqual([
        { account: '11', atMs: 1 },
        { account: '10', atMs: 2 },
      ])
      await store.ask('10', 3)
      await store.answered('10', 2)
      await store.answered('11', 1)
      expect(await store.asked(9)).toEqual([{ account: '10', atMs: 3 }])
    })
  })
}
