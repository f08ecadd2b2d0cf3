import { invalidField } from '#core/errors.ts'
import type { Operation, OperationRequest } from './operation.ts'

/** The most that one operation moves, in raw units. */
export const AMOUNT_MAX_RAW = 10n ** 18n
/** The most that balances and sums are: they are kept in 64 bits with a sign. */
export const BALANCE_MAX_RAW = 2n ** 63n - 1n
/** Grants of one operation: they are stored as one entry. */
const GRANTS_MAX = 1_000
const DECIMALS_MAX = 18
const MEMO_LENGTH_MAX = 500
/** A hundred years. */
const DURATION_MS_MAX = 100 * 366 * 86_400_000

const NAME = /^[A-Za-z0-9][A-Za-z0-9:._@~-]{0,99}$/
const ASSET = /^[a-z][a-z0-9-]{0,31}$/
const KEY = /^[A-Za-z0-9:._@~-]{1,200}$/
const OPERATION_ID = /^[A-Za-z0-9:._@~-]{1,200}\/[A-Za-z0-9:._@~-]{1,200}$/
// oxlint-disable-next-line no-control-regex -- characters that would change how a terminal or a log shows the rest
const UNPRINTABLE = /[\u0000-\u001f\u007f\u2028\u2029]/

/** Letters, digits and `:._@~-`: the name of a ledger, an account or a principal. */
export function checkName(field: string, name: string): string {
  if (NAME.test(name)) return name
  throw invalidField(
    field,
    'it is not 1 to 100 letters, digits or :._@~- that begin with a letter or a digit; write one that is',
  )
}

export function checkAsset(field: string, asset: string): string {
  if (ASSET.test(asset)) return asset
  throw invalidField(
    field,
    'it is not 1 to 32 small letters, digits or dashes that begin with a letter; write one that is',
  )
}

function checkKey(field: string, key: string): string {
  if (KEY.test(key)) return key
  throw invalidField(field, 'it is not 1 to 200 letters, digits or :._@~-; write one that is')
}

function checkId(field: string, id: string): string {
  if (OPERATION_ID.test(id)) return id
  throw invalidField(
    field,
    'it names no operation; write the scope and the key with a slash between',
  )
}

/** @param min 0n where nothing is an amount too */
function checkAmount(field: string, amount: bigint, min = 1n): bigint {
  if (amount >= min && amount <= AMOUNT_MAX_RAW) return amount
  throw invalidField(
    field,
    `${amount} is not from ${min} to ${AMOUNT_MAX_RAW}; write a whole number of raw units in that range`,
  )
}

function checkMemo(field: string, memo: string): string {
  if (memo.length <= MEMO_LENGTH_MAX && memo.isWellFormed() && !UNPRINTABLE.test(memo)) return memo
  throw invalidField(
    field,
    `it has more than ${MEMO_LENGTH_MAX} characters, or some that cannot be printed; write a shorter line`,
  )
}

function checkDuration(field: string, ms: number | null): number | null {
  if (ms === null || (Number.isSafeInteger(ms) && ms > 0 && ms <= DURATION_MS_MAX)) return ms
  throw invalidField(field, `${ms} is not a number of milliseconds from 1 to ${DURATION_MS_MAX}`)
}

function checkFee(feeRaw: bigint, amountRaw: bigint): bigint {
  if (checkAmount('feeRaw', feeRaw, 0n) <= amountRaw) return feeRaw
  throw invalidField('feeRaw', `${feeRaw} is more than the amount, ${amountRaw}; take a lower fee`)
}

const limit = (field: string, amount: bigint | null): bigint | null =>
  amount === null ? null : checkAmount(field, amount)

/**
 * The request with its fields in one order and nothing else beside them, so that equal requests are equal as text.
 *
 * @throws AppError `invalid` naming the field and the remedy
 */
export const checkRequest = ({
  scope,
  key,
  actor,
  operation,
}: OperationRequest): OperationRequest => ({
  scope: checkKey('scope', scope),
  key: checkKey('key', key),
  actor: checkName('actor', actor),
  operation: checkOperation(operation),
})

