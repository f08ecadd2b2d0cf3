import { AppError } from '#core/errors.ts'
import type { Webhook, WebhookStore } from '#core/webhooks/ports.ts'
import type { WebhookRow } from '#resources/webhooks.ts'
import type { Api } from './wire.ts'

/** @throws AppError `not-found` where nobody can sign in */
export function webhooksOf({ webhooks }: Pick<Api, 'webhooks'>): NonNullable<Api['webhooks']> {
  if (webhooks) return webhooks
  throw new AppError('not-found', 'no webhooks are kept here: the service is not set up for it', {
    audience: 'client',
  })
}

/** A webhook with how far it has got. */
export const webhookRow = async (
  webhooks: Pick<WebhookStore, 'progress'>,
  of: Webhook,
): Promise<WebhookRow> => ({ webhook: of, progress: await webhooks.progress(of.id) })

/** All of a person's. */
export async function webhookRowsOf(
  webhooks: Pick<WebhookStore, 'list' | 'progress'>,
  person: string,
): Promise<WebhookRow[]> {
  const found = await webhooks.list(person)
  return Promise.all(found.map((each) => webhookRow(webhooks, each)))
}
