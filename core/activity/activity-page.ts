import type { Address } from '#core/chain.ts'
import { documentSpec } from '#core/history/document.ts'
import type { NamedVersion } from '#core/history/versions.ts'

/** Blocks of a page. A bit of a uint256 stands for each. */
const PAGE_BLOCKS = 256

/** The highest block of a page. */
export const lastOfPage = (page: number): number => (page + 1) * PAGE_BLOCKS - 1

export const pageOfBlock = (number: number): number => Math.floor(number / PAGE_BLOCKS)

/**
 * In which of `PAGE_BLOCKS` consecutive blocks an account took part in what was indexed. Bit n of a set is block
 * `page * PAGE_BLOCKS + n`. What happened there is told by the events of the block.
 */
export type ActivityPage = {
  readonly account: Address
  readonly page: number
  readonly swaps: bigint
  /** Liquidity of pools, as the pools themselves tell it. */
  readonly liquidity: bigint
  /** Transfers of NFTs. */
  readonly nfts: bigint
  /**
   * Events of positions, each by its place (`placeInPage`), ascending: most do not name the owner, so that nobody could
   * find them by the block alone.
   */
  readonly positions: readonly bigint[]
}

/** Raised with what the fold makes of the same events, see `Projection.version`. */
export const activityVersion: NamedVersion = { name: 'activity', version: 1 }

export const activityPageDocuments = documentSpec<ActivityPage>({
  kind: 'activityPage',
  plural: 'activityPages',
  projection: activityVersion,
  identity: ['account', 'page'],
  fields: {
    account: 'hex',
    page: 'int',
    swaps: 'uint256',
    liquidity: 'uint256',
    nfts: 'uint256',
    positions: 'uint256[]',
  },
})

export const emptyActivityPage = (account: Address, page: number): ActivityPage => ({
  account,
  page,
  swaps: 0n,
  liquidity: 0n,
  nfts: 0n,
  positions: [],
})

/** A log index takes 32 bits. */
const LOG_BITS = 32n

/** A log by its block within the page, and its index in the block. */
export const placeInPage = (number: number, logIndex: number): bigint =>
  (BigInt(number % PAGE_BLOCKS) << LOG_BITS) | BigInt(logIndex)

const bits = Array.from({ length: PAGE_BLOCKS }, (_, index) => 1n << BigInt(index))

/** The bit of a block in the sets of its page. */
export const bitOfBlock = (number: number): bigint => bits[number % PAGE_BLOCKS] as bigint

/** What an account did in one block, as its page tells it. */
export type ActiveBlock = {
  readonly number: number
  readonly hasSwaps: boolean
  readonly hasLiquidity: boolean
  readonly hasNfts: boolean
  /** Log indexes of events of positions. */
  readonly positionLogs: readonly number[]
}

/** What an account does, as far as a page tells it apart. */
export type ActivityKind = 'swap' | 'liquidity' | 'position' | 'nft-transfer'

/** Of a page what is of one kind. */
export const onlyOfKind = (page: ActivityPage, kind: ActivityKind): ActivityPage => ({
  ...page,
  swaps: kind === 'swap' ? page.swaps : 0n,
  liquidity: kind === 'liquidity' ? page.liquidity : 0n,
  nfts: kind === 'nft-transfer' ? page.nfts : 0n,
  positions: kind === 'position' ? page.positions : [],
})

/** The blocks of a page, newest first. */
export function blocksOfPage({
  page,
  swaps,
  liquidity,
  nfts,
  positions,
}: ActivityPage): ActiveBlock[] {
  const logs = new Map<number, number[]>()
  for (const place of positions) {
    const offset = Number(place >> LOG_BITS)
    const list = logs.get(offset) ?? []
    logs.set(offset, list)
    list.push(Number(place & ((1n << LOG_BITS) - 1n)))
  }
  const any = swaps | liquidity | nfts
  // Most pages of an account that is busy with something else.
  if (any === 0n && logs.size === 0) return []
  const blocks: ActiveBlock[] = []
  for (let offset = PAGE_BLOCKS - 1; offset >= 0; offset--) {
    const bit = bits[offset] as bigint
    const positionLogs = logs.get(offset) ?? []
    if ((any & bit) === 0n && positionLogs.length === 0) continue
    blocks.push({
      number: page * PAGE_BLOCKS + offset,
      hasSwaps: (swaps & bit) !== 0n,
      hasLiquidity: (liquidity & bit) !== 0n,
      hasNfts: (nfts & bit) !== 0n,
      positionLogs,
    })
  }
  return blocks
}
