import { firstProgress } from '#core/webhooks/first-progress.ts'
import type { Webhook, WebhookProgress, WebhookStore } from '#core/webhooks/ports.ts'
import { CONCERNS } from './concerns.ts'
import { connectionTo } from './connection.ts'
import { toldAs } from './errors.ts'
import { createLastingDatabase } from './lasting-database.ts'

const told = toldAs('records')

type WebhookDocument = Omit<Webhook, 'id'> & { readonly _id: string }
type ProgressDocument = Omit<WebhookProgress, 'id'> & { readonly _id: string }

/**
 * Webhooks in a MongoDB database of records. Each call changes documents one by one, acknowledged by a majority: a webhook
 * is there when it is in its own collection, and its progress is made before and removed behind it.
 *
 * @param url of records that have been migrated
 * @throws AppError `invalid` when the URL cannot be used
 */
export function openMongoWebhookStore(url: string): WebhookStore {
  const { db, close } = createLastingDatabase(() => connectionTo(url, 'records'))
  const webhooks = db.collection<WebhookDocument>('webhooks', CONCERNS)
  const progresses = db.collection<ProgressDocument>('webhookProgress', CONCERNS)

  return {
    list: (owner) =>
      told(async () => {
        const found = await webhooks
          .find(owner === null ? {} : { owner })
          .sort({ _id: 1 })
          .toArray()
        return found.map(({ _id, ...webhook }) => ({ id: _id, ...webhook }))
      }),
    add: ({ id, ...webhook }, max, cursor) =>
      told(async () => {
        const { owner } = webhook
        if ((await webhooks.countDocuments({ owner })) >= max) return false
        const { id: _id, ...progress } = firstProgress(id, cursor)
        await progresses.insertOne({ _id, ...progress })
        await webhooks.insertOne({ _id, ...webhook })
        return true
      }),
    remove: (id, owner) =>
      told(async () => {
        const { deletedCount } = await webhooks.deleteOne({
          _id: id,
          ...(owner !== null && { owner }),
        })
        if (deletedCount === 1) await progresses.deleteOne({ _id: id })
        return deletedCount === 1
      }),
    progress: (id) =>
      told(async () => {
        const found = await progresses.findOne({ _id: id })
        if (!found) return undefined
        const { _id, ...progress } = found
        return { id: _id, ...progress }
      }),
    putProgress: ({ id, ...progress }) =>
      told(async () => {
        const { matchedCount } = await progresses.replaceOne(
          { _id: id, version: progress.version - 1 },
          progress,
        )
        return matchedCount === 1
      }),
    close,
  }
}
