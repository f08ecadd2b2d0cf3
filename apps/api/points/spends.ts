import type { KnownPrincipal } from '#core/access/ports.ts'
import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { Refusal } from '#core/ledger/entry.ts'
import { keyReused, refusedBy } from '#core/ledger/expect-done.ts'
import { operationId } from '#core/ledger/operation.ts'
import type { Intent, SpendWay } from '#core/relay/intent.ts'
import { readOperation } from '#core/relay/read-operation.ts'
import type { RelayPolicy, SpendPorts } from '#core/relay/relay-ports.ts'
import { spendPoints } from '#core/relay/spend-points.ts'
import type { Api, ServedChain } from '#api/wire.ts'
import { accountsOf, checkKey, expectAccount, nameOf } from './service.ts'

/** Spends of points on one chain. */
export type Spends = { readonly ports: SpendPorts; readonly policy: RelayPolicy }

/** @throws AppError `not-found` where the chain has no points contract */
export function spendsOf({ spends }: Pick<Api, 'spends'>, { chain }: ServedChain): Spends {
  const found = spends.get(chain.id)
  if (found) return found
  throw new AppError(
    'not-found',
    'no points are spent on this chain: the service is not set up for it',
    { audience: 'client' },
  )
}

export type WantedSpend = {
  readonly account: string
  readonly wallet: Address
  readonly amountRaw: bigint
  readonly memo: string
  readonly way: SpendWay
}

/**
 * Spends points of an account in the name of a principal: a person those of its own accounts, on a wallet that it has proven;
 * a program with the scope those of any.
 *
 * @throws AppError `forbidden` as `expectAccount` does; `conflict` with the refusal of the ledger or `key-reused` as its reason
 */
export async function spendFor(
  api: Pick<Api, 'identity'>,
  { ports, policy }: Spends,
  principal: KnownPrincipal,
  key: string,
  wanted: WantedSpend,
): Promise<Intent> {
  checkKey(key)
  await expectAccount(api, principal, wanted.account, 'points:spend')
  if (principal.kind === 'person') await expectOwnWallet(api, principal, wanted.wallet)
  const name = nameOf(principal)
  const outcome = await spendPoints(ports, policy, { scope: name, key, actor: name, ...wanted })
  if (outcome.status === 'key-reused') throw keyReused()
  // The words of the ledger, which the record keeps.
  if (outcome.status === 'refused') throw refusedBy(outcome.intent.refusal as Refusal)
  return outcome.intent
}

/** How far a spend of the principal has come. @throws AppError `not-found` where it has none under this key */
export function readSpendOf(
  { ports, policy }: Spends,
  principal: KnownPrincipal,
  key: string,
): Promise<Intent> {
  checkKey(key)
  return readOperation(ports, policy.chainId, operationId(nameOf(principal), key))
}

async function expectOwnWallet(
  api: Pick<Api, 'identity'>,
  principal: KnownPrincipal,
  wallet: Address,
): Promise<void> {
  if ((await accountsOf(api, principal)).includes(wallet)) return
  throw new AppError('forbidden', 'wallet: you have not proven it; name one that you have', {
    details: { field: 'wallet', reason: 'not-your-account' },
    audience: 'client',
  })
}
