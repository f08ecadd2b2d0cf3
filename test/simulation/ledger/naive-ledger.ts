import type { Operation } from '#core/ledger/operation.ts'

type Purse = { available: bigint; held: bigint; provisional: bigint; spentOn: Map<number, bigint> }
type Aside = {
  account: string
  amount: bigint
  kind: 'hold' | 'earn'
  until: number | null
  open: boolean
}
type Done = { kind: string; moves: [string, bigint][]; outlay: boolean; reversed: boolean }

const DAY_MS = 86_400_000

/**
 * The rules of a ledger with one asset, written a second time and as simply as can be: one operation after another, on
 * balances in memory. What it says is held against what the real one has recorded.
 */
export function createNaiveLedger() {
  const purses = new Map<string, Purse>()
  const asides = new Map<string, Aside>()
  const done = new Map<string, Done>()
  const frozen = new Set<string>()
  let limits: (Operation & { kind: 'set-asset' }) | undefined
  let out = 0n

  const purseOf = (account: string): Purse => {
    const found = purses.get(account)
    if (found) return found
    const made: Purse = { available: 0n, held: 0n, provisional: 0n, spentOn: new Map() }
    purses.set(account, made)
    return made
  }
  const total = ({ available, held, provisional }: Purse): bigint => available + held + provisional

  function give(
    grants: readonly { account: string; amountRaw: bigint }[],
    to: 'available' | 'provisional',
  ) {
    if (!limits) return 'unknown-asset'
    const sum = grants.reduce((all, { amountRaw }) => all + amountRaw, 0n)
    if (limits.supplyMaxRaw !== null && out + sum > limits.supplyMaxRaw) return 'supply-limit'
    for (const { account, amountRaw } of grants)
      if (
        limits.balanceMaxRaw !== null &&
        total(purseOf(account)) + amountRaw > limits.balanceMaxRaw
      )
        return 'balance-limit'
    for (const { account, amountRaw } of grants) purseOf(account)[to] += amountRaw
    out += sum
    return 'done'
  }

  function pay(account: string, amount: bigint, atMs: number) {
    if (!limits) return 'unknown-asset'
    if (frozen.has(account)) return 'account-frozen'
    const purse = purseOf(account)
    const day = Math.floor(atMs / DAY_MS)
    const spent = purse.spentOn.get(day) ?? 0n
    if (limits.spendMaxRaw !== null && amount > limits.spendMaxRaw) return 'spend-limit'
    if (purse.available < amount) return 'insufficient-points'
    if (limits.spendPerDayMaxRaw !== null && spent + amount > limits.spendPerDayMaxRaw)
      return 'day-limit'
    purse.available -= amount
    purse.spentOn.set(day, spent + amount)
    return 'done'
  }

  /** What comes back may be spent again on the same day. */
  function comeBack(account: string, amount: bigint, atMs: number): void {
    const purse = purseOf(account)
    const day = Math.floor(atMs / DAY_MS)
    const spent = (purse.spentOn.get(day) ?? 0n) - amount
    purse.available += amount
    purse.spentOn.set(day, spent > 0n ? spent : 0n)
  }

  function resolve(id: string, kind: Aside['kind']): Aside | string {
    const aside = asides.get(id)
    if (!aside || aside.kind !== kind) return 'unknown-hold'
    if (!aside.open) return 'hold-resolved'
    return aside
  }

  function apply(id: string, operation: Operation, atMs: number): string {
    switch (operation.kind) {
      case 'set-asset':
        limits = operation
        return 'done'
      case 'grant': {
        const word = give([operation], 'available')
        if (word === 'done') note(id, 'grant', [[operation.account, operation.amountRaw]])
        return word
      }
      case 'grant-many': {
        const word = give(operation.grants, 'available')
        const moves = operation.grants.map(({ account, amountRaw }): [string, bigint] => [
          account,
          amountRaw,
        ])
        if (word === 'done') note(id, 'grant-many', moves)
        return word
      }
      case 'earn': {
        const { account, amountRaw } = operation
        const word = give([operation], 'provisional')
        if (word === 'done')
          asides.set(id, { account, amount: amountRaw, kind: 'earn', until: null, open: true })
        if (word === 'done') note(id, 'earn', [])
        return word
      }
      case 'confirm':
      case 'retract': {
        const aside = resolve(operation.earning, 'earn')
        if (typeof aside === 'string') return aside
        aside.open = false
        purseOf(aside.account).provisional -= aside.amount
        if (operation.kind === 'confirm') purseOf(aside.account).available += aside.amount
        else out -= aside.amount
        return 'done'
      }
      case 'spend': {
        const word = pay(operation.account, operation.amountRaw, atMs)
        if (word !== 'done') return word
        out -= operation.amountRaw
        note(id, 'spend', [[operation.account, -operation.amountRaw]], true)
        return 'done'
      }
      case 'hold': {
        const { account, amountRaw, leaseMs } = operation
        const word = pay(account, amountRaw, atMs)
        if (word !== 'done') return word
        purseOf(account).held += amountRaw
        const until = leaseMs === null ? null : atMs + leaseMs
        asides.set(id, { account, amount: amountRaw, kind: 'hold', until, open: true })
        note(id, 'hold', [])
        return 'done'
      }
      case 'pin':
      case 'settle':
      case 'void':
      case 'lapse': {
        const aside = resolve(operation.hold, 'hold')
        if (typeof aside === 'string') return aside
        if (operation.kind === 'pin') {
          aside.until = null
          return 'done'
        }
        if (operation.kind === 'lapse' && (aside.until === null || aside.until > atMs))
          return 'hold-not-due'
        const spent = operation.kind === 'settle' ? operation.amountRaw : 0n
        if (spent > aside.amount) return 'amount-above-hold'
        aside.open = false
        purseOf(aside.account).held -= aside.amount
        out -= spent
        if (aside.amount > spent) comeBack(aside.account, aside.amount - spent, atMs)
        return 'done'
      }
      case 'reverse': {
        const what = done.get(operation.operation)
        if (!what) return known.has(operation.operation) ? 'not-reversible' : 'unknown-operation'
        if (!['grant', 'grant-many', 'spend'].includes(what.kind)) return 'not-reversible'
        if (what.reversed) return 'already-reversed'
        for (const [account, amount] of what.moves) {
          if (amount < 0n) continue
          if (frozen.has(account)) return 'account-frozen'
          if (purseOf(account).available < amount) return 'insufficient-points'
        }
        what.reversed = true
        for (const [account, amount] of what.moves) {
          out -= amount
          if (what.outlay) comeBack(account, -amount, atMs)
          else purseOf(account).available -= amount
        }
        return 'done'
      }
      case 'freeze':
        frozen.add(operation.account)
        return 'done'
      case 'unfreeze':
        frozen.delete(operation.account)
        return 'done'
      case 'note':
        return 'done'
      case 'write-off':
      case 'expire':
        throw new Error('the simulation neither expires nor writes off')
      default:
        return operation satisfies never
    }
  }

  const known = new Set<string>()
  function note(id: string, kind: string, moves: [string, bigint][], outlay = false): void {
    done.set(id, { kind, moves, outlay, reversed: false })
  }

  return {
    /** What becomes of an operation, in a word. */
    apply(id: string, operation: Operation, atMs: number): string {
      const word = apply(id, operation, atMs)
      known.add(id)
      return word
    },
    /** What an account has, as text. */
    purse: (account: string): string => {
      const { available, held, provisional } = purseOf(account)
      return `${available}/${held}/${provisional}`
    },
  }
}
