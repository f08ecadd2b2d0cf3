import type { Address } from '#core/chain.ts'
import type { Act } from './acts.ts'

/** A block as far as earning goes. */
export type EarningBlock = { readonly timestamp: number; readonly acts: readonly Act[] }

/**
 * What accounts earn by swaps in one pool: for each period and account, as many points as its net position went beyond
 * where it had been, up to the cap. Counted the slow way, a swap after the other from the beginning.
 */
export function naiveSwapPoints(
  blocks: readonly EarningBlock[],
  { pool, period, per, cap }: { pool: Address; period: number; per: bigint; cap: bigint },
): Map<string, bigint> {
  const earned = new Map<string, bigint>()
  const spans = new Set(blocks.map(({ timestamp }) => Math.floor(timestamp / period)))
  for (const span of spans) {
    const swaps = blocks
      .filter(({ timestamp }) => Math.floor(timestamp / period) === span)
      .flatMap(({ acts }) => acts)
      .filter((act) => act.act === 'swapV2' && act.pool === pool)
    for (const account of new Set(
      swaps.map((act) => (act.act === 'swapV2' ? act.recipient : '')),
    )) {
      let [net, best] = [0n, 0n]
      for (const act of swaps)
        if (act.act === 'swapV2' && act.recipient === account) {
          net += act.came[0] - act.went[0]
          const far = net < 0n ? -net : net
          if (far > best) best = far
        }
      const points = best / per < cap ? best / per : cap
      earned.set(account, (earned.get(account) ?? 0n) + points)
    }
  }
  return earned
}

/**
 * What accounts earn by holding tokens of an ERC-721 collection: a token that had one and the same owner at each moment of
 * a period. Looked at block by block.
 *
 * @param until periods that ended by then, in seconds since 1970
 */
export function naiveHeldPoints(
  blocks: readonly EarningBlock[],
  {
    collection,
    period,
    points,
    until,
  }: { collection: Address; period: number; points: bigint; until: number },
): Map<string, bigint> {
  const earned = new Map<string, bigint>()
  const first = Math.ceil((blocks[0]?.timestamp ?? 0) / period)
  for (let span = first; (span + 1) * period <= until; span++) {
    const [start, end] = [span * period, (span + 1) * period]
    const owners = new Map<bigint, string>()
    const through = new Map<bigint, string>()
    let isBegun = false
    for (const { timestamp, acts } of blocks) {
      if (timestamp >= end) break
      if (timestamp >= start && !isBegun) {
        isBegun = true
        for (const [token, owner] of owners) through.set(token, owner)
      }
      for (const act of acts)
        if (act.act === 'transfer721' && act.collection === collection) {
          owners.set(act.tokenId, act.to)
          if (isBegun && through.get(act.tokenId) !== act.to) through.delete(act.tokenId)
        }
    }
    if (!isBegun) for (const [token, owner] of owners) through.set(token, owner)
    for (const owner of through.values()) earned.set(owner, (earned.get(owner) ?? 0n) + points)
  }
  return earned
}