function checkOperation(input: Operation): Operation {
  switch (input.kind) {
    case 'set-asset':
      return checkPolicy(input)
    case 'grant':
      return { kind: 'grant', ...checkMove(input), memo: checkMemo('memo', input.memo) }
    case 'grant-many':
      return {
        kind: 'grant-many',
        asset: checkAsset('asset', input.asset),
        grants: checkGrants(input.grants),
        memo: checkMemo('memo', input.memo),
      }
    case 'earn':
      return { kind: 'earn', ...checkMove(input), cause: checkMemo('cause', input.cause) }
    case 'confirm':
      return { kind: 'confirm', earning: checkId('earning', input.earning) }
    case 'retract': {
      const memo = checkMemo('memo', input.memo)
      return { kind: 'retract', earning: checkId('earning', input.earning), memo }
    }
    case 'spend': {
      const move = checkMove(input)
      const feeRaw = checkFee(input.feeRaw, move.amountRaw)
      return { kind: 'spend', ...move, feeRaw, memo: checkMemo('memo', input.memo) }
    }
    case 'hold': {
      const leaseMs = checkDuration('leaseMs', input.leaseMs)
      return { kind: 'hold', ...checkMove(input), leaseMs, memo: checkMemo('memo', input.memo) }
    }
    case 'pin':
    case 'lapse':
      return { kind: input.kind, hold: checkId('hold', input.hold) }
    case 'settle': {
      const hold = checkId('hold', input.hold)
      const amountRaw = checkAmount('amountRaw', input.amountRaw)
      const feeRaw = checkFee(input.feeRaw, amountRaw)
      return { kind: 'settle', hold, amountRaw, feeRaw, memo: checkMemo('memo', input.memo) }
    }
    case 'void': {
      const memo = checkMemo('memo', input.memo)
      return { kind: 'void', hold: checkId('hold', input.hold), memo }
    }
    case 'expire': {
      const { creditedRaw } = input
      if (creditedRaw < 0n || creditedRaw > BALANCE_MAX_RAW)
        throw invalidField('creditedRaw', `${creditedRaw} is not from 0 to ${BALANCE_MAX_RAW}`)
      const account = checkName('account', input.account)
      return { kind: 'expire', asset: checkAsset('asset', input.asset), account, creditedRaw }
    }
    case 'write-off': {
      const asset = checkAsset('asset', input.asset)
      const amountRaw = checkAmount('amountRaw', input.amountRaw)
      return { kind: 'write-off', asset, amountRaw, memo: checkMemo('memo', input.memo) }
    }
    case 'reverse': {
      const memo = checkMemo('memo', input.memo)
      return { kind: 'reverse', operation: checkId('operation', input.operation), memo }
    }
    case 'note': {
      const topic = checkName('topic', input.topic)
      return { kind: 'note', topic, text: checkMemo('text', input.text) }
    }
    case 'freeze':
    case 'unfreeze': {
      const memo = checkMemo('memo', input.memo)
      return { kind: input.kind, account: checkName('account', input.account), memo }
    }
    default:
      return input satisfies never
  }
}

function checkPolicy(input: Operation & { readonly kind: 'set-asset' }): Operation {
  const { decimals } = input
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > DECIMALS_MAX)
    throw invalidField('decimals', `${decimals} is not a whole number from 0 to ${DECIMALS_MAX}`)
  return {
    kind: 'set-asset',
    asset: checkAsset('asset', input.asset),
    name: checkMemo('name', input.name),
    decimals,
    spendMaxRaw: limit('spendMaxRaw', input.spendMaxRaw),
    spendPerDayMaxRaw: limit('spendPerDayMaxRaw', input.spendPerDayMaxRaw),
    balanceMaxRaw: limit('balanceMaxRaw', input.balanceMaxRaw),
    supplyMaxRaw: limit('supplyMaxRaw', input.supplyMaxRaw),
    expiresAfterMs: checkDuration('expiresAfterMs', input.expiresAfterMs),
  }
}

const checkMove = (input: {
  readonly asset: string
  readonly account: string
  readonly amountRaw: bigint
}) => ({
  asset: checkAsset('asset', input.asset),
  account: checkName('account', input.account),
  amountRaw: checkAmount('amountRaw', input.amountRaw),
})

function checkGrants(grants: readonly { readonly account: string; readonly amountRaw: bigint }[]) {
  if (grants.length === 0 || grants.length > GRANTS_MAX)
    throw invalidField('grants', `${grants.length} are not from 1 to ${GRANTS_MAX}; split them`)
  const accounts = new Set<string>()
  return grants.map(({ account, amountRaw }, index) => {
    const field = `grants[${index}]`
    if (accounts.has(account))
      throw invalidField(
        `${field}.account`,
        `${account} is in the list twice; add its amounts together`,
      )
    accounts.add(account)
    return {
      account: checkName(`${field}.account`, account),
      amountRaw: checkAmount(`${field}.amountRaw`, amountRaw),
    }
  })
}
