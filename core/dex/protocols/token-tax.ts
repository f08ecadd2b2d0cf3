import { constantProductOut } from './constant-product.ts'
import type { ConstantProductState } from './state.ts'

/** What tokens take from their own transfers, in basis points: of the one sold, and of the one bought. */
export type TokenTax = { readonly inBps: number; readonly outBps: number }

const BPS = 10_000n

/** What is left of a transfer: the token keeps ⌊amount·bps / 10,000⌋ of it. */
export const afterTax = (amount: bigint, taxBps: bigint): bigint =>
  taxBps === 0n ? amount : amount - (amount * taxBps) / BPS

/** The same for a tax as a number. */
export const netOfTax = (value: bigint, taxBps: number): bigint => afterTax(value, BigInt(taxBps))

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
