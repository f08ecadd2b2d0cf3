import { z } from 'zod'
import { activityKinds, listChainActivity } from '#core/activity/list-chain-activity.ts'
import { logCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { ACTIVITY_POINTS } from '#api/rate-limit.ts'
import { oneOf, words } from '#api/words.ts'
import { chainActivity } from '#resources/activity.ts'
import { endpoint } from './endpoint.ts'
import { address, after, limit } from './parameters.ts'

export const activityOfAccount = endpoint({
  path: '/v1/accounts/:address/activity',
  id: 'listActivityOfAccount',
  summary:
    'What an account did with pools and NFTs, newest first. A page of one kind may have fewer than asked for, and still go on.',
  returns: { page: chainActivity },
  refuses: [{ status: 404, when: 'What accounts did on this chain is not indexed.' }],
  points: ACTIVITY_POINTS,
  example: ({ account }) => ({ address: account, limit: '2' }),
  parameters: {
    address,
    kind: z
      .enum(activityKinds, words(oneOf(activityKinds)))
      .optional()
      .describe('Only what is of this kind.'),
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(logCursor).optional(),
  },
  async answer(ports, view, { address: account, kind, limit: count, after: place }) {
    const { items, next } = await listChainActivity(ports, view, {
      accounts: [account],
      limit: count,
      ...(kind && { kind }),
      ...(place && { after: place }),
    })
    return { items, nextCursor: next ? logCursor.encode(next) : null }
  },
})
