import type { DiscordAccount, IdentityStore, ProvenWallet } from './ports.ts'

/** A person with all that it has proven to be its own. */
export type Person = {
  readonly id: string
  /** By address. */
  readonly wallets: readonly ProvenWallet[]
  readonly discord: DiscordAccount | null
}

export async function readPerson(
  identity: Pick<IdentityStore, 'walletsOf' | 'discordOf'>,
  id: string,
): Promise<Person> {
  const [wallets, [discord = null]] = await Promise.all([
    identity.walletsOf(id),
    identity.discordOf(id),
  ])
  return { id, wallets, discord }
}
