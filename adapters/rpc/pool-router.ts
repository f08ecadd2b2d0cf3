import { type AbiValue, encodeCall } from '#core/abi.ts'
import type { Address, Hex } from '#core/chain.ts'
import { NATIVE } from '#core/dex/native.ts'
import type { PoolTerms, Trial, TrialCall } from '#core/dex/ports.ts'
import { KINDS } from './kinds.ts'
import artifact from './pool-router.artifact.json' with { type: 'json' }

/** The account that the code of pool-router.sol is lent to. */
export const POOL_ROUTER: Address = '0x68616c796172642d706f6f6c732d303030303030'
export const poolRouterCode = artifact.runtime as Hex

/** `sell(Leg[],Ends)` of pool-router.sol. */
const SELL = '0x7ac138ea'

type SaleOf = {
  readonly call: Extract<TrialCall, { readonly by: 'pools' }>
} & Pick<Trial, 'tokenIn' | 'tokenOut' | 'recipient'>

/** @param greedy whether pairs are asked for more than their fee allows, too */
export const encodeSale = (
  { call: { legs, wrappedNative }, tokenIn, tokenOut, recipient }: SaleOf,
  greedy: boolean,
): Hex =>
  encodeCall(SELL, [
    {
      array: legs.map(({ amountIn, hops }) => ({
        tuple: [
          amountIn,
          { array: hops.map(({ pool, zeroForOne }) => encodeHop(pool, zeroForOne)) },
        ],
      })),
    },
    { tuple: [tokenIn, tokenOut, wrappedNative ?? NATIVE, recipient, greedy] },
  ])

function encodeHop(pool: PoolTerms, zeroForOne: boolean): AbiValue {
  const target = pool.protocol === 'uniswap-v4' ? (pool.origin ?? '0x') : (pool.id as Hex)
  const { token0, token1, feePips } = pool
  return {
    tuple: [
      KINDS[pool.protocol],
      target,
      zeroForOne,
      token0,
      token1,
      feePips,
      pool.tickSpacing ?? 0,
    ],
  }
}
