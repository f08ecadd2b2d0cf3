import type { BlockRef } from '#core/chain.ts'
import type { Branch } from './branch.ts'
import type { HeadEntry } from './head.ts'

/** How far the history is behind its chain. */
export type Lag = {
  /** Blocks; null while the chain cannot be asked, or is another one. */
  readonly blocks: number | null
  /**
   * 0 where the head is the chain's newest block; else the age of the head, so that a chain which makes no blocks does
   * not count as lag as long as it can be asked.
   */
  readonly seconds: number
}

/**
 * @param newest the chain's newest block as last seen, where the chain can be asked
 * @param branch how the history stands to the chain
 */
export function lagOf(
  head: Pick<HeadEntry, 'number' | 'timestamp'>,
  newest: BlockRef | undefined,
  nowMs: number,
  branch: Branch,
): Lag {
  const age = Math.max(0, Math.floor(nowMs / 1_000) - head.timestamp)
  if (!newest || branch === 'other-chain') return { blocks: null, seconds: age }
  // The head itself is to be replaced, and maybe more.
  if (branch === 'orphaned')
    return { blocks: Math.max(1, newest.number - head.number + 1), seconds: age }
  const blocks = Math.max(0, newest.number - head.number)
  return { blocks, seconds: blocks === 0 ? 0 : age }
}
