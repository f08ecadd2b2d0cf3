import { readinessOf, type Readiness } from '#api/chains.ts'
import type { ServedChain } from '#api/wire.ts'
import type { ChainState } from '#resources/chains.ts'
import { namedChain } from './chain-parameter.ts'
import { type Failure, failureOf, sendProblem } from './problem.ts'
import type { RouteOf } from './route.ts'

/** Answers as long as the event loop turns: what is wrong with the store does not get better by a restart. */
export const live: RouteOf = () => ({
  path: '/live',
  get(_req, res) {
    res.setHeader('cache-control', 'no-store')
    res.json({ status: 'live' })
  },
})

/**
 * Whether answers are fresh enough to send traffic here. With several chains: whether those about any of them are, since
 * a chain that stands still must not take the others with it; `?chain=` asks for one.
 */
export const ready: RouteOf = (api) => ({
  path: '/ready',
  async get(req, res) {
    const named = namedChain(api, req)
    const asked = named ? [named] : api.chains
    const all = await Promise.all(
      asked.map(async (each) => ({ ...(await readinessOf(api, each)), each })),
    )
    for (const { each, error } of all)
      if (error)
        api.ports.log.warn(
          { requestId: res.locals.requestId, chain: each.chain.name, reason: error.message },
          'not answered',
        )
    const [first] = all
    res.setHeader('cache-control', 'no-store')
    if (all.length === 1 && first) {
      if (first.state === 'ready') res.json({ status: 'ready', ...standingOf(first) })
      else sendProblem(res, problemOf(first, api.config.api.development))
      return
    }
    const chains = all.map(({ each, ...readiness }) => describe(each, readiness))
    const fit = all.filter(({ state }) => state === 'ready').length
    if (fit > 0) res.json({ status: fit === all.length ? 'ready' : 'degraded', chains })
    else
      sendProblem(res, {
        name: 'not-ready',
        title: 'Not ready',
        status: 503,
        detail: 'no chain is ready',
        chains,
      })
  },
})

const describe = ({ chain: { name, id } }: ServedChain, readiness: Readiness): object => ({
  name,
  id,
  status: readiness.state,
  ...(readiness.reason !== null && { reason: readiness.reason }),
  ...standingOf(readiness),
})

/** Where a chain stands, as far as it is known. */
function standingOf({ status }: Readiness): object {
  if (!status) return {}
  const { number, hash, timestamp } = status.view.head
  const { lag, chainAgeSeconds } = status
  return {
    block: { number, hash, timestamp },
    lag: lag.blocks,
    lagSeconds: lag.seconds,
    chainAgeSeconds,
  }
}

const TITLES: Readonly<Record<ChainState, string>> = {
  ready: 'Ready',
  lagging: 'Too far behind',
  'other-chain': 'Of another chain',
  'other-version': 'Of another version',
  empty: 'Unavailable',
  unavailable: 'Unavailable',
}

/** @param development whether causes are told that are for operators */
const problemOf = ({ state, reason, error }: Readiness, development: boolean): Failure =>
  error
    ? failureOf(error, development)
    : { name: state, title: TITLES[state], status: 503, detail: reason ?? TITLES[state] }
