import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import type { Address, Hash } from '#core/chain.ts'

/** Where on the chain a swap happened. */
type SwapPlace = {
  readonly chainId: number
  readonly blockNumber: number
  readonly transactionHash: Hash
  readonly logIndex: number
}

/**
 * A swap of a Uniswap V2 pair or a fork of it. All amounts are raw; reserves after are those before, plus what came
 * in, less what went out.
 */
export type V2Swap = SwapPlace & {
  readonly pair: Address
  readonly token0: Address
  readonly token1: Address
  /** Where the reserves before come from: the state before the block, or a Sync earlier in the block. */
  readonly reservesBeforeFrom: 'preState' | 'priorSync'
  readonly reserve0Before: bigint
  readonly reserve1Before: bigint
  readonly amount0In: bigint
  readonly amount1In: bigint
  readonly amount0Out: bigint
  readonly amount1Out: bigint
  readonly reserve0After: bigint
  readonly reserve1After: bigint
  /** One token in, the other out. */
  readonly singleDirection: boolean
  /**
   * Whether the pair paid exactly what UniswapV2Library.getAmountOut gives with its fee of 0.3 %; null where not
   * `singleDirection`. False where the trader asked for less than that, or the pair is a fork with another fee.
   */
  readonly outEqualsGetAmountOut997: boolean | null
  readonly kDoesNotFall: true
  /** Whether the pair's check of k with a fee of 0.3 % holds; false for the one fork with a lower fee. */
  readonly feeAdjustedK3permille: boolean
}

/** What a V3 pool's `slot0` and `liquidity` say. */
type V3PoolState = {
  readonly sqrtPriceX96: bigint
  readonly tick: number
  readonly liquidity: bigint
}

/** A swap of a Uniswap V3 pool, with as much of the state before it as is needed to compute it again. */
export type V3Swap = SwapPlace & {
  readonly pool: Address
  readonly token0: Address
  readonly token1: Address
  readonly factory: Address
  /** In hundredths of a basis point: 3000 is 0.3 %. */
  readonly fee: number
  readonly tickSpacing: number
  readonly zeroForOne: boolean
  readonly before: V3PoolState
  /** The words of the pool's tick bitmap that are known; the swap needs no other. */
  readonly tickBitmapWordsKnown: readonly number[]
  /** Every initialized tick of the known words, with its liquidityNet where that is known: crossed ticks have it. */
  readonly initializedTicks: ReadonlyMap<number, bigint | null>
  /** What the pool received; negative: what it paid. */
  readonly amount0: bigint
  readonly amount1: bigint
  readonly after: V3PoolState
  /** What the trader asked for, as far as the result tells: this input, this output, or this price. */
  readonly reproducedAs: 'exactIn' | 'exactOut' | 'priceLimit'
  readonly ticksCrossed: number
}

/** The V2 swaps of the recorded mainnet blocks, in the order of the chain. */
export const loadV2Swaps = async (): Promise<V2Swap[]> =>
  (await read('v2-swaps.json.br')) as V2Swap[]

/** The V3 swaps of the recorded mainnet blocks whose state before is known, in the order of the chain. */
export async function loadV3Swaps(): Promise<V3Swap[]> {
  const swaps = (await read('v3-swaps.json.br')) as StoredV3Swap[]
  return swaps.map((swap) => ({ ...swap, initializedTicks: ticksOf(swap) }))
}

type StoredV3Swap = Omit<V3Swap, 'initializedTicks'> & {
  readonly initializedTicks: Readonly<Record<string, bigint | null>>
}

const ticksOf = ({ initializedTicks }: StoredV3Swap): ReadonlyMap<number, bigint | null> =>
  new Map(
    Object.entries(initializedTicks)
      .map(([tick, liquidityNet]): [number, bigint | null] => [Number(tick), liquidityNet])
      .toSorted(([a], [b]) => a - b),
  )

const DECIMAL = /^-?\d+$/

/** Amounts are stored as decimal strings, and nothing else is. */
async function read(name: string): Promise<unknown> {
  const packed = await readFile(new URL(name, import.meta.url))
  const text = await promisify(brotliDecompress)(packed)
  return JSON.parse(text.toString(), (_, value: unknown) =>
    typeof value === 'string' && DECIMAL.test(value) ? BigInt(value) : value,
  )
}
