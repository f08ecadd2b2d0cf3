import { createOutsideSender } from '#adapters/http/outside-sender.ts'
import { webhookSigner } from '#adapters/node/webhook-signer.ts'
import type { ManagePorts } from '#core/webhooks/manage.ts'
import type { WebhookStore } from '#core/webhooks/ports.ts'
import type { SendPorts } from '#core/webhooks/send.ts'
import { refuseOldRecords } from './open-ledger.ts'
import type { Settings, StoreSetting } from './settings.ts'
import { newId, systemClock } from './system.ts'

/** What looking after webhooks takes. */
export type OpenWebhooks = AsyncDisposable & { readonly ports: ManagePorts & SendPorts }

/** @throws AppError `conflict` where the records wait for a migration; `unavailable` where they cannot be used */
export async function openWebhooks({
  records,
  webhooks: { allowed },
}: Pick<Settings, 'records' | 'webhooks'>): Promise<OpenWebhooks> {
  const webhooks = await openWebhookStore(records)
  const sender = createOutsideSender(allowed)
  return {
    ports: { webhooks, sender, signer: webhookSigner, clock: systemClock, newId },
    async [Symbol.asyncDispose]() {
      await webhooks.close()
    },
  }
}

/** @throws AppError as `openWebhooks` does */
export async function openWebhookStore(setting: StoreSetting): Promise<WebhookStore> {
  await refuseOldRecords(setting)
  switch (setting.kind) {
    case 'sqlite': {
      const { openSqliteWebhookStore } = await import('#adapters/sqlite/webhook-store.ts')
      return openSqliteWebhookStore(setting.path)
    }
    case 'mongodb': {
      const { openMongoWebhookStore } = await import('#adapters/mongo/webhook-store.ts')
      return openMongoWebhookStore(setting.url)
    }
    default:
      return setting satisfies never
  }
}
