import type { BlockRef } from '#core/chain.ts'
import { readDocument } from './document.ts'
import type { MetadataState, TokenContent, TokenMetadata } from './metadata.ts'
import { type Gateways, type Places, placesOf, URI_CHARACTERS_MAX, withTokenId } from './places.ts'
import type { Fetched, OutsideFetcher, ToldUri } from './ports.ts'

export type LookUpPorts = { readonly outside: OutsideFetcher; readonly gateways: Gateways }

/** The pause after a token's failure doubles from the first to the last of these, in milliseconds. */
const RETRY_MS_FIRST = 30_000
const RETRY_MS_MAX = 24 * 3_600_000
/** What a server refuses or does not have today it may have tomorrow, as of collections that are not revealed yet. */
const AGAIN_MS = 24 * 3_600_000

/** What a try came to, before it takes its place. */
type Found = {
  readonly state: Exclude<MetadataState, 'wanted'>
  readonly reason: string | null
  readonly uri: string | null
  readonly content?: TokenContent
  /** `never`: until an event tells of a change. */
  readonly again: 'never' | 'later' | { readonly afterMs: number }
}

/** Finds what a token says of itself. @param told by its contract at `block` */
export async function lookUpMetadata(
  ports: LookUpPorts,
  metadata: TokenMetadata,
  told: ToldUri,
  block: BlockRef,
  nowMs: number,
): Promise<TokenMetadata> {
  const found = await find(ports, metadata, told)
  const { state, reason, uri, content, again } = found
  const failures = state === 'fetched' ? 0 : metadata.failures + 1
  return {
    ...metadata,
    version: metadata.version + 1,
    state,
    reason,
    // What failed says nothing of what is there.
    isStale: state === 'failed' && metadata.isStale,
    failures,
    // Where nobody could be asked, what is known of before still is.
    uri: told.status === 'unavailable' ? metadata.uri : uri,
    block: told.status === 'unavailable' ? metadata.block : block,
    ...(content && { content, fetchedAtMs: nowMs }),
    dueAtMs: again === 'never' ? null : nowMs + pauseMs(again, metadata.failures),
  }
}

function pauseMs(again: 'later' | { readonly afterMs: number }, failures: number): number {
  if (again === 'later') return AGAIN_MS
  const own = RETRY_MS_FIRST * 2 ** Math.min(failures, 20)
  return Math.min(Math.max(own, again.afterMs), RETRY_MS_MAX)
}

async function find(
  { outside, gateways }: LookUpPorts,
  metadata: TokenMetadata,
  told: ToldUri,
): Promise<Found> {
  if (told.status === 'none')
    return {
      state: 'missing',
      reason: 'the contract names no metadata for it',
      uri: null,
      again: 'never',
    }
  if (told.status === 'odd')
    return { state: 'refused', reason: told.why, uri: null, again: 'never' }
  if (told.status === 'unavailable')
    return { state: 'failed', reason: told.why, uri: null, again: { afterMs: 0 } }
  const full = withTokenId(told.uri, metadata)
  const uri = full.length > URI_CHARACTERS_MAX ? null : full
  const places = placesOf(full, gateways)
  if (places.kind === 'refused')
    return { state: 'refused', reason: places.why, uri, again: 'never' }
  if (places.kind === 'inline') return { ...ofText(places.text, metadata, 'never'), uri }
  const fetched = await fetchAny(outside, places)
  switch (fetched.status) {
    case 'fetched':
      return { ...ofText(fetched.text, metadata, 'later'), uri }
    case 'missing':
    case 'refused':
      return { state: fetched.status, reason: fetched.why, uri, again: 'later' }
    case 'failed':
      return {
        state: 'failed',
        reason: fetched.why,
        uri,
        again: { afterMs: fetched.retryAfterMs ?? 0 },
      }
    default:
      return fetched satisfies never
  }
}

/** @param again where it is refused: what was written into the contract stays as it is */
function ofText(
  text: string,
  metadata: TokenMetadata,
  again: 'never' | 'later',
): Omit<Found, 'uri'> {
  const read = readDocument(text, metadata)
  return read.status === 'read'
    ? { state: 'fetched', reason: null, content: read.content, again: 'never' }
    : { state: 'refused', reason: read.why, again }
}

/** From the first that has it. Where none does, one that failed may have it later. */
async function fetchAny(
  outside: OutsideFetcher,
  { urls, part }: Extract<Places, { readonly kind: 'outside' }>,
): Promise<Fetched> {
  let last: Fetched | undefined
  for (const url of urls) {
    // oxlint-disable-next-line no-await-in-loop -- the next is asked only where this one does not have it
    const fetched = await outside.get(url, part)
    if (fetched.status === 'fetched') return fetched
    if (last?.status !== 'failed') last = fetched
  }
  return last ?? { status: 'refused', why: 'there is nowhere to ask' }
}
