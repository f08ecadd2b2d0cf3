import { describe, expect, test } from 'vitest'
import type { Address, Hash } from '#core/chain.ts'
import { firstOffer, nextOffer } from '#core/relay/fees.ts'
import { judge, middle } from '#core/relay/judge.ts'
import type { OperationSight, Sight } from '#core/relay/ports.ts'

const wallet: Address = `0x${'a1'.repeat(20)}`
const other: Address = `0x${'b2'.repeat(20)}`
const sender: Address = `0x${'51'.repeat(20)}`
const hashOf = (digit: string): Hash => `0x${digit.repeat(64)}`
const intent = { wallet, amountRaw: 30n, deadlineS: 1_000, slot: { sender, nonce: 5 } }
const event = {
  blockNumber: 7,
  blockHash: hashOf('7'),
  transaction: hashOf('8'),
  account: wallet,
  amountRaw: 30n,
}
const nothing: OperationSight = { latest: 'none', final: 'none', event: null, isReverted: false }
const spent: OperationSight = { ...nothing, latest: 'spent', final: 'spent', event }
const sight = (
  operation: OperationSight | null,
  { finalCount = 5, timestamp = 900 } = {},
): Sight => ({
  latest: { number: 20, timestamp },
  final: { number: 10, timestamp },
  operations: [operation],
  senders: [{ latestCount: 6, finalCount, pendingCount: 6, balanceRaw: 1n }],
})
const judged = (nodeCount: number, ...sights: Sight[]) => judge(sights, nodeCount, intent, 0, 0)

describe('what nodes say of a spend', () => {
  test('is a verdict only where more than half of all of them say it of final blocks', () => {
    expect(judged(1, sight(spent))).toEqual({ kind: 'spent', evidence: event })
    expect(judged(2, sight(spent))).toMatchObject({ kind: 'open' })
    expect(judged(2, sight(spent), sight(nothing))).toEqual({ kind: 'split' })
    expect(judged(3, sight(spent), sight(spent), sight(nothing))).toMatchObject({ kind: 'spent' })
    const elsewhere = { ...spent, event: { ...event, blockHash: hashOf('9') } }
    expect(judged(2, sight(spent), sight(elsewhere))).toEqual({ kind: 'split' })
    expect(judged(1, sight({ ...spent, final: 'none', event: null }))).toEqual({
      kind: 'open',
      isMined: true,
    })
  })

  test('that it is not in the newest block is believed of most of them, and not where one is away', () => {
    const mined = { ...nothing, latest: 'spent' as const }
    expect(judged(2, sight(mined))).toEqual({ kind: 'open', isMined: undefined })
    expect(judged(2, sight(mined), sight(nothing))).toEqual({ kind: 'open', isMined: undefined })
    expect(judged(2, sight(nothing), sight(nothing))).toEqual({ kind: 'open', isMined: false })
  })

  test('gives points back by proof: cancelled, past the deadline, or with its nonce used for good', () => {
    const causeOf = (...sights: Sight[]) => judged(sights.length, ...sights)
    const cancelled = { ...nothing, final: 'cancelled' as const }
    expect(causeOf(sight(cancelled))).toEqual({ kind: 'unspent', cause: 'cancelled' })
    expect(causeOf(sight(nothing, { timestamp: 1_000 }))).toMatchObject({ kind: 'open' })
    const late = sight(nothing, { timestamp: 1_001 })
    expect(causeOf(late)).toEqual({ kind: 'unspent', cause: 'expired' })
    const used = { finalCount: 6 }
    expect(causeOf(sight(nothing, used))).toEqual({ kind: 'unspent', cause: 'nonce-taken' })
    const reverted = sight({ ...nothing, isReverted: true }, used)
    expect(causeOf(reverted)).toEqual({ kind: 'unspent', cause: 'reverted' })
    expect(causeOf(sight({ ...nothing, isReverted: true }))).toMatchObject({ kind: 'open' })
  })

  test('is put before a person where the contract has it without an event, or with another amount or account', () => {
    const odd = [null, { ...event, amountRaw: 31n }, { ...event, account: other }]
    for (const each of odd)
      expect(judged(1, sight({ ...spent, event: each }))).toMatchObject({ kind: 'odd' })
    // A node that has not found the event cannot tell, and concludes nothing.
    expect(judged(1, sight(null))).toEqual({ kind: 'split' })
  })

  test('is taken from the middle where numbers differ', () => {
    expect(middle([5, 1_000_000, 4])).toBe(5)
    expect(middle([9n, 3n])).toBe(3n)
    expect(middle([])).toBeUndefined()
  })
})

describe('what is offered for a transaction', () => {
  test('is replaced by more than a tenth more of both, up to the ceiling', () => {
    const first = firstOffer({ baseRaw: 100n, tipRaw: 10n }, 1_000n)
    expect(first).toEqual({ feeMaxRaw: 210n, tipRaw: 10n })
    const next = nextOffer({ feeMaxRaw: 210n, tipRaw: 10n }, { baseRaw: 100n, tipRaw: 10n }, 1_000n)
    expect(Number(next?.feeMaxRaw)).toBeGreaterThanOrEqual(231)
    expect(Number(next?.tipRaw)).toBeGreaterThanOrEqual(11)
    expect(nextOffer({ feeMaxRaw: 990n, tipRaw: 10n }, { baseRaw: 1n, tipRaw: 1n }, 1_000n)).toBe(
      undefined,
    )
    expect(firstOffer({ baseRaw: 1_000n, tipRaw: 1n }, 1_000n)).toBeUndefined()
    expect(firstOffer({ baseRaw: 900n, tipRaw: 0n }, 1_000n)).toEqual({
      feeMaxRaw: 1_000n,
      tipRaw: 1n,
    })
  })
})
