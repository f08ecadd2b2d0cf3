import type { BlockRange } from '#core/chain.ts'
import { partsOf } from '#core/concurrent.ts'
import type { StoredBlock } from '#core/history/ports.ts'
import type { CommitPorts } from '#core/indexing/commit-ports.ts'

/** Blocks that are looked at at a time. */
const BLOCKS_READ = 10_000
/** Deletions that are one transaction, where the engine has them. */
const BLOCKS_DELETED = 1_000

/**
 * Removes those blocks of a range, with all that is stored in them, of which something is so.
 *
 * @returns how many they were
 */
export async function removeRows(
  { heads, writer }: Pick<CommitPorts, 'heads' | 'writer'>,
  chainId: number,
  { from: first, to: last }: BlockRange,
  isGone: (block: StoredBlock) => boolean,
): Promise<number> {
  let count = 0
  for (let from = first; from <= last; from += BLOCKS_READ) {
    const stored = await heads.blocks(chainId, { from, to: Math.min(from + BLOCKS_READ - 1, last) })
    const gone = stored.filter(isGone)
    for (const part of partsOf(gone, BLOCKS_DELETED))
      await writer.atomically(() => writer.deleteBlocks(chainId, part))
    count += gone.length
  }
  return count
}
