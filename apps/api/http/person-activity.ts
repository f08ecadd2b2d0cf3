import { z } from 'zod'
import type { PlacedActivity } from '#core/activity/list-activity.ts'
import { chosenChain } from '#core/chain-choice.ts'
import { currentView, refuseLeftView, whileStale } from '#core/history/at-head.ts'
import type { Page } from '#core/page.ts'
import { markCursor } from '#api/chain-cursors.ts'
import { activityCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { personAsked, readPersonActivity } from '#api/person-activity.ts'
import { assetName, discordAccount } from '#api/points/input.ts'
import { ACTIVITY_POINTS } from '#api/rate-limit.ts'
import { personActivity } from '#resources/activity.ts'
import { chainParameter } from './chain-parameter.ts'
import { own } from './own.ts'
import { cursorText, limit, readCursor } from './parameters.ts'

export const activityOfPerson = own({
  path: '/v1/person/activity',
  id: 'listActivityOfPerson',
  summary:
    'What whoever is signed in did with all wallets, and what points and roles did, newest first: for a key with persons:read of the person that has linked a Discord account.',
  parameters: z.strictObject({
    discord: discordAccount
      .optional()
      .describe('The id of a Discord account, for a key; left out by a person.'),
    asset: assetName.describe('Points of which asset; `points` unless given.'),
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: cursorText.optional(),
    chain: chainParameter,
  }),
  returns: { page: personActivity },
  points: ACTIVITY_POINTS,
  refuses: [
    { status: 403, when: 'A key has no scope for it, or a person names somebody else.' },
    { status: 404, when: 'The service is not set up for it, or nobody has linked the account.' },
  ],
  example: () => ({ parameters: { limit: '2' } }),
  async answer(api, principal, { discord, chain: name, after, ...page }) {
    const { chain, ports } = name === undefined ? api.byDefault : chosenChain(api.chains, name)
    const place = after === undefined ? undefined : readCursor(activityCursor, chain, after)
    const person = await personAsked(api, principal, discord)
    const { items, hasMore } = await whileStale(
      ports.views,
      async (): Promise<Page<PlacedActivity>> => {
        const view = await currentView(ports.views)
        const found = await readPersonActivity(api, ports, view, person, {
          ...page,
          ...(place && { after: place }),
        })
        await refuseLeftView(ports.views, view)
        return found
      },
    )
    const last = items.at(-1)
    return {
      items,
      nextCursor: hasMore && last ? markCursor(chain, activityCursor.encode(last.place)) : null,
    }
  },
})
