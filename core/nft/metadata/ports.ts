import type { Address, BlockRef } from '#core/chain.ts'
import type { FeedCursor } from '#core/history/feed.ts'
import type { MetadataState, TokenMetadata, WantedToken } from './metadata.ts'

/** A token by its name. */
export type TokenKey = Pick<WantedToken, 'collection' | 'tokenId'>

/** What is known of tokens' metadata. */
export type MetadataTable = {
  /** In the order of `tokens`; undefined where nobody has wanted it yet. */
  read(chainId: number, tokens: readonly TokenKey[]): Promise<(TokenMetadata | undefined)[]>
  /** The traits that documents of a collection have named, in the order of their names, 1,000 at most. */
  traitTypes(chainId: number, collection: Address): Promise<string[]>
  /** How many tokens of a collection are in which state. */
  states(chainId: number, collection: Address): Promise<Readonly<Record<MetadataState, number>>>
}

/** Metadata of tokens: a cache, which can be made anew. Each call is safe to be made again. */
export type MetadataStore = MetadataTable & {
  /**
   * Has these fetched.
   *
   * @param isChange whether those that are known are fetched again
   */
  want(
    chainId: number,
    tokens: readonly WantedToken[],
    nowMs: number,
    isChange: boolean,
  ): Promise<void>
  /** Has those of a range that are known fetched again; both ends included. */
  wantRange(
    chainId: number,
    collection: Address,
    range: { readonly from: bigint; readonly to: bigint },
    nowMs: number,
  ): Promise<void>
  /** Has those fetched again whose contract was asked at a block above this one. */
  wantReadAbove(chainId: number, number: number, nowMs: number): Promise<void>
  /** Those that are to be tried now, longest due first. */
  due(chainId: number, nowMs: number, limit: number): Promise<TokenMetadata[]>
  /** Takes the place of the version before; false where another one is there. */
  put(chainId: number, metadata: TokenMetadata): Promise<boolean>
  /** How far the feed of a chain was read for it. */
  cursor(chainId: number): Promise<FeedCursor | undefined>
  putCursor(chainId: number, cursor: FeedCursor): Promise<void>
  close(): void | Promise<void>
}

/** What a contract says of where a token's metadata is. */
export type ToldUri =
  | { readonly status: 'told'; readonly uri: string }
  /** It reverts, as it does for a token that is not there, or it names nothing. */
  | { readonly status: 'none' }
  /** It answers something that its standard does not allow. */
  | { readonly status: 'odd'; readonly why: string }
  /** It could not be asked: the node, or the gas of the call, gave up. */
  | { readonly status: 'unavailable'; readonly why: string }

/** Asks contracts for `tokenURI` (ERC-721) and `uri` (ERC-1155). Not trusted: calls are bounded in gas and bytes. */
export type TokenUriReader = {
  /** The height of the chain. @throws AppError `unavailable` where no node tells */
  height(): Promise<number>
  /** In the order of `tokens`, all as of exactly one block. */
  read(block: BlockRef, tokens: readonly WantedToken[]): Promise<ToldUri[]>
}

/** What became of fetching a document. */
export type Fetched =
  | { readonly status: 'fetched'; readonly text: string }
  /** Whoever has it says that it is not there. */
  | { readonly status: 'missing'; readonly why: string }
  /** It may not be asked for, or what comes is nothing that is read. */
  | { readonly status: 'refused'; readonly why: string }
  | { readonly status: 'failed'; readonly why: string; readonly retryAfterMs: number | null }

/** Fetches from the outside, and from no address inside. Bounded in bytes, time and requests under way. */
export type OutsideFetcher = {
  /**
   * @param part of a host that serves what is everybody's, as a gateway does: whose. Where it fails again and again it is
   *   left alone for a while, and the others of the host are not
   */
  get(url: string, part?: string): Promise<Fetched>
}
