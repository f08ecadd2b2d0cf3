import { createBatcher } from '#core/batch.ts'
import type { QuotePorts, Trial, TrialOutcome } from '#core/dex/ports.ts'
import type { QuoteInput, QuoteOutcome, QuoteWarning } from '#core/dex/quote.ts'
import type { QuoteSettings } from '#core/dex/quote-settings.ts'
import { AppError } from '#core/errors.ts'
import { expectView } from '#core/history/at-head.ts'
import { blockAt } from '#core/history/block-at.ts'
import { isEmpty } from '#core/history/head.ts'
import { createMarket, type Market, type MarketPlace } from './market.ts'

/** What quotes of one block, and of the same states of it, have in common. */
export type Session = {
  readonly market: Market
  readonly staleness: Promise<QuoteWarning[]>
  readonly tryOut: (trial: Trial) => Promise<TrialOutcome>
  /** How many computations are before the end of a stage: what one asks of the chain waits for the others. */
  readonly busy: { reading: number; trying: number }
  readonly answers: Map<string, Promise<QuoteOutcome>>
}

/** Which block, and whose states of it. */
export type Moment = Pick<QuoteInput, 'at' | 'state'>

export type Sessions = { open(moment: Moment): Promise<Session> }

/** The newest block's, and those that quotes of the last blocks still look at. */
const SESSIONS_MAX = 4
const TRIALS_MAX = 50
const LINGER_MS_MAX = 100
/** A search is repeated with more ticks this often: each time three times as many. */
export const WIDENINGS_MAX = 8

export function createSessions(ports: QuotePorts, settings: QuoteSettings): Sessions {
  const sessions = new Map<string, Session>()
  const hubs = [
    ...new Set([...(settings.wrappedNative ? [settings.wrappedNative] : []), ...settings.hubs]),
  ]

  function begin(place: MarketPlace): Session {
    const busy = { reading: 0, trying: 0 }
    return {
      market: createMarket(ports, place, { hubs, pools: settings.pools }, () => busy.reading),
      staleness: stalenessOf(ports, place),
      tryOut: createBatcher<Trial, TrialOutcome>(
        ports.clock,
        (trials) => ports.trials.run(place.block, trials),
        { sizeMax: TRIALS_MAX, pending: () => busy.trying, lingerMsMax: LINGER_MS_MAX },
      ),
      busy,
      answers: new Map(),
    }
  }

  return {
    async open(moment) {
      const place = await placeOf(ports, moment)
      const { source, block, view, mayAskChain } = place
      const key = `${source} ${mayAskChain} ${block.hash} ${view?.head.move}`
      const known = sessions.get(key)
      if (known) return known
      const session = begin(place)
      sessions.set(key, session)
      const [oldest] = sessions.keys()
      if (sessions.size > SESSIONS_MAX && oldest !== undefined) sessions.delete(oldest)
      return session
    },
  }
}

async function placeOf(ports: QuotePorts, { at, state }: Moment): Promise<MarketPlace> {
  const stored = await ports.views.current()
  const view = stored && !isEmpty(stored) ? stored : undefined
  if (at !== undefined) {
    if (state !== undefined)
      throw new AppError(
        'invalid',
        'state: a past block has one state only; leave out either at or state',
        { details: { field: 'state' } },
      )
    const past = expectView(view)
    const block = await blockAt(ports.heads, past, at, 'at')
    return { block, view: past, source: 'historical', mayAskChain: false, fillsLive: false }
  }
  const tip = await ports.tip.newest()
  if (!tip && state === 'live')
    throw new AppError('unavailable', 'no node of the chain can be asked')
  if (state === 'indexed' || !tip) {
    const { head } = expectView(view)
    const block = { number: head.number, hash: head.hash }
    return { block, view, source: 'indexed', mayAskChain: tip !== undefined, fillsLive: false }
  }
  const isIndexed = view?.head.hash === tip.hash && state !== 'live'
  return {
    block: tip,
    view,
    source: isIndexed ? 'indexed' : 'live',
    mayAskChain: true,
    fillsLive: true,
  }
}

async function stalenessOf(
  { tip }: Pick<QuotePorts, 'tip'>,
  { source, block }: MarketPlace,
): Promise<QuoteWarning[]> {
  if (source !== 'indexed') return []
  const newest = await tip.newest()
  if (newest?.hash === block.hash) return []
  const rest = newest ? `the chain is at ${newest.number}` : 'no node of the chain can be asked'
  const message = `it is of block ${block.number}, the newest that is indexed; ${rest}`
  return [{ code: 'stale-state', message }]
}

/** Counts a computation as long as it is in a stage. */
export async function counted<T>(
  busy: Session['busy'],
  stage: keyof Session['busy'],
  work: () => Promise<T>,
): Promise<T> {
  busy[stage]++
  try {
    return await work()
  } finally {
    busy[stage]--
  }
}
