import { constantProductOut } from './constant-product.ts'
import type { ConstantProductState } from './state.ts'

/** What tokens take from their own transfers, in basis points: of the one sold, and of the one bought. */
export type TokenTax = { readonly inBps: number; readonly outBps: number }

const BPS = 10_000n

/** What arrives of a transfer; the tax is rounded down. */
export const netOfTax = (value: bigint, taxBps: number): bigint =>
  value - (value * BigInt(taxBps)) / BPS

/** A swap of taxed tokens. The pair takes in `poolAmountIn`, pays `poolAmountOut`; `received` of that arrives. */
export type TaxedFill = {
  readonly poolAmountIn: bigint
  readonly poolAmountOut: bigint
  readonly received: bigint
}

/**
 * What a trader gets who sends `amountIn` to a pair: the pair computes with what arrives, and what it pays is taxed on
 * its way (UniswapV2Router02.swapExactTokensForTokensSupportingFeeOnTransferTokens). All 0n as `constantProductOut`.
 */
export function constantProductOutTaxed(
  state: ConstantProductState,
  zeroForOne: boolean,
  amountIn: bigint,
  { inBps, outBps }: TokenTax,
): TaxedFill {
  const poolAmountIn = netOfTax(amountIn, inBps)
  const poolAmountOut = constantProductOut(state, zeroForOne, poolAmountIn)
  return { poolAmountIn, poolAmountOut, received: netOfTax(poolAmountOut, outBps) }
}
