import { type BlockRange, rangeWith } from '#core/chain.ts'
import type { Version } from '#core/history/document.ts'
import type { View } from '#core/history/head.ts'
import { type Pool, protocolOf } from './pool.ts'

/**
 * Whether quotes go through a pool. `yes`: its state follows from the history, so that it is quoted from the index, at
 * past blocks and from the chain. `live-only`: its state is read from the chain, at the newest block alone. `no`: it is not
 * quoted at the block.
 */
export type Quotable = {
  readonly status: 'yes' | 'live-only' | 'no'
  /** Why it is not `yes`; null where it is. */
  readonly reason: UnquotedReason | null
}

export type UnquotedReason =
  | 'fee-untold'
  | 'fee-varies'
  | 'past-unknown'
  | 'no-swap-seen'
  | 'hooked'
  | 'no-price'
  | 'no-liquidity'
  | 'other-design'
  | 'chain-not-asked'

/** Each as a clause about the pool. */
export const UNQUOTED_REASONS: Readonly<Record<UnquotedReason, string>> = {
  'fee-untold': 'no event tells its fee, which its factory may change',
  'fee-varies': 'its fee changes with time or with each swap, and no event tells the next one',
  'past-unknown': 'its past is not indexed from its creation on without a gap',
  'no-swap-seen':
    'none of its swaps was seen, so it may be a fork that tells them by an event which is not read',
  hooked: 'its hooks may change what a swap gives, which no event tells beforehand',
  'no-price': 'it has no price yet, or there is no contract that answers as a pool does',
  'no-liquidity': 'it holds no liquidity',
  'other-design': 'its contracts do not answer, or do not quote, as its design does',
  'chain-not-asked': 'its state is read from the chain, of which no node can be asked now',
}

/** A pool of the history, and whether it is quoted. */
export type QuotedPool = Pool & { readonly quotable: Quotable }

/** What the history alone says of a pool at the view's head. */
export const withQuotable = (view: View, version: Version<Pool>): QuotedPool => ({
  ...version.value,
  quotable: quotableFrom(runUpTo(view, view.head.number), version, view.head.number),
})

/** The blocks that are indexed without a gap up to this one. */
export const runUpTo = (view: View, number: number): BlockRange | undefined =>
  rangeWith(view.head.coverage, number)

/**
 * What the history says of a pool at a block.
 *
 * @param run the blocks that are indexed without a gap up to `at`
 * @param version as of `at`, or for a past block as of the head
 */
export function quotableFrom(
  run: BlockRange | undefined,
  { value: pool, number }: Pick<Version<Pool>, 'value' | 'number'>,
  at: number,
): Quotable {
  const protocol = protocolOf(pool)
  switch (protocol) {
    case 'solidly':
    case 'velodrome-v2':
      return hasReserves(pool) ? LIVE_ONLY('fee-untold') : NO_LIQUIDITY
    case 'algebra-v1':
    case 'algebra-integral':
      return pool.liquidity === 0n ? NO_LIQUIDITY : LIVE_ONLY('fee-varies')
    case 'uniswap-v2':
      if (!run || number < run.from || pool.reserve0 === null) return LIVE_ONLY('past-unknown')
      return hasReserves(pool) ? YES : NO_LIQUIDITY
    case 'uniswap-v4':
      if (pool.hooks !== null) return { status: 'no', reason: 'hooked' }
      return run && isWhole(pool, run, at) ? YES : LIVE_ONLY('past-unknown')
    case 'uniswap-v3':
      if (!run || !isWhole(pool, run, at)) return LIVE_ONLY('past-unknown')
      if (pool.sqrtPriceX96 === null) return { status: 'no', reason: 'no-price' }
      // Forks of V3 exist whose Swap is another event: what they emit otherwise looks alike, and without their swaps the
      // price would stay at the first one for ever. A pool that has told one swap tells all, for its code does not change.
      return pool.swapCount > 0 ? YES : LIVE_ONLY('no-swap-seen')
    default:
      return protocol satisfies never
  }
}

const YES: Quotable = { status: 'yes', reason: null }
const NO_LIQUIDITY: Quotable = { status: 'no', reason: 'no-liquidity' }
const LIVE_ONLY = (reason: UnquotedReason): Quotable => ({ status: 'live-only', reason })

/** Whether every event of the pool's life is in the run. */
const isWhole = ({ createdBlock }: Pool, run: BlockRange, at: number): boolean =>
  createdBlock !== null && run.from <= createdBlock && createdBlock <= at

/** Null is not known, of a pool that the configuration lists. */
const hasReserves = ({ reserve0, reserve1 }: Pool): boolean => reserve0 !== 0n && reserve1 !== 0n
