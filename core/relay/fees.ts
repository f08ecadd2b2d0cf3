import type { SignedTransaction } from './intent.ts'
import type { Fees } from './ports.ts'

export type Offer = Pick<SignedTransaction, 'feeMaxRaw' | 'tipRaw'>

/** Nodes replace a transaction by one that offers a tenth more of both; a little above, for those that round. */
const BUMP_PERCENT = 113n

/** Never nothing: a node sends a transaction that offers no tip to nobody. */
const TIP_MIN_RAW = 1n

/**
 * What a first transaction offers: twice the fee of the newest block, so that it stays valid while that rises six blocks in a
 * row, and the tip that is usual.
 *
 * @param feeMaxRaw the ceiling
 * @returns undefined where the newest block asks for more than the ceiling already
 */
export function firstOffer({ baseRaw, tipRaw }: Fees, feeMaxRaw: bigint): Offer | undefined {
  const tip = tipRaw > TIP_MIN_RAW ? tipRaw : TIP_MIN_RAW
  if (baseRaw + tip > feeMaxRaw) return undefined
  const wanted = 2n * baseRaw + tip
  return { feeMaxRaw: wanted < feeMaxRaw ? wanted : feeMaxRaw, tipRaw: tip }
}

const bump = (raw: bigint): bigint => (raw * BUMP_PERCENT) / 100n + 1n

/**
 * What replaces a transaction: more of both, and not less than what a first one would offer.
 *
 * @returns undefined where the ceiling does not allow it
 */
export function nextOffer(last: Offer, fees: Fees, feeMaxRaw: bigint): Offer | undefined {
  const first = firstOffer(fees, feeMaxRaw)
  const tipRaw = max(bump(last.tipRaw), first?.tipRaw ?? 0n)
  const wanted = max(bump(last.feeMaxRaw), first?.feeMaxRaw ?? 0n)
  return wanted > feeMaxRaw || tipRaw > wanted ? undefined : { feeMaxRaw: wanted, tipRaw }
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
