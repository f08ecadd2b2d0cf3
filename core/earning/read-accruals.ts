import type { Address } from '#core/chain.ts'
import { contractEventFamily } from '#core/events/contract-event.ts'
import { liquidityFamily, swapFamily } from '#core/dex/events.ts'
import { positionFamily } from '#core/dex/positions/position-events.ts'
import type { ChainEvent, EventBody, EventFamily } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import type { EventPorts } from '#core/history/list-events.ts'
import { inChainOrder, pagesOfEvents } from '#core/history/walk-events.ts'
import { transferFamily } from '#core/nft/transfer.ts'
import { tokenFamily, type TokenTransfer } from '#core/tokens/token-transfer.ts'
import { type Accrual, limited } from './accrual.ts'
import { accrueContractEvents, accrueSwaps, accrueTransfers } from './accrue-events.ts'
import { type Count, countHeld, countLiquidity, type LiquidityEvent } from './accrue-periods.ts'
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
      const read = createContinuation(ports, view, transferFamily, rule.collection)
      const count = countHeld(rule)
      return async (period) => limited(rule, await countOver(count, period, read(period)))
    }
    case 'liquidity': {
      const { pool, manager } = rule
      const readings = [
        createContinuation<LiquidityEvent>(ports, view, liquidityFamily, pool),
        createContinuation<LiquidityEvent>(ports, view, tokenFamily, pool),
        ...(manager
          ? [createContinuation<LiquidityEvent>(ports, view, positionFamily, manager)]
          : []),
      ]
      const count = countLiquidity(rule)
      return async (period) => {
        const lists = readings.map((read) => read(period))
        return limited(rule, await countOver(count, period, inChainOrder(lists, PAGE)))
      }
    }
    default:
      return rule satisfies never
  }
}

const isTransfer = (event: ChainEvent): event is ChainEvent<TokenTransfer> =>
  event.body.type === 'tokenTransfer'

/** A rule may count millions of events: none is held longer than it is looked at. */
async function countOver<Body extends EventBody>(
  count: Count<Body>,
  period: Period,
  pages: AsyncGenerator<readonly ChainEvent<Body>[]>,
): Promise<Accrual[]> {
  count.begin(period)
  for await (const page of pages) count.add(page)
  return count.accruals()
}

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
): (period: Period) => AsyncGenerator<readonly ChainEvent<Body>[]> {
  let from = 0
  return async function* ({ end }) {
    for await (const page of pagesBefore(ports, view, family, { address, from }, end)) {
      const last = page.at(-1)
      // A block has one time, so that all of it is before the end.
      if (last) from = last.block.number + 1
      yield page
    }
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
