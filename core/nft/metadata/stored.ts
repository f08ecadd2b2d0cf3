import type { MetadataState, TokenMetadata } from './metadata.ts'

/** Traits of one collection that are told at most. */
export const TRAIT_TYPES_MAX = 1_000

/** A token's id as text of one length, in the order of the ids. */
export const tokenText = (tokenId: bigint): string => tokenId.toString(16).padStart(64, '0')

/** What stores keep as text, beside what they look for. */
export type MetadataBody = Pick<
  TokenMetadata,
  'standard' | 'reason' | 'uri' | 'content' | 'block' | 'fetchedAtMs'
>

export const bodyOf = ({
  standard,
  reason,
  uri,
  content,
  block,
  fetchedAtMs,
}: TokenMetadata): MetadataBody => ({ standard, reason, uri, content, block, fetchedAtMs })

/** How many are in each state, of those that there are any of. */
export const countedStates = (
  counts: readonly { readonly state: MetadataState; readonly count: number }[],
): Record<MetadataState, number> => ({
  wanted: 0,
  fetched: 0,
  missing: 0,
  refused: 0,
  failed: 0,
  ...Object.fromEntries(counts.map(({ state, count }) => [state, count])),
})
