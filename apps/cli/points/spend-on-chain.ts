import { wireSpends } from '#cli/wire-relay.ts'
import { confirm } from '#cli/confirm.ts'
import type { Address } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'
import { previewRequest } from '#core/ledger/preview-request.ts'
import { holdRequest, intentOf, type SpendInput, spendPoints } from '#core/relay/spend-points.ts'
import { exitCodes } from '#faces/exit-code.ts'
import { keyReused, print, SCOPE } from './mutate.ts'
import type { MutationOptions } from './options.ts'

export type ChainSpendOptions = {
  readonly onChain?: boolean
  readonly chain?: string
  readonly wallet?: Address
  readonly voucher?: boolean
}

type Options = MutationOptions &
  ChainSpendOptions & { readonly asset: string; readonly memo: string; readonly fee?: bigint }

/** @throws AppError `invalid` where options are given that mean nothing without `--on-chain` */
export function refuseChainOptions({ chain, wallet, voucher }: ChainSpendOptions): void {
  const given = { '--chain': chain, '--wallet': wallet, '--voucher': voucher }
  const [odd] = Object.entries(given).find(([, value]) => value !== undefined) ?? []
  if (odd !== undefined)
    throw invalidField(odd, 'it is for spends on the chain; add --on-chain, or leave it out')
}

/** Records a spend on the chain and puts its points aside. */
export async function spendOnChain(
  account: string,
  amountRaw: bigint,
  options: Options,
): Promise<void> {
  const { wallet } = options
  if (!wallet)
    throw invalidField('--wallet', 'a spend on the chain is booked on an address; name it')
  if (options.fee !== undefined)
    throw invalidField('--fee', 'a spend on the chain has no fee; leave it out')
  await using app = await wireSpends(options)
  const { ports, policy } = app
  const { ledger, asset } = policy
  if (options.ledger !== ledger || options.asset !== asset)
    throw invalidField(
      options.ledger === ledger ? '--asset' : '--ledger',
      `the contract is of ${asset} in the ledger ${ledger}; leave it out`,
    )
  const key = options.key ?? app.newId()
  const input: SpendInput = {
    scope: SCOPE,
    key,
    actor: options.actor ?? app.actor,
    account,
    wallet,
    amountRaw,
    memo: options.memo,
    way: options.voucher === true ? 'voucher' : 'relayed',
  }
  const intent = intentOf(ports, policy, input)
  if (options.dryRun === true) {
    const there = await ports.intents.intent(intent.id)
    const hold = holdRequest(there ?? intent, there?.leaseMs ?? policy.leaseMs)
    const preview = await previewRequest(ports, ledger, hold)
    if (preview.status === 'key-reused') throw keyReused(key)
    print(options, {
      status: preview.status,
      key,
      operation: intent.operation,
      hold: preview.outcome,
    })
    return
  }
  if (
    !(await confirm(
      `Spend ${amountRaw} ${asset} of ${account} on the chain?`,
      options.yes === true,
    ))
  ) {
    print(options, { status: 'not-done', key })
    return
  }
  const outcome = await spendPoints(ports, policy, input)
  if (outcome.status === 'key-reused') throw keyReused(key)
  const { id, operation, state, refusal } = outcome.intent
  if (outcome.status === 'refused') process.exitCode = exitCodes.refused
  const status = outcome.isReplay ? `${outcome.status}-before` : outcome.status
  print(options, { status, key, id, operation, state, ...(refusal !== null && { code: refusal }) })
}
