import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import type { LiquidityChange } from '#core/dex/events.ts'
import { createPairing } from '#core/dex/positions/pair-changes.ts'
import type { PositionEvent } from '#core/dex/positions/position-events.ts'
import type { ChainEvent, EventBody } from '#core/history/event.ts'
import { tokensOf, type Transfer } from '#core/nft/transfer.ts'
import type { TokenRebase, TokenTransfer } from '#core/tokens/token-transfer.ts'
import type { Accrual } from './accrual.ts'
import { type Period, pointsFor, type RuleOf } from './rule.ts'

/** Counts periods one after another, from what the one before has ended with. */
export type Count<Body extends EventBody> = {
  /** Begins a period, which lies above the one before. */
  begin(period: Period): void
  /** The next events before the end of the period, in chain order; what lies behind that is left out. */
  add(events: readonly ChainEvent<Body>[]): void
  /** What the period gives, now that all events before its end were added. */
  accruals(): Accrual[]
}

const NO_PERIOD: Period = { index: 0, start: 0, end: 0 }

/**
 * Tokens that did not leave their holder in the period, each once: whoever walks one through several wallets earns with
 * none of them.
 *
 * @returns a count of transfers of the collection
 */
export function countHeld(rule: RuleOf<'nft-held'>): Count<Transfer> {
  /** Of ERC-721, where a token has one owner whatever its transfers say of the one before. */
  const owners = new Map<bigint, Address>()
  /** By token and holder: how many now, and the fewest since the period began. */
  const held = new Map<string, { now: bigint; fewest: bigint }>()
  const move = (key: string, delta: bigint, isInPeriod: boolean): void => {
    const { now, fewest } = held.get(key) ?? { now: 0n, fewest: 0n }
    const then = now + delta > 0n ? now + delta : 0n
    held.set(key, { now: then, fewest: !isInPeriod || then < fewest ? then : fewest })
  }
  let period = NO_PERIOD
  function apply({ body, block }: ChainEvent<Transfer>): void {
    const isInPeriod = block.timestamp >= period.start
    for (const { tokenId, amount } of tokensOf(body)) {
      const isOfOne = body.protocol === 'erc721'
      const from = isOfOne ? (owners.get(tokenId) ?? ZERO_ADDRESS) : body.from
      if (isOfOne) owners.set(tokenId, body.to)
      if (from === body.to) continue
      if (from !== ZERO_ADDRESS) move(`${tokenId}:${from}`, -amount, isInPeriod)
      if (body.to !== ZERO_ADDRESS) move(`${tokenId}:${body.to}`, amount, isInPeriod)
    }
  }
  return {
    begin(next) {
      period = next
      for (const [key, { now }] of held)
        if (now === 0n) held.delete(key)
        else held.set(key, { now, fewest: now })
    },
    add(events) {
      for (const event of events) if (event.block.timestamp < period.end) apply(event)
    },
    accruals: () =>
      Array.from(held, ([key, { fewest }]): Accrual => {
        const [tokenId, account] = key.split(':') as [string, string]
        return {
          subject: key,
          account,
          amountRaw: fewest * rule.pointsRaw,
          cause: `token ${tokenId} of ${rule.collection} held through period ${period.index}`,
          block: null,
          why: { tokenId, units: `${fewest}` },
        }
      }).toSorted(bySubject),
  }
}

const bySubject = (a: Accrual, b: Accrual): number => (a.subject < b.subject ? -1 : 1)

/** Adds up liquidity times seconds by account, within one period after another. */
function createMeter() {
  const states = new Map<string, { liquidity: bigint; since: number; total: bigint }>()
  let within = { start: 0, end: 0 }
  const upTo = (account: string, time: number) => {
    const state = states.get(account) ?? { liquidity: 0n, since: within.start, total: 0n }
    const until = Math.min(Math.max(time, within.start), within.end)
    const total = state.total + state.liquidity * BigInt(until - state.since)
    return { ...state, since: until, total }
  }
  return {
    begin({ start, end }: Period): void {
      within = { start, end }
      for (const [account, { liquidity }] of states)
        if (liquidity === 0n) states.delete(account)
        else states.set(account, { liquidity, since: start, total: 0n })
    },
    change(account: Address, delta: bigint, time: number): void {
      if (account === ZERO_ADDRESS || delta === 0n) return
      const state = upTo(account, time)
      // Where indexing began late, more may be taken out than was seen to come in.
      const liquidity = state.liquidity + delta > 0n ? state.liquidity + delta : 0n
      states.set(account, { ...state, liquidity })
    },
    totals: (): [string, bigint][] =>
      [...states.keys()].map((account) => [account, upTo(account, within.end).total]),
  }
}

export type LiquidityEvent = LiquidityChange | PositionEvent | TokenTransfer | TokenRebase

/**
 * @returns a count of changes of the pool's liquidity, what the manager says of its positions, and transfers of the pool's
 *   LP tokens, in chain order among one another
 */
export function countLiquidity(rule: RuleOf<'liquidity'>): Count<LiquidityEvent> {
  const meter = createMeter()
  const pairing = createPairing()
  const positions = new Map<bigint, { owner: Address; liquidity: bigint }>()

  function ofManager({ body, block: { timestamp } }: ChainEvent<PositionEvent>, isOfPool: boolean) {
    const position = positions.get(body.tokenId) ?? { owner: ZERO_ADDRESS, liquidity: 0n }
    if (body.type === 'transferPosition') {
      meter.change(position.owner, -position.liquidity, timestamp)
      meter.change(body.to, position.liquidity, timestamp)
      positions.set(body.tokenId, { ...position, owner: body.to })
    } else if (isOfPool && body.type !== 'collectPosition') {
      const delta = body.type === 'increasePosition' ? body.liquidity : -body.liquidity
      meter.change(position.owner, delta, timestamp)
      positions.set(body.tokenId, { ...position, liquidity: position.liquidity + delta })
    }
  }

  let period = NO_PERIOD
  function apply(event: ChainEvent<LiquidityEvent>): void {
    const { body, block, address } = event
    if (isOfManager(event)) {
      // The event of the pool that belongs to it came right before; those of other pools are not among the events.
      ofManager(event, pairing.take(event) !== undefined)
    } else if (body.type === 'tokenTransfer') {
      if (address !== rule.pool || body.from === body.to) return
      meter.change(body.from, -body.amount, block.timestamp)
      meter.change(body.to, body.amount, block.timestamp)
    } else if (body.type !== 'tokenRebase') {
      const change = event as ChainEvent<LiquidityChange>
      pairing.note(change)
      if (!('liquidity' in change.body && 'owner' in change.body)) return
      const { type, owner, liquidity } = change.body
      if (owner === rule.manager) return
      meter.change(owner, type === 'mint' ? liquidity : -liquidity, block.timestamp)
    }
  }
  return {
    begin(next) {
      period = next
      meter.begin(next)
    },
    add(events) {
      for (const event of events) if (event.block.timestamp < period.end) apply(event)
    },
    accruals: () =>
      meter
        .totals()
        .filter(([account]) => account !== rule.pool && account !== rule.manager)
        .map(([account, total]): Accrual => ({
          subject: account,
          account,
          amountRaw: pointsFor(rule.rate, total),
          cause: `liquidity in ${rule.pool} over period ${period.index}`,
          block: null,
          why: { liquiditySeconds: `${total}` },
        }))
        .toSorted(bySubject),
  }
}

const isOfManager = (event: ChainEvent): event is ChainEvent<PositionEvent> =>
  'tokenId' in event.body && event.body.type.endsWith('Position')
