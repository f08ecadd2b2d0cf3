import type { BlockRef, Hash } from '#core/chain.ts'
import type { ChainEvent, EventBody } from '#core/history/event.ts'
import { AMOUNT_MAX_RAW } from '#core/ledger/check-request.ts'
import type { EarningRule } from './rule.ts'

/** What a rule finds that an account has earned. */
export type Accrual = {
  /** What it is for, once in a period: a transaction and the ordinal of its event, or a token and its holder. */
  readonly subject: string
  /** An address in small letters. */
  readonly account: string
  readonly amountRaw: bigint
  /** What on the chain it stands on, in one line. */
  readonly cause: string
  /** The block that has to be final before the points are; null: the whole period. */
  readonly block: BlockRef | null
  /** What the amount was made of, for people: numbers as text. */
  readonly why: Readonly<Record<string, string>>
}

/** An event with its ordinal among those of its transaction that the rule looks at, from 0. */
export type Placed<Body extends EventBody> = {
  readonly event: ChainEvent<Body>
  readonly ordinal: number
}

/**
 * Numbers events within their transactions. The index of a log counts from the beginning of its block, so it moves when the
 * transaction is mined in another one; this number does not.
 */
export function placed<Body extends EventBody>(
  events: readonly ChainEvent<Body>[],
): Placed<Body>[] {
  const counts = new Map<Hash, number>()
  return events.map((event) => {
    const ordinal = counts.get(event.transactionHash) ?? 0
    counts.set(event.transactionHash, ordinal + 1)
    return { event, ordinal }
  })
}

export const subjectOf = ({ event, ordinal }: Placed<EventBody>): string =>
  `${event.transactionHash}:${ordinal}`

/** Names the log: block by number and hash, transaction, and both of its places. */
export const causeOf = (what: string, { event, ordinal }: Placed<EventBody>): string => {
  const { block, transactionHash, logIndex } = event
  return `${what}: block ${block.number} ${block.hash}, transaction ${transactionHash}, event ${ordinal}, log ${logIndex}`
}

/**
 * Leaves accounts out that earn nothing, and lets none earn more in the period than the rule says. What is first on the
 * chain is paid first.
 */
export function limited(rule: EarningRule, found: readonly Accrual[]): Accrual[] {
  const excluded = new Set<string>(rule.exclude)
  const earned = new Map<string, bigint>()
  return found.flatMap((accrual) => {
    const { account } = accrual
    if (excluded.has(account)) return []
    const before = earned.get(account) ?? 0n
    const left = rule.capRaw === null ? accrual.amountRaw : rule.capRaw - before
    const asked = accrual.amountRaw < AMOUNT_MAX_RAW ? accrual.amountRaw : AMOUNT_MAX_RAW
    const amountRaw = asked < left ? asked : left
    if (amountRaw <= 0n) return []
    earned.set(account, before + amountRaw)
    if (amountRaw === accrual.amountRaw) return [accrual]
    return [{ ...accrual, amountRaw, why: { ...accrual.why, uncapped: `${accrual.amountRaw}` } }]
  })
}
