import { listChainActivity, placeOfActivity } from '#core/activity/list-chain-activity.ts'
import { logCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { ACTIVITY_POINTS } from '#api/rate-limit.ts'
import { chainActivity } from '#resources/activity.ts'
import { endpoint } from './endpoint.ts'
import { address, after, limit } from './parameters.ts'

export const activityOfAccount = endpoint({
  path: '/v1/accounts/:address/activity',
  id: 'listActivityOfAccount',
  summary: 'What an account did with pools and NFTs, newest first.',
  returns: { page: chainActivity },
  points: ACTIVITY_POINTS,
  example: ({ account }) => ({ address: account, limit: '2' }),
  parameters: {
    address,
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(logCursor).optional(),
  },
  async answer(ports, view, { address: account, limit: count, after: place }) {
    const { items, hasMore } = await listChainActivity(ports, view, {
      accounts: [account],
      limit: count,
      ...(place && { after: place }),
    })
    const last = items.at(-1)
    return { items, nextCursor: hasMore && last ? logCursor.encode(placeOfActivity(last)) : null }
  },
})
