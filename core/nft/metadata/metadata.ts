import type { Address, BlockRef } from '#core/chain.ts'
import type { TokenStandard } from '#core/nft/transfer.ts'

/** What a token says of one of its traits; numbers and truth values as text. */
export type Attribute = {
  /** Null where the token names none. */
  readonly traitType: string | null
  readonly value: string
  /** How the value is meant to be shown: `number`, `date`, `boost_percentage`. */
  readonly displayType: string | null
}

/**
 * How a URI of a medium is to be read. `none`: it is of a kind that nothing is known of, too long to be kept, or not
 * there.
 */
export type MediaKind = 'http' | 'ipfs' | 'arweave' | 'data' | 'none'

/** A medium as the token tells of it. Nobody has looked at what is there. */
export type Media = {
  readonly kind: MediaKind
  /** As told; null where `kind` is `none`. */
  readonly uri: string | null
  /** What a data URI says that it is: `image/svg+xml`. An SVG may hold scripts. */
  readonly mediaType: string | null
}

/** What a token says of itself, cut to what one token may say. Text by strangers. */
export type TokenContent = {
  readonly name: string | null
  readonly description: string | null
  readonly image: Media
  readonly animation: Media
  /** http or https. */
  readonly externalUrl: string | null
  readonly attributes: readonly Attribute[]
}

/**
 * What the newest try came to.
 *
 * - `wanted`: nobody has tried yet.
 * - `fetched`: there is a document.
 * - `missing`: the contract knows no such token or names no document, or there is none where it says.
 * - `refused`: what it names is nothing that may or can be read: the reason says what.
 * - `failed`: it could not be read now.
 */
export type MetadataState = 'wanted' | 'fetched' | 'missing' | 'refused' | 'failed'

/** A token, and the standard that says how its contract is asked. */
export type WantedToken = {
  readonly collection: Address
  readonly tokenId: bigint
  readonly standard: TokenStandard
}

/** What is known of a token's metadata. */
export type TokenMetadata = WantedToken & {
  /** Counts the changes. */
  readonly version: number
  readonly state: MetadataState
  /** Why it is `missing`, `refused` or `failed`, for people. */
  readonly reason: string | null
  /** Whether it may be otherwise by now: an event told of a change since it was read. */
  readonly isStale: boolean
  /** What the contract names; null where it names nothing, or more than is kept. */
  readonly uri: string | null
  /** Of the newest try that was `fetched`; it stays where a later one fails. */
  readonly content: TokenContent | null
  /** The block at which the contract was asked. */
  readonly block: BlockRef | null
  /** When `content` was fetched, in milliseconds since 1970. */
  readonly fetchedAtMs: number | null
  /** Tries in a row that did not come to a document. */
  readonly failures: number
  /** When it is tried next, in milliseconds since 1970; null: when an event tells of a change. */
  readonly dueAtMs: number | null
}

/** A token of which nothing is known yet. */
export const newMetadata = (token: WantedToken, nowMs: number): TokenMetadata => ({
  collection: token.collection,
  tokenId: token.tokenId,
  standard: token.standard,
  version: 1,
  state: 'wanted',
  reason: null,
  isStale: true,
  uri: null,
  content: null,
  block: null,
  fetchedAtMs: null,
  failures: 0,
  dueAtMs: nowMs,
})

/** The same when it may have changed: it is due at once, whatever its last try came to. */
export const touched = (metadata: TokenMetadata, nowMs: number): TokenMetadata => ({
  ...metadata,
  version: metadata.version + 1,
  isStale: true,
  failures: 0,
  dueAtMs: nowMs,
})

/** The traits that a document names, each once. */
export const traitTypesOf = ({ content }: TokenMetadata): string[] => [
  ...new Set(content?.attributes.flatMap(({ traitType }) => traitType ?? []) ?? []),
]
