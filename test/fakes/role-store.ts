import type { FeedCursor } from '#core/history/feed.ts'
import type { RoleChange, RoleState, RoleStore } from '#core/guild/ports.ts'
import { isOpen, roleKeyText } from '#core/guild/role-state.ts'

/** Roles of guilds in the memory of this process. */
export function createMemoryRoleStore(): RoleStore {
  const states = new Map<string, RoleState>()
  const changes = new Map<string, RoleChange>()
  const cursors = new Map<number, FeedCursor>()
  const asks = new Map<string, number>()
  const byKey = (): RoleState[] =>
    [...states.values()].toSorted((a, b) => (roleKeyText(a) < roleKeyText(b) ? -1 : 1))

  return {
    statesOf: async (accounts) => byKey().filter(({ account }) => accounts.includes(account)),
    openStates: async (chainId, nowMs, after, limit) =>
      byKey()
        .filter(
          (state) =>
            isOpen(state) &&
            state.chainId === chainId &&
            state.retryAtMs <= nowMs &&
            (after === null || roleKeyText(state) > roleKeyText(after)),
        )
        .slice(0, limit),
    accounts: async (after, limit) =>
      [...new Set(byKey().map(({ account }) => account))]
        .filter((account) => account > (after ?? ''))
        .slice(0, limit),
    async putState(state, change) {
      const key = roleKeyText(state)
      if ((states.get(key)?.version ?? 0) !== state.version - 1) return false
      states.set(key, state)
      if (change && !changes.has(change.id)) changes.set(change.id, change)
      return true
    },
    changes: async ({ account, before, limit }) =>
      [...changes.values()]
        .filter((change) => account === undefined || change.account === account)
        .toSorted((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1))
        .filter(
          ({ atMs, id }) =>
            !before || atMs < before.atMs || (atMs === before.atMs && id < before.id),
        )
        .slice(0, limit),
    cursor: async (chainId) => cursors.get(chainId),
    async putCursor(chainId, cursor) {
      cursors.set(chainId, cursor)
    },
    async ask(account, atMs) {
      asks.set(account, atMs)
    },
    asked: async (limit) =>
      [...asks]
        .map(([account, atMs]) => ({ account, atMs }))
        .toSorted((a, b) => a.atMs - b.atMs || (a.account < b.account ? -1 : 1))
        .slice(0, limit),
    async answered(account, atMs) {
      if (asks.get(account) === atMs) asks.delete(account)
    },
    close: () => undefined,
  }
}
