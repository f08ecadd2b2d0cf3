import { AMOUNT_MAX_RAW, BALANCE_MAX_RAW } from './check-request.ts'
import { type Account, accountId, emptyAccount, type Hold, systemId } from './document.ts'
import type { Outcome, Posting, PostingPlace, Refusal, SystemAccount } from './entry.ts'
import type { AssetPolicy, Operation } from './operation.ts'
import type { ReadValue } from './working-set.ts'

const DAY_MS = 86_400_000

/** Days since 1970, in UTC. */
export const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS)

const done = (...postings: Posting[]): Outcome => ({ status: 'done', postings })
const refused = (code: Refusal): Outcome => ({ status: 'refused', code })

/** Operations of which the opposite may be posted; holds and earnings have ends of their own. */
const REVERSIBLE: ReadonlySet<string> = new Set<Operation['kind']>([
  'grant',
  'grant-many',
  'spend',
  'expire',
  'write-off',
])

/**
 * What becomes of an operation. It follows from the documents that it reads and from nothing else, so that everybody comes
 * to the same. What it names is read before anything is refused, so that a group of operations is read in a few steps.
 *
 * @param operation that `checkRequest` has let pass
 * @param read documents as they are before it
 * @param atMs of the entry that it will be in
 */
export function decide(operation: Operation, read: ReadValue, atMs: number): Outcome {
  const account = (asset: string, name: string): Account =>
    read('account', accountId(asset, name)) ?? emptyAccount
  const isFrozen = (name: string): boolean => read('standing', name)?.isFrozen === true

  switch (operation.kind) {
    case 'set-asset':
    case 'note':
    case 'freeze':
    case 'unfreeze':
      return done()
    case 'grant':
    case 'earn': {
      const { asset, amountRaw } = operation
      const bucket = operation.kind === 'grant' ? 'available' : 'provisional'
      const refusal = refuseIssue(read, asset, [operation])
      if (refusal) return refused(refusal)
      return done({ asset, from: '@issuance', to: `${operation.account}/${bucket}`, amountRaw })
    }
    case 'grant-many': {
      const { asset, grants } = operation
      const refusal = refuseIssue(read, asset, grants)
      if (refusal) return refused(refusal)
      return done(
        ...grants.map(({ account: to, amountRaw }): Posting => ({
          asset,
          from: '@issuance',
          to: `${to}/available`,
          amountRaw,
        })),
      )
    }
    case 'confirm':
    case 'retract': {
      const earning = read('hold', operation.earning)
      if (!earning || earning.bucket !== 'provisional') return refused('unknown-hold')
      if (earning.state !== 'open') return refused('hold-resolved')
      const to: PostingPlace =
        operation.kind === 'confirm' ? `${earning.account}/available` : '@issuance'
      return done({
        asset: earning.asset,
        from: `${earning.account}/provisional`,
        to,
        amountRaw: earning.amountRaw,
      })
    }
    case 'spend':
    case 'hold': {
      const { asset, amountRaw } = operation
      const policy = read('asset', asset)
      const isStopped = isFrozen(operation.account)
      const payer = account(asset, operation.account)
      if (!policy) return refused('unknown-asset')
      if (isStopped) return refused('account-frozen')
      const refusal = refuseOutlay(policy, payer, amountRaw, atMs)
      if (refusal) return refused(refusal)
      const from: PostingPlace = `${operation.account}/available`
      if (operation.kind === 'hold')
        return done({ asset, from, to: `${operation.account}/held`, amountRaw })
      return done(...outlay(asset, from, amountRaw, operation.feeRaw))
    }
    case 'pin': {
      const hold = openHold(read, operation.hold)
      return typeof hold === 'string' ? refused(hold) : done()
    }
    case 'settle': {
      const hold = openHold(read, operation.hold)
      if (typeof hold === 'string') return refused(hold)
      const { amountRaw, feeRaw } = operation
      if (amountRaw > hold.amountRaw) return refused('amount-above-hold')
      const settled = outlay(hold.asset, `${hold.account}/held`, amountRaw, feeRaw)
      const rest = hold.amountRaw - amountRaw
      return done(...settled, ...(rest > 0n ? [release({ ...hold, amountRaw: rest })] : []))
    }
    case 'void': {
      const hold = openHold(read, operation.hold)
      return typeof hold === 'string' ? refused(hold) : done(release(hold))
    }
    case 'lapse': {
      const hold = openHold(read, operation.hold)
      if (typeof hold === 'string') return refused(hold)
      const isDue = hold.leaseUntilMs !== null && hold.leaseUntilMs <= atMs
      return isDue ? done(release(hold)) : refused('hold-not-due')
    }
    case 'expire': {
      const { asset, creditedRaw } = operation
      const policy = read('asset', asset)
      const isStopped = isFrozen(operation.account)
      const { availableRaw, debitedRaw } = account(asset, operation.account)
      if (!policy) return refused('unknown-asset')
      if (isStopped) return refused('account-frozen')
      const old = creditedRaw - debitedRaw
      const expired = old < availableRaw ? old : availableRaw
      if (expired <= 0n) return refused('nothing-to-expire')
      const from: PostingPlace = `${operation.account}/available`
      // What one posting may move; the rest goes with the next one.
      const amountRaw = expired < AMOUNT_MAX_RAW ? expired : AMOUNT_MAX_RAW
      return done({ asset, from, to: '@expired', amountRaw })
    }
    case 'write-off': {
      const { asset, amountRaw } = operation
      const policy = read('asset', asset)
      const { issued, lost } = totals(read, asset)
      if (!policy) return refused('unknown-asset')
      if (issued + lost + amountRaw > BALANCE_MAX_RAW) return refused('supply-limit')
      return done({ asset, from: '@losses', to: '@redeemed', amountRaw })
    }
    case 'reverse':
      return reverse(operation.operation, read, account, isFrozen)
    default:
      return operation satisfies never
  }
}

