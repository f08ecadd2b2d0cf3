import type { View } from '#core/history/head.ts'
import { baseOf, isRebuild, rewriteAt } from '#core/history/rebuilds.ts'
import type { CommitPorts } from '#core/indexing/commit-ports.ts'

export type Cleared = { readonly trees: number; readonly blocks: number }

/**
 * Removes what rebuilds have left that were not put in place: their processes were killed. Not while one is at work,
 * whose rows and documents would go with them.
 *
 * @param only the rebuild whose leftovers are removed; left out: those of all
 */
export async function clearRebuilds(
  { writer, heads }: Pick<CommitPorts, 'writer' | 'heads'>,
  { chainId, head }: View,
  only: (name: { readonly tree?: string; readonly commit?: string }) => boolean = () => true,
): Promise<Cleared> {
  const named = new Set(Object.values(head.projections))
  // A tree without a rebuild's name is of a history that writers of another version may be at work on.
  const trees = (await writer.trees(chainId)).filter(
    (tree) => !named.has(tree) && baseOf(tree) !== tree && only({ tree }),
  )
  for (const tree of trees) await writer.atomically(() => writer.deleteTree(tree))
  const top = Math.max(head.number, ...(head.rewrites ?? []).map(({ to }) => to))
  let count = 0
  for (let from = 0; from <= top; from += BLOCKS_READ) {
    const range = { from, to: Math.min(from + BLOCKS_READ - 1, top) }
    const left = (await heads.blocks(chainId, range)).filter(
      ({ number, commit }) =>
        isRebuild(commit) &&
        rewriteAt(head.rewrites, number)?.commit !== commit &&
        only({ commit }),
    )
    if (left.length > 0) await writer.atomically(() => writer.deleteBlocks(chainId, left))
    count += left.length
  }
  return { trees: trees.length, blocks: count }
}

/** Blocks that are looked at at a time. */
const BLOCKS_READ = 10_000
