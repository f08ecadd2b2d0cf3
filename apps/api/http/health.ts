import { readStatus } from '#api/status.ts'
import { catalogue } from '#core/catalogue.ts'
import { otherVersions } from '#core/history/versions.ts'
import { OTHER_CHAIN } from '#core/indexing/other-chain.ts'
import { sendProblem } from './problem.ts'
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
 * Whether answers are fresh enough to send traffic here: the newest block indexed is the newest of the chain, or not
 * older than `lagSecondsMax`. Where another version indexed a part of it, that part is not answered.
 */
export const ready: RouteOf = ({ config, ports }) => ({
  path: '/ready',
  async get(_req, res) {
    const { view, newest, lag, branch, chainAgeSeconds } = await readStatus(ports)
    const { number, hash, timestamp } = view.head
    const { lagSecondsMax } = config.api
    const others = otherVersions(view, catalogue)
    if (others.length > 0) {
      sendProblem(res, {
        name: 'other-version',
        title: 'Of another version',
        status: 503,
        detail: `the store was indexed by another version (${others.join('; ')}); what depends on it is not answered`,
      })
      return
    }
    if (branch === 'other-chain') {
      sendProblem(res, {
        name: 'other-chain',
        title: 'Of another chain',
        status: 503,
        detail: OTHER_CHAIN,
      })
      return
    }
    if (lag.seconds > lagSecondsMax) {
      const against = newest ? `the chain is at ${newest.number}` : 'the chain cannot be asked'
      sendProblem(res, {
        name: 'lagging',
        title: 'Too far behind',
        status: 503,
        detail: `block ${number} is ${lag.seconds} s old, more than ${lagSecondsMax} s; ${against}`,
      })
      return
    }
    res.setHeader('cache-control', 'no-store')
    res.json({
      status: 'ready',
      block: { number, hash, timestamp },
      lag: lag.blocks,
      lagSeconds: lag.seconds,
      chainAgeSeconds,
    })
  },
})