/** What the fee leaves is redeemed; a posting always moves something. */
const outlay = (
  asset: string,
  from: PostingPlace,
  amountRaw: bigint,
  feeRaw: bigint,
): Posting[] => [
  ...(amountRaw > feeRaw
    ? [{ asset, from, to: '@redeemed' as const, amountRaw: amountRaw - feeRaw }]
    : []),
  ...(feeRaw > 0n ? [{ asset, from, to: '@fees' as const, amountRaw: feeRaw }] : []),
]

const release = ({ asset, account, amountRaw }: Hold): Posting => ({
  asset,
  from: `${account}/held`,
  to: `${account}/available`,
  amountRaw,
})

function openHold(read: ReadValue, id: string): Hold | Refusal {
  const hold = read('hold', id)
  if (!hold || hold.bucket !== 'held') return 'unknown-hold'
  return hold.state === 'open' ? hold : 'hold-resolved'
}

/** All that ever came to be and went away again. */
function totals(read: ReadValue, asset: string) {
  const of = (name: SystemAccount): bigint =>
    read('system', systemId(asset, name))?.balanceRaw ?? 0n
  const redeemed = of('redeemed') + of('fees') + of('expired')
  return { issued: -of('issuance'), lost: -of('losses'), redeemed }
}

function refuseIssue(
  read: ReadValue,
  asset: string,
  grants: readonly { readonly account: string; readonly amountRaw: bigint }[],
): Refusal | undefined {
  const policy = read('asset', asset)
  const { issued, lost, redeemed } = totals(read, asset)
  const balances = grants.map(({ account }) => read('account', accountId(asset, account)))
  if (!policy) return 'unknown-asset'
  const total = grants.reduce((sum, { amountRaw }) => sum + amountRaw, 0n)
  const supplyMax = policy.supplyMaxRaw ?? BALANCE_MAX_RAW
  const out = issued + lost - redeemed
  if (issued + lost + total > BALANCE_MAX_RAW || out + total > supplyMax) return 'supply-limit'
  const balanceMax = policy.balanceMaxRaw
  if (balanceMax === null) return undefined
  const isOver = grants.some(({ amountRaw }, index) => {
    const { availableRaw, heldRaw, provisionalRaw } = balances[index] ?? emptyAccount
    return availableRaw + heldRaw + provisionalRaw + amountRaw > balanceMax
  })
  return isOver ? 'balance-limit' : undefined
}

function refuseOutlay(
  { spendMaxRaw, spendPerDayMaxRaw }: AssetPolicy,
  { availableRaw, day, spentInDayRaw }: Account,
  amountRaw: bigint,
  atMs: number,
): Refusal | undefined {
  if (spendMaxRaw !== null && amountRaw > spendMaxRaw) return 'spend-limit'
  if (availableRaw < amountRaw) return 'insufficient-points'
  const spent = day === dayOf(atMs) ? spentInDayRaw : 0n
  if (spendPerDayMaxRaw !== null && spent + amountRaw > spendPerDayMaxRaw) return 'day-limit'
  return undefined
}

function reverse(
  id: string,
  read: ReadValue,
  account: (asset: string, name: string) => Account,
  isFrozen: (name: string) => boolean,
): Outcome {
  const use = read('key', id)
  const reversal = read('reversal', id)
  if (!use) return refused('unknown-operation')
  if (use.outcome.status === 'refused' || !REVERSIBLE.has(use.kind))
    return refused('not-reversible')
  if (reversal) return refused('already-reversed')
  const postings = use.outcome.postings.map(({ asset, from, to, amountRaw }) => ({
    asset,
    from: to,
    to: from,
    amountRaw,
  }))
  for (const { asset, from, amountRaw } of postings) {
    const [name = '', bucket] = from.split('/')
    if (bucket === undefined) continue
    if (isFrozen(name)) return refused('account-frozen')
    if (account(asset, name).availableRaw < amountRaw) return refused('insufficient-points')
  }
  return done(...postings)
}
