import type { Address } from '#core/chain.ts'
import { documentSpec } from '#core/history/document.ts'

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

export const tickDocuments = documentSpec<Tick>({
  kind: 'tick',
  plural: 'ticks',
  projection: 'ticks',
  identity: ['pool', 'index'],
  fields: {
    pool: 'hex',
    index: 'int',
    liquidityGross: 'uint256',
    liquidityNet: 'int256',
  },
})
