import { type BlockRange, mergeRanges } from '#core/chain.ts'
import { PROOF_LEVELS, type ProofLevel } from '#core/history/proof.ts'
import type { RawStore } from './ports.ts'
import type { SegmentHead } from './segment.ts'

/** Consecutive blocks of which logs are kept. Of some, segments of several scopes may hold different logs. */
export type Kept = BlockRange & {
  readonly segments: number
  /** Those that several segments have are counted in each. */
  readonly logs: number
  /** How many different scopes its segments have. */
  readonly scopes: number
  /** What its segments were asked to have, the weakest first. */
  readonly levels: readonly ProofLevel[]
}

const EVERYTHING: BlockRange = { from: 0, to: Number.MAX_SAFE_INTEGER }

/** What is kept of a chain, by block. */
export async function listKept(
  store: RawStore,
  chainId: number,
  range: BlockRange = EVERYTHING,
): Promise<Kept[]> {
  const heads = await store.list(chainId, range)
  const sums = mergeRanges(heads).map((at) => ({ ...at, heads: [] as SegmentHead[] }))
  let place = 0
  // By first block, as the ranges are.
  for (const head of heads) {
    while (head.from > (sums[place]?.to ?? Number.MAX_SAFE_INTEGER)) place++
    sums[place]?.heads.push(head)
  }
  return sums.map(({ from, to, heads: own }) => ({
    from,
    to,
    segments: own.length,
    logs: own.reduce((sum, { logs }) => sum + logs, 0),
    scopes: new Set(own.map(({ scope }) => scope)).size,
    levels: PROOF_LEVELS.filter((level) => own.some(({ levelAsked }) => levelAsked === level)),
  }))
}

/**
 * Removes every segment that has a block of a range, also the other blocks that it has. Another run fetches them again.
 *
 * @returns the blocks that segments were removed of, by block
 */
export async function removeKept(
  store: RawStore,
  chainId: number,
  range: BlockRange,
): Promise<BlockRange[]> {
  const heads = await store.list(chainId, range)
  for (const head of heads) await store.remove(chainId, head)
  return mergeRanges(heads)
}
