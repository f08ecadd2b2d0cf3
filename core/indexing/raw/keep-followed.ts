import type { BlockRef, Hash } from '#core/chain.ts'
import { type ProofLevel, weakestOf } from '#core/history/proof.ts'
import { withOwnData } from '#core/indexing/log-data.ts'
import { type LogScope, scopeText } from './log-scope.ts'
import { keepSegment, type RawLayer } from './obtain-blocks.ts'
import { type RawBlock, SEGMENT_BLOCKS_MAX } from './segment.ts'

/** Keeps the proven blocks that a follower reads as soon as they are final. */
export type FollowedKeeper = {
  /** Blocks near the head, which a reorganisation may take back, and the level that they were asked to have. */
  add(scope: LogScope, blocks: readonly RawBlock[], level: ProofLevel): void
  /**
   * Keeps those that are final now.
   *
   * @param finalized the newest final block: what its line of parents has is final too
   * @param isLast nothing comes after it, so that what is few is kept as well
   */
  settle(finalized: BlockRef, isLast?: boolean): Promise<void>
}

/** A segment is worth its row from this size on. */
const SEGMENT_BLOCKS_MIN = 64
const SEGMENT_LOGS_MIN = 2_000
/** Beyond this the oldest are let go; who needs them asks the chain again. */
const WAITING_BLOCKS_MAX = 20_000
const WAITING_LOGS_MAX = 100_000

type Waiting = {
  readonly scope: string
  readonly of: LogScope
  readonly level: ProofLevel
  readonly block: RawBlock
}

export function createFollowedKeeper(raw: RawLayer, chainId: number): FollowedKeeper {
  /** By hash, in the order in which they came. */
  const waiting = new Map<Hash, Waiting>()
  let logs = 0

  function forget(hash: Hash): void {
    logs -= waiting.get(hash)?.block.logs.length ?? 0
    waiting.delete(hash)
  }

  /** The line of the final block as far back as it is here, oldest first. */
  function lineOf(finalized: BlockRef): Waiting[] {
    const line: Waiting[] = []
    for (let at = waiting.get(finalized.hash); at; at = waiting.get(at.block.header.parentHash))
      line.push(at)
    return line.toReversed()
  }

  return {
    add(of, blocks, level) {
      const scope = scopeText(of)
      for (const block of blocks) {
        forget(block.header.hash)
        // They wait for long, and an answer may have had far more logs than are of this scope.
        const own = { ...block, logs: withOwnData(block.logs) }
        waiting.set(block.header.hash, { scope, of, level, block: own })
        logs += block.logs.length
      }
      for (const hash of waiting.keys()) {
        if (waiting.size <= WAITING_BLOCKS_MAX && logs <= WAITING_LOGS_MAX) break
        forget(hash)
      }
    },
    async settle(finalized, isLast = false) {
      const line = lineOf(finalized)
      const count = line.reduce((sum, { block }) => sum + block.logs.length, 0)
      if (!isLast && line.length < SEGMENT_BLOCKS_MIN && count < SEGMENT_LOGS_MIN) return
      for (const run of runsOf(line))
        await keepSegment(
          raw,
          chainId,
          (run[0] as Waiting).of,
          run.map(({ block }) => block),
          weakestOf(run) as ProofLevel,
        )
      for (const [hash, { block }] of waiting)
        if (block.header.number <= finalized.number) forget(hash)
    },
  }
}

/** Consecutive blocks of one scope, none longer than a segment may be. */
function runsOf(line: readonly Waiting[]): Waiting[][] {
  const runs: Waiting[][] = []
  for (const each of line) {
    const run = runs.at(-1)
    if (run && run.length < SEGMENT_BLOCKS_MAX && run[0]?.scope === each.scope) run.push(each)
    else runs.push([each])
  }
  return runs
}
