import type { Hash } from '#core/chain.ts'
import { AMOUNT_MAX_RAW, BALANCE_MAX_RAW } from './check-request.ts'
import { accountId } from './document.ts'
import type { Bucket, Entry, OperationRecord, Posting } from './entry.ts'
import { type OperationId, operationId } from './operation.ts'

/** A broken invariant of a ledger, by its number in docs/points.md. */
export type Breach = {
  readonly invariant: 'L1' | 'L2' | 'L3' | 'L4' | 'L7' | 'L8' | 'L9' | 'L10' | 'L11' | 'L12'
  /** What it is about: `gems/alice`, `entry 7`. */
  readonly of: string
  readonly detail: string
  /** The account that is not to be trusted, where it is one. */
  readonly account?: string
}

type Balances = Record<Bucket, bigint> & { touched: number }
type System = { balanceRaw: bigint; touched: number }
/** One part of an account, or an account of the ledger itself. */
type Spot =
  | { readonly kind: 'system'; readonly system: System }
  | {
      readonly kind: 'account'
      readonly name: string
      readonly account: string
      readonly balances: Balances
      readonly bucket: Bucket
    }
type Pending = {
  readonly asset: string
  readonly account: string
  readonly bucket: 'held' | 'provisional'
  readonly amountRaw: bigint
  /** Of the entry that has resolved it. */
  endedIn: number | undefined
}
/** There is one for each operation of the log, so that what it posted is not among it. */
type Use = {
  readonly sequence: number
  readonly position: number
  readonly isDone: boolean
  isReversed: boolean
}

/** A reversal that was met. What it reverses is to be read again, and given to `isMirror`. */
type MetReversal = {
  readonly of: OperationId
  readonly target: OperationId
  /** Where the log has the target. */
  readonly sequence: number
  readonly position: number
  readonly postings: readonly Posting[]
}

/**
 * Everything that a ledger says, counted again from its entries alone. It shares no rule with what decides operations, so
 * that a mistake there does not hide here.
 */
export type AuditModel = {
  readonly accounts: ReadonlyMap<string, Balances>
  readonly systems: ReadonlyMap<string, System>
  readonly holds: ReadonlyMap<OperationId, Pending>
  readonly uses: ReadonlyMap<OperationId, Use>
  /** In the order of the log. */
  readonly reversals: readonly MetReversal[]
  readonly breaches: readonly Breach[]
  /** The hash of an entry that was counted. */
  hashAt(sequence: number): Hash | undefined
  /** Counts one more. */
  take(entry: Entry): void
  /** Looks whether a reversal is the opposite of what its target has posted. */
  compareReversal(met: MetReversal, target: readonly Posting[]): void
  /** What can be said of the whole only. */
  conclude(): void
}

/** Breaches that are told; a ledger that has more is broken at the root. */
const BREACHES_MAX = 1_000

