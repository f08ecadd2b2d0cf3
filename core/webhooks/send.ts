import type { Clock } from '#core/clock.ts'
import type { OutsideSender, Sent, Webhook, WebhookSigner } from './ports.ts'

export type SendPorts = {
  readonly sender: OutsideSender
  readonly signer: WebhookSigner
  readonly clock: Pick<Clock, 'nowMs'>
}

/** Signs a body and sends it. @param id of the delivery: the same however often it is sent */
export function sendSigned(
  { sender, signer, clock }: SendPorts,
  { url, secret }: Pick<Webhook, 'url' | 'secret'>,
  id: string,
  content: object,
): Promise<Sent> {
  const body = JSON.stringify(content)
  // Of this try: a receiver refuses what was signed long ago.
  const timestamp = String(Math.floor(clock.nowMs() / 1_000))
  return sender.post({
    url,
    body,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signer.sign({ secret, id, timestamp, body }),
    },
  })
}

export const isTaken = (sent: Sent): boolean =>
  sent.status === 'answered' && sent.code >= 200 && sent.code < 300

/** Why a delivery was not taken, for whoever looks after the webhook. */
export const refusalText = (sent: Sent): string =>
  sent.status === 'answered' ? `it answered HTTP ${sent.code}` : sent.why
