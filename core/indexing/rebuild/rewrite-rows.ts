import type { BlockHeader, BlockRange, Hash } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { AppError } from '#core/errors.ts'
import { chainBlock } from '#core/history/digest.ts'
import type { CommitId } from '#core/history/head.ts'
import type { ProvenRange } from '#core/history/proof.ts'
import type { AppendPorts } from '#core/indexing/append-blocks.ts'
import { putObjects } from '#core/indexing/commit.ts'
import { decodeBlocks } from '#core/indexing/decode-blocks.ts'
import { type ChunkReading, readChunks } from '#core/indexing/read-chunks.ts'

/** How far rows were made anew, the digest of events up to there, and how these blocks were proven. */
export type RewriteStep = {
  readonly last: BlockHeader
  readonly events: Hash
  readonly proof: readonly ProvenRange[]
  /** Whether these blocks create contracts that were not followed before. */
  readonly isOfNewContracts: boolean
}

/**
 * Stores the rows of a range anew, in the name of a rebuild: blocks are read and proven as in a backfill. Nothing of it is
 * visible before the rebuild is put in place.
 *
 * @param before the digest of events in front of it
 */
export async function* rewriteRows(
  ports: Pick<AppendPorts, 'writer' | 'sha256'>,
  reading: ChunkReading,
  range: BlockRange,
  { commit, before }: { readonly commit: CommitId; readonly before: Hash },
  cancel: Cancel,
): AsyncGenerator<RewriteStep> {
  let events = before
  let parent: BlockHeader | undefined
  for await (const blocks of readChunks(reading, [range])) {
    if (cancel.aborted) return
    const decoded = await decodeBlocks(reading.admission, blocks)
    for (const block of decoded.blocks) {
      if (parent?.number === block.number - 1 && parent.hash !== block.parentHash)
        throw severalBranches(block)
      parent = block
    }
    await putObjects(ports, reading.chainId, { commit, ...decoded })
    for (const { block, rows } of decoded.events)
      events = chainBlock(ports.sha256, events, block, rows)
    const isOfNewContracts = decoded.found.some(({ isNew }) => isNew)
    if (parent) yield { last: parent, events, proof: decoded.proof, isOfNewContracts }
  }
}

const severalBranches = ({ number }: BlockHeader): AppError =>
  new AppError(
    'unavailable',
    `block ${number} does not follow the block that was read before it: the endpoints of chain.rpc are of several ` +
      'branches; run it again',
    { details: { reason: 'detached', block: number } },
  )