export function createAuditModel(): AuditModel {
  const accounts = new Map<string, Balances>()
  const systems = new Map<string, System>()
  const holds = new Map<OperationId, Pending>()
  const uses = new Map<OperationId, Use>()
  const reversals: MetReversal[] = []
  const hashes: Hash[] = []
  const breaches: Breach[] = []
  const report = (breach: Breach): void => {
    if (breaches.length < BREACHES_MAX) breaches.push(breach)
  }

  /** What moves at a place; by asset and then by place, since each is met again and again. */
  const spots = new Map<string, Map<string, Spot>>()

  function spotOf(asset: string, place: string): Spot {
    let ofAsset = spots.get(asset)
    if (!ofAsset) spots.set(asset, (ofAsset = new Map()))
    let spot = ofAsset.get(place)
    if (!spot) ofAsset.set(place, (spot = newSpot(asset, place)))
    return spot
  }

  function newSpot(asset: string, place: string): Spot {
    if (place.startsWith('@')) {
      const system = { balanceRaw: 0n, touched: 0 }
      systems.set(accountId(asset, place.slice(1)), system)
      return { kind: 'system', system }
    }
    const slash = place.indexOf('/')
    const account = place.slice(0, slash)
    const name = accountId(asset, account)
    let balances = accounts.get(name)
    if (!balances) {
      balances = { available: 0n, held: 0n, provisional: 0n, touched: 0 }
      accounts.set(name, balances)
    }
    return { kind: 'account', name, account, balances, bucket: place.slice(slash + 1) as Bucket }
  }

  function move(place: string, asset: string, delta: bigint, sequence: number): void {
    const spot = spotOf(asset, place)
    if (spot.kind === 'system') {
      spot.system.balanceRaw += delta
      spot.system.touched = sequence
      return
    }
    const { name, account, balances, bucket } = spot
    balances.touched = sequence
    const now = (balances[bucket] += delta)
    if (now >= 0n && now <= BALANCE_MAX_RAW) return
    const detail = `${bucket} is ${now} behind entry ${sequence}`
    report({ invariant: 'L2', of: name, detail, account })
  }

  function post(postings: readonly Posting[], of: string, sequence: number): void {
    for (const { asset, from, to, amountRaw } of postings) {
      if (typeof amountRaw !== 'bigint' || amountRaw <= 0n || amountRaw > AMOUNT_MAX_RAW) {
        report({ invariant: 'L10', of, detail: `a posting of ${String(amountRaw)}` })
        continue
      }
      if (from === to) report({ invariant: 'L1', of, detail: `a posting from ${from} to itself` })
      move(from, asset, -amountRaw, sequence)
      move(to, asset, amountRaw, sequence)
    }
  }

  function end(hold: OperationId, bucket: Pending['bucket'], of: string, sequence: number): void {
    const pending = holds.get(hold)
    if (!pending || pending.bucket !== bucket)
      report({ invariant: 'L8', of, detail: `it resolves ${hold}, which is nothing to resolve` })
    else if (pending.endedIn !== undefined)
      report({
        invariant: 'L8',
        of,
        detail: `it resolves ${hold} a second time`,
        account: pending.account,
      })
    else pending.endedIn = sequence
  }

  function reverse(target: OperationId, postings: readonly Posting[], of: string): void {
    const use = uses.get(target)
    const broken = (detail: string): void => report({ invariant: 'L7', of, detail })
    if (!use?.isDone) return broken(`it reverses ${target}, which was not done`)
    if (use.isReversed) return broken(`it reverses ${target} a second time`)
    use.isReversed = true
    const { sequence, position } = use
    reversals.push({ of, target, sequence, position, postings })
    return undefined
  }

  function compareReversal({ of, target, postings }: MetReversal, done: readonly Posting[]): void {
    const isMirror =
      done.length === postings.length &&
      done.every(({ asset, from, to, amountRaw }, index) => {
        const back = postings[index]
        return (
          back?.asset === asset &&
          back.from === to &&
          back.to === from &&
          back.amountRaw === amountRaw
        )
      })
    const detail = `it is not the opposite of ${target}`
    if (!isMirror) report({ invariant: 'L7', of, detail })
  }

  function takeRecord(record: OperationRecord, sequence: number, position: number): void {
    const { scope, key, operation, outcome } = record
    const id = operationId(scope, key)
    const postings = outcome.status === 'done' ? outcome.postings : null
    if (uses.has(id))
      report({ invariant: 'L4', of: id, detail: `it is done again in entry ${sequence}` })
    else uses.set(id, { sequence, position, isDone: postings !== null, isReversed: false })
    if (!postings) return
    switch (operation.kind) {
      case 'earn':
      case 'hold': {
        if (operation.kind === 'earn' && operation.cause === '')
          report({ invariant: 'L12', of: id, detail: 'it names no cause' })
        const bucket = operation.kind === 'hold' ? 'held' : 'provisional'
        const { asset, account, amountRaw } = operation
        holds.set(id, { asset, account, amountRaw, bucket, endedIn: undefined })
        break
      }
      case 'settle':
      case 'void':
      case 'lapse':
        end(operation.hold, 'held', id, sequence)
        break
      case 'confirm':
      case 'retract':
        end(operation.earning, 'provisional', id, sequence)
        break
      case 'reverse':
        reverse(operation.operation, postings, id)
        break
      case 'set-asset':
      case 'grant':
      case 'grant-many':
      case 'spend':
      case 'pin':
      case 'expire':
      case 'write-off':
      case 'note':
      case 'freeze':
      case 'unfreeze':
        break
      default:
        operation satisfies never
    }
    post(postings, id, sequence)
  }

  return {
    accounts,
    systems,
    holds,
    uses,
    reversals,
    breaches,
    compareReversal,
    hashAt: (sequence) => hashes[sequence - 1],
    take({ sequence, hash, operations }) {
      hashes[sequence - 1] = hash
      for (const [position, record] of operations.entries()) takeRecord(record, sequence, position)
    },
    conclude() {
      const sums = new Map<string, bigint>()
      const add = (name: string, amount: bigint): void => {
        const asset = name.slice(0, name.indexOf('/'))
        sums.set(asset, (sums.get(asset) ?? 0n) + amount)
      }
      for (const [name, { available, held, provisional }] of accounts)
        add(name, available + held + provisional)
      for (const [name, { balanceRaw }] of systems) add(name, balanceRaw)
      for (const [asset, sum] of sums)
        if (sum !== 0n)
          report({ invariant: 'L1', of: asset, detail: `all balances add up to ${sum}` })
      const open = new Map<string, { held: bigint; provisional: bigint }>()
      for (const { asset, account, bucket, amountRaw, endedIn } of holds.values()) {
        if (endedIn !== undefined) continue
        const name = accountId(asset, account)
        const sum = open.get(name) ?? { held: 0n, provisional: 0n }
        sum[bucket] += amountRaw
        open.set(name, sum)
      }
      for (const [name, balances] of accounts) {
        const sum = open.get(name)
        for (const bucket of ['held', 'provisional'] as const)
          if (balances[bucket] !== (sum?.[bucket] ?? 0n))
            report({
              invariant: 'L9',
              of: name,
              detail: `${bucket} is ${balances[bucket]}, and what is open adds up to ${sum?.[bucket] ?? 0n}`,
              account: name.slice(name.indexOf('/') + 1),
            })
      }
    },
  }
}
