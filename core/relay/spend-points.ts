import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'
import { checkRequest } from '#core/ledger/check-request.ts'
import { operationId, type OperationRequest } from '#core/ledger/operation.ts'
import { changeIntent } from './change-intent.ts'
import { type Intent, moved, operationOf, type SpendWay } from './intent.ts'
import type { RelayPolicy, SpendPorts } from './relay-ports.ts'

/** A spend as it is asked for. */
export type SpendInput = {
  /** Whose key it is: a principal. */
  readonly scope: string
  /** The same key never spends twice, and is never forgotten. */
  readonly key: string
  readonly actor: string
  readonly account: string
  /** On whose address the contract books it; with a voucher, who sends it. */
  readonly wallet: Address
  /** In raw units, above 0. */
  readonly amountRaw: bigint
  readonly memo: string
  readonly way: SpendWay
}

export type SpendOutcome =
  /** The points are put aside, and the rest goes on by itself; also where it was asked for before. */
  | { readonly status: 'accepted'; readonly intent: Intent; readonly isReplay: boolean }
  /** The ledger does not allow it, for good; `intent.refusal` says why. */
  | { readonly status: 'refused'; readonly intent: Intent; readonly isReplay: boolean }
  /** The key was used for something else; nothing was done. */
  | { readonly status: 'key-reused' }

/**
 * Records a spend on the chain and puts its points aside. What becomes of it is known when the chain has it in a final
 * block: `readOperation` tells.
 *
 * @throws AppError `invalid` naming the field; `unavailable` where it is not known whether it was recorded: the same call
 *   with the same key tells, and does nothing twice
 */
export async function spendPoints(
  ports: SpendPorts,
  policy: RelayPolicy,
  input: SpendInput,
): Promise<SpendOutcome> {
  const wanted = intentOf(ports, policy, input)
  const isNew = await ports.intents.insertIntent(wanted)
  const there = isNew ? wanted : await ports.intents.intent(wanted.id)
  if (!there || !isSame(there, wanted)) return { status: 'key-reused' }
  const intent = await holdPoints(ports, there)
  if (intent.refusal === KEY_REUSED) return { status: 'key-reused' }
  const status = intent.state === 'refused' ? 'refused' : 'accepted'
  return { status, intent, isReplay: !isNew }
}

/** What would become of it, as far as the request itself tells. @throws AppError `invalid` naming the field */
export function intentOf(
  { sha256, clock }: Pick<SpendPorts, 'sha256' | 'clock'>,
  { chainId, contract, ledger, asset, leaseMs }: RelayPolicy,
  input: SpendInput,
): Intent {
  const { scope, key, actor, account, wallet, amountRaw, memo, way } = input
  checkRequest(holdRequest({ scope, key, actor, asset, account, amountRaw, memo }, leaseMs))
  if (wallet === ZERO_ADDRESS)
    throw invalidField('wallet', 'it is the zero address, which nobody has; name the account’s own')
  const id = operationId(scope, key)
  return {
    id,
    scope,
    key,
    actor,
    way,
    ledger,
    asset,
    account,
    wallet,
    amountRaw,
    memo,
    chainId,
    contract,
    operation: operationOf(sha256, { chainId, contract, ledger, id }),
    createdMs: clock.nowMs(),
    state: 'new',
    leaseMs,
    deadlineS: null,
    fromBlock: null,
    slot: null,
    voucher: null,
    rounds: 0,
    faults: 0,
    waitsFor: null,
    verdict: null,
    refusal: null,
    resumeIn: null,
    version: 1,
    history: [{ atMs: clock.nowMs(), state: 'new', by: actor, note: '' }],
  }
}

type Held = Pick<Intent, 'scope' | 'key' | 'actor' | 'asset' | 'account' | 'amountRaw' | 'memo'>

export const holdRequest = (
  { scope, key, actor, asset, account, amountRaw, memo }: Held,
  leaseMs: number,
): OperationRequest => ({
  scope,
  key,
  actor,
  operation: { kind: 'hold', asset, account, amountRaw, leaseMs, memo },
})

/** The ledger has used the key for another operation. */
const KEY_REUSED = 'key-reused'

/** Puts the points of a new intent aside. Does nothing where that was done. */
export async function holdPoints(ports: SpendPorts, intent: Intent): Promise<Intent> {
  if (intent.state !== 'new') return intent
  const receipt = await ports.clerk.submit(holdRequest(intent, intent.leaseMs))
  const refusal =
    receipt.status === 'key-reused'
      ? KEY_REUSED
      : receipt.outcome.status === 'refused'
        ? receipt.outcome.code
        : null
  return changeIntent(ports.intents, intent, (now) =>
    now.state === 'new'
      ? moved(now, ports.clock.nowMs(), { state: refusal === null ? 'held' : 'refused', refusal })
      : undefined,
  )
}

/** Whether both ask for the same. Who asks may differ: a key belongs to its scope. */
const isSame = (a: Intent, b: Intent): boolean =>
  a.way === b.way &&
  a.operation === b.operation &&
  a.asset === b.asset &&
  a.account === b.account &&
  a.wallet === b.wallet &&
  a.amountRaw === b.amountRaw &&
  a.memo === b.memo
