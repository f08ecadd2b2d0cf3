import type { IdentityStore } from './ports.ts'

/** The account of a person in a ledger, beside those of its wallets. */
const accountOfPerson = (person: string): string => `person:${person}`

/**
 * The accounts of a ledger that are a person's: its own, and one for each wallet that it has proven, by the address in
 * small letters. What a wallet has earned goes with the wallet.
 */
export async function ownAccounts(
  { identity }: { readonly identity: Pick<IdentityStore, 'walletsOf'> },
  person: string,
): Promise<string[]> {
  const wallets = await identity.walletsOf(person)
  return [accountOfPerson(person), ...wallets.map(({ wallet }) => wallet)]
}
