import type { Address, BlockRef, Hash } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import type { Delegations } from './count-delegated.ts'
import type { Reason } from './decision.ts'
import type { Delegation, DelegationList, DelegationReader } from './ports.ts'

/** The registry that counts, and what delegations have to be for. */
export type DelegationPorts = {
  readonly registry: Address
  /** Those for everything count too; zero: these alone. */
  readonly rights: Hash
  readonly reader: DelegationReader
}

const NO_RIGHTS: Hash = `0x${'0'.repeat(64)}`

/** What is delegated to wallets at the block of a decision. */
export function createDelegations(
  { registry, rights, reader }: DelegationPorts,
  block: BlockRef,
): Delegations {
  const asked = new Map<Address, Promise<readonly Delegation[] | Reason>>()

  async function ask(wallet: Address): Promise<readonly Delegation[] | Reason> {
    let list: DelegationList
    try {
      list = await reader.incoming(block, registry, wallet)
    } catch (error) {
      if (!isAppError(error, 'unavailable')) throw error
      return 'unavailable'
    }
    if (list.status === 'too-many') return 'too-many-tokens'
    if (list.status !== 'listed') return list.status
    return list.delegations.filter((each) => each.rights === NO_RIGHTS || each.rights === rights)
  }

  return {
    registry,
    rights,
    incoming(wallet) {
      const known = asked.get(wallet) ?? ask(wallet)
      asked.set(wallet, known)
      return known
    },
  }
}
