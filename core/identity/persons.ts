import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { ProvenWallet } from './ports.ts'
import { coolingDown, type IdentityPorts, type Proof, proveWallet } from './sign-in.ts'

/** Wallets that one person may have. */
const WALLETS_MAX = 50

/**
 * Adds a wallet to a person, who proves it as in signing in, and is signed in already.
 *
 * @returns all wallets of the person, by address
 * @throws AppError as `signIn` does; `conflict` where the wallet is somebody else's (`wallet-taken`), was so a short while
 *   ago (`cooling-down`), or is one too many
 */
export async function linkWallet(
  ports: IdentityPorts,
  person: string,
  proof: Proof,
): Promise<ProvenWallet[]> {
  const { identity, clock } = ports
  if ((await identity.walletsOf(person)).length >= WALLETS_MAX)
    throw new AppError(
      'conflict',
      `wallet: a person has ${WALLETS_MAX} at most; unlink one first`,
      {
        details: { field: 'wallet' },
        audience: 'client',
      },
    )
  const { address } = await proveWallet(ports, proof)
  const link = await identity.linkWallet(address, person, person, clock.nowMs())
  if (link.status !== 'linked') throw coolingDown(link)
  return identity.walletsOf(person)
}

/**
 * Takes a wallet from a person. Nobody else gets it before the cool-down is over, so that one token does not count for
 * several people in a row; the person may prove it again at once. Its sessions end.
 *
 * @returns the wallets that are left
 * @throws AppError `not-found` where the wallet is not the person's; `conflict` for the last one, without which the person
 *   could not sign in again
 */
export async function unlinkWallet(
  { identity, clock, policy }: Pick<IdentityPorts, 'identity' | 'clock' | 'policy'>,
  person: string,
  wallet: Address,
): Promise<ProvenWallet[]> {
  const wallets = await identity.walletsOf(person)
  if (!wallets.some((each) => each.wallet === wallet)) throw notTheirs(wallet)
  if (wallets.length === 1) throw lastOne()
  const freeAtMs = clock.nowMs() + policy.unlinkCoolDownMs
  if (!(await identity.unlinkWallet(wallet, person, freeAtMs))) throw notTheirs(wallet)
  const left = await identity.walletsOf(person)
  if (left.length === 0) {
    // The others were unlinked at the same time. Who unlinks looks behind its own step, so that one of them sees it.
    await identity.linkWallet(wallet, person, person, clock.nowMs())
    throw lastOne()
  }
  await identity.revokeSessionsOf(person)
  return left
}

const lastOne = (): AppError =>
  new AppError('conflict', 'wallet: it is the last one of this person; link another first', {
    details: { field: 'wallet' },
    audience: 'client',
  })

const notTheirs = (wallet: Address): AppError =>
  new AppError('not-found', `wallet: ${wallet} is not one of this person`, {
    details: { field: 'wallet' },
    audience: 'client',
  })
