import { AppError } from '#core/errors.ts'
import type { Intent } from './intent.ts'
import type { IntentStore } from './ports.ts'

/** Others change it at the same time; each time one of them gets further. */
const TRIES_MAX = 20

/**
 * Changes an intent from whatever it is when it is changed.
 *
 * @param change undefined: it is to stay as it is
 * @returns the intent as it is afterwards
 */
export async function changeIntent(
  intents: Pick<IntentStore, 'intent' | 'replaceIntent'>,
  from: Intent,
  change: (now: Intent) => Intent | undefined,
): Promise<Intent> {
  let now = from
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const next = change(now)
    if (!next) return now
    if (await intents.replaceIntent(next)) return next
    const there = await intents.intent(from.id)
    if (!there) break
    now = there
  }
  throw new AppError('unavailable', `records: ${from.id} is changed elsewhere; try again later`, {
    details: { field: 'records', reason: 'busy' },
  })
}
