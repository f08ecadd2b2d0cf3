import type { IdentityStore } from '#core/identity/ports.ts'
import type { RoleStore } from './ports.ts'

/**
 * The same store, which also has somebody look at the roles of a person whose wallets or Discord account change. That is
 * asked for after the change, and a sweep finds what was not asked for since a process ended in between.
 */
export const createAskingIdentityStore = (
  identity: IdentityStore,
  roles: Pick<RoleStore, 'ask'>,
  clock: { nowMs(): number },
): IdentityStore => {
  const ask = (account: string): Promise<void> => roles.ask(account, clock.nowMs())
  async function askOf(person: string): Promise<void> {
    for (const { id } of await identity.discordOf(person)) await ask(id)
  }
  return {
    ...identity,
    async linkWallet(...args) {
      const outcome = await identity.linkWallet(...args)
      if (outcome.status === 'linked') await askOf(outcome.person)
      return outcome
    },
    async unlinkWallet(wallet, person, freeAtMs) {
      const isDone = await identity.unlinkWallet(wallet, person, freeAtMs)
      if (isDone) await askOf(person)
      return isDone
    },
    async linkDiscord(account, person, nowMs) {
      const outcome = await identity.linkDiscord(account, person, nowMs)
      if (outcome.status === 'linked') await ask(account.id)
      return outcome
    },
    async unlinkDiscord(id, person, freeAtMs) {
      const isDone = await identity.unlinkDiscord(id, person, freeAtMs)
      if (isDone) await ask(id)
      return isDone
    },
  }
}
