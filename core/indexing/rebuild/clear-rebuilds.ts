import type { BlockRange } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import { isRebuild, rewriteAt } from '#core/history/rebuilds.ts'
import type { CommitPorts } from '#core/indexing/commit-ports.ts'
import { removeRows } from './remove-rows.ts'

export type Cleared = { readonly trees: number; readonly blocks: number }

/**
 * Removes documents and rows that no head will name: what rebuilds have made that were killed before it was put in
 * place, and what was replaced by one that was killed after that. Not while a rebuild is at work, whose rows and documents
 * would go with them.
 *
 * @param only what is removed of that; left out: all
 * @param within the blocks whose rows are looked at
 */
export async function clearRebuilds(
  { writer, heads }: Pick<CommitPorts, 'writer' | 'heads'>,
  { chainId, head }: View,
  only: (name: { readonly tree?: string; readonly commit?: string }) => boolean = () => true,
  within: BlockRange = { from: 0, to: head.number },
): Promise<Cleared> {
  const named = new Set(Object.values(head.projections))
  const trees = (await writer.trees(chainId)).filter((tree) => !named.has(tree) && only({ tree }))
  for (const tree of trees) await writer.atomically(() => writer.deleteTree(tree))
  const blocks = await removeRows({ writer, heads }, chainId, within, ({ number, commit }) => {
    const run = rewriteAt(head.rewrites, number)
    return (run ? run.commit !== commit : isRebuild(commit)) && only({ commit })
  })
  return { trees: trees.length, blocks }
}
