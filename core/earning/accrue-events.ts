import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import type { ContractEvent } from '#core/events/contract-event.ts'
import { netAmounts, type Swap } from '#core/dex/events.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { TokenTransfer } from '#core/tokens/token-transfer.ts'
import { type Accrual, causeOf, placed, subjectOf } from './accrual.ts'
import { pointsFor, type RuleOf } from './rule.ts'

const absolute = (value: bigint): bigint => (value < 0n ? -value : value)

/** @param events swaps of the pool in one period, in chain order */
export function accrueSwaps(
  rule: RuleOf<'swap-volume'>,
  events: readonly ChainEvent<Swap>[],
): Accrual[] {
  const positions = new Map<string, { net: bigint; furthest: bigint }>()
  return placed(events).flatMap((place) => {
    const { body, block } = place.event
    const { amount0, amount1 } = netAmounts(body)
    const moved = rule.side === 0 ? amount0 : amount1
    // Uniswap V4 does not tell who receives.
    const account = 'recipient' in body ? body.recipient : body.sender
    if (account === ZERO_ADDRESS || account === rule.pool) return []
    const { net: before, furthest } = positions.get(account) ?? { net: 0n, furthest: 0n }
    const net = before + moved
    const reached = absolute(net) > furthest ? absolute(net) : furthest
    positions.set(account, { net, furthest: reached })
    const amountRaw = pointsFor(rule.rate, reached) - pointsFor(rule.rate, furthest)
    const why = {
      moved: `${moved}`,
      net: `${net}`,
      furthestBefore: `${furthest}`,
      furthest: `${reached}`,
    }
    const cause = causeOf(`swap in ${rule.pool}`, place)
    return [{ subject: subjectOf(place), account, amountRaw, cause, block, why }]
  })
}

/** @param events transfers of the token in one period, in chain order */
export const accrueTransfers = (
  rule: RuleOf<'token-transfer'>,
  events: readonly ChainEvent<TokenTransfer>[],
): Accrual[] =>
  placed(events).flatMap((place) => {
    const { body, block } = place.event
    if (rule.from !== null && rule.from !== body.from) return []
    if (rule.to !== null && rule.to !== body.to) return []
    const account = rule.earns === 'sender' ? body.from : body.to
    // Tokens that an account sends to itself go nowhere.
    if (account === ZERO_ADDRESS || body.from === body.to) return []
    return [
      {
        subject: subjectOf(place),
        account,
        amountRaw: pointsFor(rule.rate, body.amount),
        cause: causeOf(`transfer of ${rule.token}`, place),
        block,
        why: { from: body.from, to: body.to, amount: `${body.amount}` },
      },
    ]
  })

/** @param events of the contract in one period, in chain order */
export const accrueContractEvents = (
  rule: RuleOf<'contract-event'>,
  events: readonly ChainEvent<ContractEvent>[],
): Accrual[] =>
  placed(events.filter(({ body }) => body.signature === rule.signature)).flatMap((place) => {
    const { body, block } = place.event
    const { words } = body
    if (rule.where.some(({ at, word }) => words[at] !== word)) return []
    const account = addressOfWord(words[rule.accountAt] ?? 0n)
    if (account === ZERO_ADDRESS) return []
    const counted = rule.amountAt === null ? 1n : (words[rule.amountAt] ?? 0n)
    return [
      {
        subject: subjectOf(place),
        account,
        amountRaw: pointsFor(rule.rate, counted),
        cause: causeOf(`${rule.signature} of ${rule.contract}`, place),
        block,
        why: { words: words.join(' '), counted: `${counted}` },
      },
    ]
  })

const addressOfWord = (word: bigint): Address => `0x${word.toString(16).padStart(40, '0')}`
