import type { Address } from '#core/chain.ts'
import type { Protocol, TokenStandard } from '#core/history/event.ts'
import type { Sha256 } from '#core/history/digest.ts'

/** A factory: every pool that it creates is followed. */
export type FactorySource = {
  readonly kind: Protocol
  readonly factory: Address
  /** LP fee of every pool, in hundredths of a basis point; null where each pool has its own (V3). */
  readonly feePips: number | null
  readonly startBlock: number | null
}

/** A single pool, followed without a scan of its factory. */
export type PoolSource = {
  readonly kind: 'pool'
  readonly protocol: Protocol
  readonly address: Address
  readonly token0: Address
  readonly token1: Address
  readonly feePips: number
  readonly startBlock: number | null
}

type CollectionSource = {
  readonly kind: TokenStandard
  readonly address: Address
  readonly startBlock: number | null
}

/** What a deployment indexes. */
export type Source = FactorySource | PoolSource | CollectionSource

/** Raised when the same events fold into other documents than before, so that old trees are not built upon. */
const FOLD_VERSION = 2

/**
 * Names the tree of projections that these sources fold into. Order does not matter, nor where a source starts:
 * a start is a hint for planning.
 */
export const treeOf = (sha256: Sha256, chainId: number, sources: readonly Source[]): string => {
  const lines = sources.map((source) => JSON.stringify({ ...source, startBlock: undefined }))
  const text = [`fold ${FOLD_VERSION}`, ...lines.toSorted()].join('\n')
  return `${chainId}-${sha256(text).slice(2, 18)}`
}
