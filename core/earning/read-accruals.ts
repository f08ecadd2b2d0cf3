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
import { accrueHeld, accrueLiquidity } from './accrue-periods.ts'
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
export async function readAccruals(
  ports: EventPorts,
  view: View,
  rule: EarningRule,
  period: Period,
  fromBlock: number,
): Promise<Accrual[]> {
  const read = createReader(ports, view, period)
  switch (rule.kind) {
    case 'swap-volume':
      return limited(rule, accrueSwaps(rule, await read(swapFamily, rule.pool, fromBlock)))
    case 'token-transfer': {
      const events = await read(tokenFamily, rule.token, fromBlock)
      return limited(rule, accrueTransfers(rule, events.filter(isTransfer)))
    }
    case 'contract-event': {
      const events = await read(contractEventFamily, rule.contract, fromBlock)
      return limited(rule, accrueContractEvents(rule, events))
    }
    case 'nft-held':
      return limited(
        rule,
        accrueHeld(rule, period, await read(transferFamily, rule.collection, null)),
      )
    case 'liquidity': {
      const { pool, manager } = rule
      const [changes, shares, positions] = await Promise.all([
        read(liquidityFamily, pool, null),
        read(tokenFamily, pool, null),
        manager === null ? [] : read(positionFamily, manager, null),
      ])
      const events = [...changes, ...shares.filter(isTransfer), ...positions].toSorted(byPlace)
      return limited(rule, accrueLiquidity(rule, period, events))
    }
    default:
      return rule satisfies never
  }
}

const isTransfer = (event: ChainEvent): event is ChainEvent<TokenTransfer> =>
  event.body.type === 'tokenTransfer'

const byPlace = (a: ChainEvent, b: ChainEvent): number =>
  a.block.number - b.block.number || a.logIndex - b.logIndex

/** Reads events of one contract before the end of a period: those in it, or where `from` is null, those before it too. */
const createReader =
  (ports: EventPorts, view: View, { start, end }: Period) =>
  async <Body extends EventBody>(
    family: EventFamily<Body>,
    address: Address,
    from: number | null,
  ): Promise<ChainEvent<Body>[]> => {
    const found: ChainEvent<Body>[] = []
    const query = { address, limit: PAGE, ...(from !== null && { from }) }
    for await (const page of pagesOfEvents(ports, view, family, query)) {
      for (const event of page) {
        const { timestamp } = event.block
        if (timestamp < end && (from === null || timestamp >= start)) found.push(event)
      }
      if ((page.at(-1)?.block.timestamp ?? 0) >= end) break
    }
    return found
  }
