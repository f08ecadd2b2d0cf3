import type { BlockRef, Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { BlockSource } from './ports.ts'

/** @throws AppError `unavailable` where the block is not on the chain of the final one */
export type ConfirmFinal = (block: BlockRef) => Promise<BlockRef>

/**
 * What is final is said by one node, and blocks may come from another: only what one of them has in one line counts.
 * A block is asked for once.
 *
 * @param finalized the newest final block
 */
export function createConfirmFinal(
  source: Pick<BlockSource, 'onOneBranch'>,
  finalized: BlockRef,
): ConfirmFinal {
  const answers = new Map<Hash, Promise<boolean>>()

  async function isAncestor(block: BlockRef): Promise<boolean> {
    if (block.number === finalized.number) return block.hash === finalized.hash
    return source.onOneBranch([block, finalized])
  }

  return async ({ number, hash }) => {
    const answer = answers.get(hash) ?? isAncestor({ number, hash })
    answers.set(hash, answer)
    // A node that could not be asked, or was of another branch, may be asked again.
    const isFinal = await answer.catch((error: unknown) => {
      answers.delete(hash)
      throw error
    })
    if (isFinal) return { number, hash }
    answers.delete(hash)
    throw new AppError(
      'unavailable',
      `chain.rpc: block ${number} as it was read (${hash}) is not below the final block ${finalized.number} ` +
        `(${finalized.hash}) of the chain: the endpoints are of several branches; it is tried again`,
      { details: { reason: 'other-branch', block: number } },
    )
  }
}
