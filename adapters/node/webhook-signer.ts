import { createHmac, randomBytes } from 'node:crypto'
import type { WebhookSigner } from '#core/webhooks/ports.ts'

const PREFIX = 'whsec_'

export const webhookSigner: WebhookSigner = {
  sign({ secret, id, timestamp, body }) {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
    const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    return `v1,${mac}`
  },
  newSecret: () => `${PREFIX}${randomBytes(32).toString('base64')}`,
}
