import type { WebhookProgress } from './ports.ts'

/**
 * Of a webhook that was just added.
 *
 * @param cursor where the history or the ledger stood then; null while nothing was indexed
 */
export const firstProgress = (id: string, cursor: WebhookProgress['cursor']): WebhookProgress => ({
  id,
  version: 1,
  cursor,
  toldTo: -1,
  tried: null,
  failures: 0,
  retryAtMs: 0,
  lastError: null,
  deliveredAtMs: null,
  isPaused: false,
})
