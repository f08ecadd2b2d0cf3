import type { Address } from '#core/chain.ts'
import { contractEventFamily } from '#core/events/contract-event.ts'
import { liquidityFamily, swapFamily } from '#core/dex/events.ts'
import { positionFamily } from '#core/dex/positions/position-events.ts'
import type { ChainEvent, EventBody, EventFamily } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import type { EventPorts } from '#core/history/list-events.ts'
import { pagesOfEvents } from '#core/history/walk-events.ts'
import { transferFamily } from '#core/nft/transfer.ts'
import { tokenFamily, type TokenTransfer } from '#core/tokens/token-transfer.ts'
import { type Accrual, limited } from './accrual.ts'
import { accrueContractEvents, accrueSwaps, accrueTransfers } from './accrue-events.ts'
import { countHeld, countLiquidity } from './accrue-periods.ts'
import type { EarningRule, Period } from './rule.ts'

/** Events that are read at once. */
const PAGE = 2_000

/** Whether it counts what was over a whole period, and so nothing of one that is under way. */
export const isOfWholePeriods = ({ kind }: EarningRule): boolean =>
  kind === 'nft-held' || kind === 'liquidity'

/**
 * What a rule gives for a period, from the events up to the head of a view: the same at each time of asking while the view
 * stands, and from the events of final blocks the same for good.
 *
 * @param fromBlock that no event of the period is below
 */
type ReadAccruals = (period: Period, fromBlock: number) => Promise<Accrual[]>

/**
 * Reads what a rule gives for periods, each above the one before. Of a rule that counts over whole periods the first one
 * reads all events from the beginning, and each further one those behind it.
 */
export function createAccrualReader(
  ports: EventPorts,
  view: View,
  rule: EarningRule,
): ReadAccruals {
  switch (rule.kind) {
    case 'swap-volume':
      return async (period, fromBlock) => {
        const swaps = await eventsIn(ports, view, swapFamily, rule.pool, period, fromBlock)
        return limited(rule, accrueSwaps(rule, swaps))
      }
    case 'token-transfer':
      return async (period, fromBlock) => {
        const events = await eventsIn(ports, view, tokenFamily, rule.token, period, fromBlock)
        return limited(rule, accrueTransfers(rule, events.filter(isTransfer)))
      }
    case 'contract-event':
      return async (period, fromBlock) => {
        const of = rule.contract
        const events = await eventsIn(ports, view, contractEventFamily, of, period, fromBlock)
        return limited(rule, accrueContractEvents(rule, events))
      }
    case 'nft-held': {
      const count = countHeld(rule)
      const read = createContinuation(ports, view, transferFamily, rule.collection)
      return async (period) => limited(rule, count(period, await read(period)))
    }
    case 'liquidity': {
      const { pool, manager } = rule
      const count = countLiquidity(rule)
      const readChanges = createContinuation(ports, view, liquidityFamily, pool)
      const readShares = createContinuation(ports, view, tokenFamily, pool)
      const readPositions = manager && createContinuation(ports, view, positionFamily, manager)
      return async (period) => {
        const [changes, shares, positions] = await Promise.all([
          readChanges(period),
          readShares(period),
          readPositions ? readPositions(period) : [],
        ])
        const events = [...changes, ...shares.filter(isTransfer), ...positions].toSorted(byPlace)
        return limited(rule, count(period, events))
      }
    }
    default:
      return rule satisfies never
  }
}

const isTransfer = (event: ChainEvent): event is ChainEvent<TokenTransfer> =>
  event.body.type === 'tokenTransfer'

const byPlace = (a: ChainEvent, b: ChainEvent): number =>
  a.block.number - b.block.number || a.logIndex - b.logIndex

/** Events of one contract in a period. */
async function eventsIn<Body extends EventBody>(
  ports: EventPorts,
  view: View,
  family: EventFamily<Body>,
  address: Address,
  { start, end }: Period,
  from: number,
): Promise<ChainEvent<Body>[]> {
  const found: ChainEvent<Body>[] = []
  for await (const page of pagesBefore(ports, view, family, { address, from }, end))
    for (const event of page) if (event.block.timestamp >= start) found.push(event)
  return found
}

/** Events of one contract before the end of a period that were not read for the one before. */
function createContinuation<Body extends EventBody>(
  ports: EventPorts,
  view: View,
  family: EventFamily<Body>,
  address: Address,
): (period: Period) => Promise<ChainEvent<Body>[]> {
  let from = 0
  return async ({ end }) => {
    const found: ChainEvent<Body>[] = []
    for await (const page of pagesBefore(ports, view, family, { address, from }, end))
      for (const event of page) found.push(event)
    // A block has one time, so that all of it was before the end.
    from = (found.at(-1)?.block.number ?? from - 1) + 1
    return found
  }
}

/** Events of one contract from a block on whose time is before an end. */
async function* pagesBefore<Body extends EventBody>(
  ports: EventPorts,
  view: View,
  family: EventFamily<Body>,
  of: { readonly address: Address; readonly from: number },
  end: number,
): AsyncGenerator<readonly ChainEvent<Body>[]> {
  for await (const page of pagesOfEvents(ports, view, family, { ...of, limit: PAGE })) {
    yield page.filter(({ block }) => block.timestamp < end)
    if ((page.at(-1)?.block.timestamp ?? 0) >= end) return
  }
}
