import { createBatcher } from '#core/batch.ts'
import type { Address, BlockRef } from '#core/chain.ts'
import type { QuotePorts, Trial, TrialOutcome } from '#core/dex/ports.ts'
import type { QuoteInput, QuoteOutcome, QuoteWarning } from '#core/dex/quote.ts'
import type { QuoteSettings } from '#core/dex/quote-settings.ts'
import { AppError, invalidField } from '#core/errors.ts'
import { expectView } from '#core/history/at-head.ts'
import { blockAt } from '#core/history/block-at.ts'
import { isEmpty } from '#core/history/head.ts'
import { createMarket, type Market, type MarketPlace } from './market.ts'

/** What quotes of one block, and of the same states of it, have in common. */
export type Session = {
  readonly market: Market
  /** What holds for every quote of it. */
  readonly notes: readonly QuoteWarning[]
  readonly tryOut: (trial: Trial) => Promise<TrialOutcome>
  /** Says that a token is about to be sold in a trial; what that takes is asked of the chain for all quotes at once. */
  readonly announce: (token: Address) => void
  /** How many computations are before the end of a stage: what one asks of the chain waits for the others. */
  readonly busy: { reading: number; trying: number }
  readonly answers: Map<string, Promise<QuoteOutcome>>
}

/** Which block, and whose states of it. */
export type Moment = Pick<QuoteInput, 'at' | 'state'>

export type Sessions = { open(moment: Moment): Promise<Session> }

/** The newest block's, and those that quotes of the last blocks still look at; of past blocks as many apart from them. */
const SESSIONS_MAX = 4
/** What one call of a node does: fewer calls than two that are full by half, and the first quotes are told sooner. */
const TRIALS_MAX = 50
/** Tokens whose trials are prepared at once. */
const TOKENS_MAX = 1_000
const LINGER_MS_MAX = 100
/** A search is repeated with more ticks this often: each time three times as many. */
export const WIDENINGS_MAX = 8

export function createSessions(ports: QuotePorts, settings: QuoteSettings): Sessions {
  const newest = new Map<string, Session>()
  const past = new Map<string, Session>()
  const hubs = [
    ...new Set([...(settings.wrappedNative ? [settings.wrappedNative] : []), ...settings.hubs]),
  ]

  function begin(place: MarketPlace, tip: BlockRef | undefined): Session {
    const busy = { reading: 0, trying: 0 }
    const prepare = createBatcher<Address, undefined>(
      ports.clock,
      async (tokens) => {
        await ports.trials.prepare(place.block, [...new Set(tokens)])
        return []
      },
      { sizeMax: TOKENS_MAX, pending: () => busy.reading, lingerMsMax: LINGER_MS_MAX },
    )
    return {
      market: createMarket(ports, place, { ...settings, hubs }, () => busy.reading),
      notes: [...stalenessOf(place, tip), ...leftOutOf(place, settings)],
      tryOut: createBatcher<Trial, TrialOutcome>(
        ports.clock,
        (trials) => ports.trials.run(place.block, trials),
        { sizeMax: TRIALS_MAX, pending: () => busy.trying, lingerMsMax: LINGER_MS_MAX },
      ),
      announce(token) {
        // What fails now is asked again by the trial, which tells why.
        if (place.mayAskChain) prepare(token).catch(() => undefined)
      },
      busy,
      answers: new Map(),
    }
  }

  return {
    async open(moment) {
      const { place, tip } = await placeOf(ports, moment)
      const { source, block, view, mayAskChain, fillsLive } = place
      const sessions = source === 'historical' ? past : newest
      // Where the chain has moved on since, the same states are another, staler, answer.
      const ahead = source === 'indexed' ? tip?.hash : ''
      const key = `${source} ${mayAskChain} ${fillsLive} ${block.hash} ${view?.head.move} ${ahead}`
      const known = sessions.get(key)
      if (known) return known
      const session = begin(place, tip)
      sessions.set(key, session)
      const [oldest] = sessions.keys()
      if (sessions.size > SESSIONS_MAX && oldest !== undefined) sessions.delete(oldest)
      return session
    },
  }
}

async function placeOf(
  ports: QuotePorts,
  { at, state }: Moment,
): Promise<{ readonly place: MarketPlace; readonly tip: BlockRef | undefined }> {
  const stored = await ports.views.current()
  const view = stored && !isEmpty(stored) ? stored : undefined
  if (at !== undefined) {
    if (state !== undefined)
      throw invalidField('state', 'a past block has one state only; leave out either at or state')
    const past = expectView(view)
    const block = await blockAt(ports.heads, past, at, 'at')
    const where = { block, view: past, mayAskChain: false, fillsLive: false }
    return { place: { ...where, source: 'historical' }, tip: undefined }
  }
  const tip = await ports.tip.newest()
  if (!tip && state === 'live')
    throw new AppError('unavailable', 'no node of the chain can be asked', { audience: 'client' })
  if (!tip && !view && state === undefined)
    throw new AppError(
      'unavailable',
      'no node of the chain can be asked, and nothing is indexed yet; check chain.rpc, or start the indexer or a backfill',
      { details: { reason: 'empty' }, audience: 'client' },
    )
  if (state === 'indexed' || !tip) {
    const { head } = expectView(view)
    const block = { number: head.number, hash: head.hash }
    const where = { block, view, mayAskChain: tip !== undefined, fillsLive: false }
    return { place: { ...where, source: 'indexed' }, tip }
  }
  const isIndexed = view?.head.hash === tip.hash && state !== 'live'
  const block = { number: tip.number, hash: tip.hash }
  const where = { block, view, mayAskChain: true, fillsLive: true }
  return { place: { ...where, source: isIndexed ? 'indexed' : 'live' }, tip }
}

function stalenessOf({ source, block }: MarketPlace, newest: BlockRef | undefined): QuoteWarning[] {
  if (source !== 'indexed' || newest?.hash === block.hash) return []
  const rest = newest ? `the chain is at ${newest.number}` : 'no node of the chain can be asked'
  const message = `it is of block ${block.number}, the newest that is indexed; ${rest}`
  return [{ code: 'stale-state', message }]
}

/** Pools whose state no event tells are known where the chain is asked, at the newest block. */
function leftOutOf(
  { source, block, fillsLive }: MarketPlace,
  { pools }: Pick<QuoteSettings, 'pools'>,
): QuoteWarning[] {
  if (fillsLive || !pools.some(({ protocol }) => protocol === 'uniswap-v4')) return []
  const where = source === 'historical' ? `at block ${block.number}` : 'from the index'
  const message = `${where}, pools of Uniswap V4 that the configuration of quotes names are left out where they are not indexed: their state is then read from the chain, at the newest block only`
  return [{ code: 'pools-left-out', message }]
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
