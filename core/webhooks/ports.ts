import type { Address, Hash } from '#core/chain.ts'
import type { FeedCursor } from '#core/history/feed.ts'

/** What a webhook is told of that is in the history of a chain. */
export type ChainTopic = 'nft-transfers' | 'token-transfers' | 'swaps' | 'contract-events'

/** What a webhook is told of: of a chain, or of what becomes of spends of points there. */
export type WebhookTopic = ChainTopic | 'points-spends'

/** An entry of a ledger, up to which all was told. */
export type LedgerCursor = {
  readonly ledger: string
  readonly sequence: number
  readonly hash: Hash
}

/** Somebody who wants to be told. Never changed: another wish is another webhook. */
export type Webhook = {
  readonly id: string
  /** Whose it is: `operator`, or a person. */
  readonly owner: string
  readonly url: string
  /** What deliveries are signed with: `whsec_` and base64. */
  readonly secret: string
  readonly chainId: number
  readonly topics: readonly WebhookTopic[]
  /** Only what these contracts tell, or spends of these wallets; null: all. */
  readonly addresses: readonly Address[] | null
  readonly createdAtMs: number
}

/** How far the deliveries of a webhook have got. Plain data. */
export type WebhookProgress = {
  readonly id: string
  /** Counts the changes. */
  readonly version: number
  /**
   * All up to there was taken by the receiver, or stood there before the webhook did; null: nothing is indexed yet, and it
   * begins with what comes next.
   */
  readonly cursor: FeedCursor | LedgerCursor | null
  /** The highest block of which the receiver was told anything that was not taken back; -1: of none. */
  readonly toldTo: number
  /** A delivery of events that was begun: the receiver may have read it although nobody heard so. */
  readonly tried: string | null
  /** Tries of the next delivery that failed. */
  readonly failures: number
  /** The next delivery is not tried before. */
  readonly retryAtMs: number
  /** Why the newest try failed; null where it did not. */
  readonly lastError: string | null
  readonly deliveredAtMs: number | null
  /** Nothing is delivered until somebody resumes it: the receiver is gone, or has failed for too long. */
  readonly isPaused: boolean
}

/** Webhooks of people and of the operator. Each call is one atomic step, but for the limit, which two may meet at once. */
export type WebhookStore = {
  /** By id: of one owner, or all. */
  list(owner: string | null): Promise<Webhook[]>
  /** With its first progress, behind `cursor`. False where the owner has as many as one may. */
  add(webhook: Webhook, max: number, cursor: WebhookProgress['cursor']): Promise<boolean>
  /** False where there is none; `owner` null: whoever's. */
  remove(id: string, owner: string | null): Promise<boolean>
  progress(id: string): Promise<WebhookProgress | undefined>
  /** Takes the place of the version before; false where another one is there, or the webhook is gone. */
  putProgress(progress: WebhookProgress): Promise<boolean>
  close(): void | Promise<void>
}

/** What became of sending something. */
export type Sent =
  | { readonly status: 'answered'; readonly code: number; readonly retryAfterMs: number | null }
  /** No answer came. */
  | { readonly status: 'failed'; readonly why: string }
  /** The URL leads to where nothing may be sent. */
  | { readonly status: 'forbidden'; readonly why: string }

/** Sends to the outside, and to no address inside. */
export type OutsideSender = {
  /** Follows no redirect. */
  post(request: {
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }): Promise<Sent>
  /** Why nothing may be sent there, as far as the URL shows; null: it may. Names are looked up when something is sent. */
  faultOf(url: string): string | null
}

/** Signs as the Standard Webhooks specification has it. */
export type WebhookSigner = {
  /** `v1,` and the base64 of HMAC-SHA256, by the secret, over `id.timestamp.body`. */
  sign(of: {
    readonly secret: string
    readonly id: string
    readonly timestamp: string
    readonly body: string
  }): string
  /** `whsec_` and the base64 of 32 random bytes. */
  newSecret(): string
}
