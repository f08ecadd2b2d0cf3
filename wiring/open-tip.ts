import { createChainTip } from '#adapters/rpc/chain-tip.ts'
import { createHashAt } from '#adapters/rpc/hash-at.ts'
import { isAppError } from '#core/errors.ts'
import type { BranchPorts } from '#core/history/branch.ts'
import type { ChainTip } from '#core/history/ports.ts'
import type { ChainNode } from './open-node.ts'

/**
 * Where the chain stands, for a server: asked for once a poll, however many want to know.
 *
 * @param pollMs how long an answer counts, in milliseconds
 */
export const openTip = (
  { newestBlocks }: ChainNode,
  pollMs: number,
): { readonly tip: ReturnType<typeof createChainTip>; readonly hashAt: BranchPorts['hashAt'] } => ({
  tip: createChainTip(newestBlocks, pollMs),
  hashAt: createHashAt(newestBlocks, pollMs),
})

/** The same for a command: asked for once, and waited for, since a command has nothing else to do. */
export function openTipOnce({ newestBlocks }: ChainNode): ChainTip {
  const ask = async () => {
    try {
      return (await newestBlocks.head()).latest
    } catch (error) {
      if (isAppError(error)) return undefined
      throw error
    }
  }
  let asked: ReturnType<typeof ask> | undefined
  return { newest: () => (asked ??= ask()) }
}
