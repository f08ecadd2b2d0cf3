import type { FeedCursor } from '#core/history/feed.ts'
import {
  type MetadataState,
  newMetadata,
  type TokenMetadata,
  touched,
  traitTypesOf,
} from '#core/nft/metadata/metadata.ts'
import type { MetadataStore, TokenKey } from '#core/nft/metadata/ports.ts'

/** Metadata of tokens in the memory of this process. */
export function createMemoryMetadataStore(): MetadataStore {
  const rows = new Map<string, TokenMetadata>()
  const traits = new Map<string, Set<string>>()
  const cursors = new Map<number, FeedCursor>()
  const keyOf = (chainId: number, { collection, tokenId }: TokenKey): string =>
    `${chainId} ${collection} ${tokenId}`
  const ofChain = (chainId: number): [string, TokenMetadata][] =>
    [...rows].filter(([key]) => key.startsWith(`${chainId} `))
  const touchIf = (chainId: number, nowMs: number, is: (row: TokenMetadata) => boolean): void => {
    for (const [key, row] of ofChain(chainId)) if (is(row)) rows.set(key, touched(row, nowMs))
  }
  return {
    read: async (chainId, tokens) => tokens.map((token) => rows.get(keyOf(chainId, token))),
    traitTypes: async (chainId, collection) =>
      [...(traits.get(`${chainId} ${collection}`) ?? [])].toSorted().slice(0, 1_000),
    async states(chainId, collection) {
      const counts: Record<MetadataState, number> = {
        wanted: 0,
        fetched: 0,
        missing: 0,
        refused: 0,
        failed: 0,
      }
      for (const [, row] of ofChain(chainId)) if (row.collection === collection) counts[row.state]++
      return counts
    },
    async want(chainId, tokens, nowMs, isChange) {
      for (const token of tokens) {
        const key = keyOf(chainId, token)
        const known = rows.get(key)
        if (!known) rows.set(key, newMetadata(token, nowMs))
        else if (isChange) rows.set(key, touched(known, nowMs))
      }
    },
    wantRange: async (chainId, collection, { from, to }, nowMs) =>
      touchIf(
        chainId,
        nowMs,
        (row) => row.collection === collection && from <= row.tokenId && row.tokenId <= to,
      ),
    wantReadAbove: async (chainId, number, nowMs) =>
      touchIf(chainId, nowMs, ({ block }) => block !== null && block.number > number),
    due: async (chainId, nowMs, limit) =>
      ofChain(chainId)
        .map(([, row]) => row)
        .filter(({ dueAtMs }) => dueAtMs !== null && dueAtMs <= nowMs)
        .toSorted((a, b) => (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0))
        .slice(0, limit),
    async put(chainId, metadata) {
      const key = keyOf(chainId, metadata)
      if (rows.get(key)?.version !== metadata.version - 1) return false
      rows.set(key, metadata)
      const named = `${chainId} ${metadata.collection}`
      const known = traits.get(named) ?? new Set()
      for (const trait of traitTypesOf(metadata)) known.add(trait)
      traits.set(named, known)
      return true
    },
    cursor: async (chainId) => cursors.get(chainId),
    putCursor: async (chainId, cursor) => void cursors.set(chainId, cursor),
    close: () => undefined,
  }
}
