import type { Address } from '#core/chain.ts'
import { expectView } from '#core/history/at-head.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import type { Quotable } from '#core/dex/quotable.ts'
import { readPool } from '#core/dex/read-pool.ts'
import { counted, type Session } from './session.ts'

/** Whether a pool of the history is quoted where a session quotes: what the history says, and then the chain. */
export async function quotableNow(
  ports: ResolvePorts,
  { market, busy }: Pick<Session, 'market' | 'busy'>,
  address: Address,
): Promise<Quotable> {
  const { place } = market
  const { quotable: told } = await readPool(ports, expectView(place.view), address)
  const [pool] = await counted(busy, 'reading', () => market.poolsOf([address]))
  // That it may be quoted from the index too is no less true while the index is behind.
  if (pool) return told.status === 'no' ? { status: 'live-only', reason: told.reason } : told
  if (!place.fillsLive)
    return told.status === 'live-only' ? { status: 'no', reason: 'chain-not-asked' } : told
  return { status: 'no', reason: market.whyUnquoted(address) ?? told.reason ?? 'no-price' }
}
