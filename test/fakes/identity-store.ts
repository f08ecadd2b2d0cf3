import type { Address } from '#core/chain.ts'
import { linkStep, type WalletState } from '#core/identity/link.ts'
import type { DiscordAccount, IdentityStore, LoginNonce, Session } from '#core/identity/ports.ts'

/** People's sign-ins and wallets in the memory of this process: for one process, and until it ends. */
export function createMemoryIdentityStore(): IdentityStore {
  const nonces = new Map<string, LoginNonce>()
  const sessions = new Map<string, Session>()
  const wallets = new Map<Address, WalletState & { readonly provenAtMs: number }>()

  const discord = new Map<string, DiscordAccount & { readonly freeAtMs: number | null }>()
  const discordBy = (isMeant: (account: DiscordAccount) => boolean): DiscordAccount[] =>
    [...discord.values()]
      .filter((account) => account.freeAtMs === null && isMeant(account))
      .map(({ id, name, person, linkedAtMs }) => ({ id, name, person, linkedAtMs }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))

  const hasNonce = (nonce: string, login: string, nowMs: number): boolean => {
    const known = nonces.get(nonce)
    return known !== undefined && known.login === login && known.expiresAtMs > nowMs
  }
  const change = (id: string, changed: Partial<Session>): void => {
    const session = sessions.get(id)
    if (session) sessions.set(id, { ...session, ...changed })
  }

  return {
    async putNonce(nonce) {
      nonces.set(nonce.nonce, nonce)
    },
    hasNonce: async (nonce, login, nowMs) => hasNonce(nonce, login, nowMs),
    takeNonce: async (nonce, login, nowMs) => hasNonce(nonce, login, nowMs) && nonces.delete(nonce),
    async putSession(session) {
      sessions.set(session.id, session)
    },
    session: async (id) => sessions.get(id),
    async rotateSession(id, generation, expiresAtMs) {
      const session = sessions.get(id)
      if (!session || session.isRevoked || session.generation !== generation) return false
      change(id, { generation: generation + 1, expiresAtMs })
      return true
    },
    async revokeSession(id) {
      change(id, { isRevoked: true })
    },
    async revokeSessionsOf(person) {
      for (const [id, session] of sessions)
        if (session.person === person) change(id, { isRevoked: true })
    },
    async linkWallet(wallet, person, newPerson, nowMs) {
      const { outcome, isChange } = linkStep(wallets.get(wallet), person, newPerson, nowMs)
      if (isChange && outcome.status === 'linked')
        wallets.set(wallet, { person: outcome.person, freeAtMs: null, provenAtMs: nowMs })
      return outcome
    },
    async personOf(wallet) {
      const state = wallets.get(wallet)
      return state?.freeAtMs === null ? state.person : undefined
    },
    walletsOf: async (person) =>
      [...wallets]
        .filter(([, state]) => state.person === person && state.freeAtMs === null)
        .map(([wallet, { provenAtMs }]) => ({ wallet, person, provenAtMs }))
        .toSorted((a, b) => (a.wallet < b.wallet ? -1 : 1)),
    async unlinkWallet(wallet, person, freeAtMs) {
      const state = wallets.get(wallet)
      if (!state || state.person !== person || state.freeAtMs !== null) return false
      wallets.set(wallet, { ...state, freeAtMs })
      return true
    },
    async linkDiscord({ id, name }, person, nowMs) {
      const { outcome, isChange } = linkStep(discord.get(id), person, person, nowMs)
      if (isChange && outcome.status === 'linked')
        discord.set(id, { id, name, person: outcome.person, linkedAtMs: nowMs, freeAtMs: null })
      return outcome
    },
    discordOf: async (of) => discordBy(({ person }) => person === of),
    personOfDiscord: async (id) => discordBy((account) => account.id === id)[0]?.person,
    async unlinkDiscord(id, person, freeAtMs) {
      const account = discord.get(id)
      if (!account || account.person !== person || account.freeAtMs !== null) return false
      discord.set(id, { ...account, freeAtMs })
      return true
    },
    discordAccounts: async (after, limit) =>
      discordBy(({ id }) => id > (after ?? '')).slice(0, limit),
    async forgetExpired(nowMs) {
      for (const [nonce, { expiresAtMs }] of nonces) if (expiresAtMs <= nowMs) nonces.delete(nonce)
      for (const [id, { expiresAtMs }] of sessions) if (expiresAtMs <= nowMs) sessions.delete(id)
    },
    close: () => undefined,
  }
}
