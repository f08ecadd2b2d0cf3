import type { Address } from '#core/chain.ts'
import { documentSpec } from '#core/history/document.ts'
import type { NamedVersion } from '#core/history/versions.ts'
import type { LiquidityChange } from './events.ts'

/**
 * A tick of a concentrated-liquidity pool that positions begin or end at. Kept where the pool's creation was seen, so
 * that it is the sum of all of them; one that nothing is left of has two zeros.
 */
export type Tick = {
  readonly pool: Address
  readonly index: number
  /** Of all positions that begin or end here. */
  readonly liquidityGross: bigint
  /** What the liquidity in range gains when the price moves up across it. */
  readonly liquidityNet: bigint
}

/** What a change of a position does to the ticks that the position begins and ends at. */
export function tickMoves(body: LiquidityChange): readonly TickMove[] {
  if (!('tickLower' in body) || body.type === 'collect') return []
  const delta =
    body.type === 'modifyLiquidity'
      ? body.liquidityDelta
      : body.type === 'mint'
        ? body.liquidity
        : -body.liquidity
  // Fees are collected by burning nothing.
  if (delta === 0n) return []
  return [
    { index: body.tickLower, gross: delta, net: delta },
    { index: body.tickUpper, gross: delta, net: -delta },
  ]
}

type TickMove = { readonly index: number; readonly gross: bigint; readonly net: bigint }

/** Raised with what the fold makes of the same events, see `Projection.version`. */
export const ticksVersion: NamedVersion = { name: 'ticks', version: 1 }

export const tickDocuments = documentSpec<Tick>({
  kind: 'tick',
  plural: 'ticks',
  projection: ticksVersion,
  identity: ['pool', 'index'],
  fields: {
    pool: 'hex',
    index: 'int',
    liquidityGross: 'uint256',
    liquidityNet: 'int256',
  },
})
