import { firstProgress } from '#core/webhooks/first-progress.ts'
import type { Webhook, WebhookProgress, WebhookStore } from '#core/webhooks/ports.ts'

/** Webhooks in the memory of this process. */
export function createMemoryWebhookStore(): WebhookStore {
  const webhooks = new Map<string, Webhook>()
  const progresses = new Map<string, WebhookProgress>()
  const of = (owner: string | null): Webhook[] =>
    [...webhooks.values()]
      .filter((webhook) => owner === null || webhook.owner === owner)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return {
    list: async (owner) => of(owner),
    async add(webhook, max, cursor) {
      if (of(webhook.owner).length >= max) return false
      webhooks.set(webhook.id, webhook)
      progresses.set(webhook.id, firstProgress(webhook.id, cursor))
      return true
    },
    async remove(id, owner) {
      if (!of(owner).some((webhook) => webhook.id === id)) return false
      webhooks.delete(id)
      progresses.delete(id)
      return true
    },
    progress: async (id) => progresses.get(id),
    async putProgress(progress) {
      if (progresses.get(progress.id)?.version !== progress.version - 1) return false
      progresses.set(progress.id, progress)
      return true
    },
    close: () => undefined,
  }
}
