import type { WebhookProgress } from './ports.ts'

/** Of a webhook that was just added. */
export const firstProgress = (id: string): WebhookProgress => ({
  id,
  version: 1,
  cursor: null,
  toldTo: -1,
  tried: null,
  failures: 0,
  retryAtMs: 0,
  lastError: null,
  deliveredAtMs: null,
  isPaused: false,
})
