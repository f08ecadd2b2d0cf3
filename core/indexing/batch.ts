import type { BlockHeader, BlockRef, Hash } from '#core/chain.ts'
import { chainBlock, type Sha256 } from '#core/history/digest.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { CommitId } from '#core/history/head.ts'
import type { ProvenRange } from '#core/history/proof.ts'
import type { DecodedBlocks } from './decode-blocks.ts'
import type { BlockEvents, QuarantinedLog } from './ports.ts'

/** Where the next block is expected, and the digest of events up to there. */
export type Tip = BlockRef & { readonly events: Hash }

/** What one commit will bring. */
export type Batch = {
  readonly commit: CommitId
  /** The block that it builds on. */
  readonly after: Hash
  readonly blocks: BlockHeader[]
  /** How they were proven. */
  readonly proof: ProvenRange[]
  /** How many events. */
  events: number
  /** Those that somebody is to be told of once it is done. */
  readonly told: ChainEvent[]
  readonly counts: Record<string, number>
  quarantined: number
  readonly reasons: Record<string, number>
  digest: Hash
  /** Resolve when its objects are stored. */
  readonly stored: Promise<void>[]
}

/** A batch without blocks. */
export const newBatch = (commit: CommitId, tip: Tip): Batch => ({
  commit,
  after: tip.hash,
  blocks: [],
  proof: [],
  events: 0,
  told: [],
  counts: {},
  quarantined: 0,
  reasons: {},
  digest: tip.events,
  stored: [],
})

/** A report names so many; the rest is counted together. */
const REASONS_MAX = 20
const OTHER_REASONS = 'other contracts and reasons'

/** Counts logs by `contract: reason`. */
function countReasons(
  counts: Record<string, number>,
  logs: readonly Pick<QuarantinedLog, 'log' | 'reason'>[],
): void {
  for (const { log, reason } of logs) {
    const name = `${log.address}: ${reason}`
    const isKnown = name in counts || Object.keys(counts).length < REASONS_MAX
    const key = isKnown ? name : OTHER_REASONS
    counts[key] = (counts[key] ?? 0) + 1
  }
}

/**
 * @param events those of the blocks
 * @param stored resolves when the objects of these blocks are stored in the name of the batch's commit
 */
export function addToBatch(
  batch: Batch,
  decoded: DecodedBlocks,
  events: readonly ChainEvent[],
  sha256: Sha256,
  stored: Promise<void>,
): void {
  // The commit awaits it; without one nobody needs to hear of it.
  stored.catch(() => undefined)
  batch.stored.push(stored)
  batch.blocks.push(...decoded.blocks)
  batch.proof.push(...decoded.proof)
  batch.events += events.length
  batch.quarantined += decoded.quarantined.length
  countReasons(batch.reasons, decoded.quarantined)
  for (const [type, count] of Object.entries(decoded.counts))
    batch.counts[type] = (batch.counts[type] ?? 0) + count
  for (const { block, rows } of decoded.events)
    batch.digest = chainBlock(sha256, batch.digest, block, rows)
}

/** The events of blocks, in chain order. */
export function eventsOf(blocks: readonly BlockEvents[]): ChainEvent[] {
  const all: ChainEvent[] = []
  for (const { events } of blocks) addAll(all, events)
  return all
}

/** By index: it is compiled for a few batches only, and until then each step of an iterator makes an object. */
export function addAll(to: ChainEvent[], events: readonly ChainEvent[]): void {
  for (let index = 0; index < events.length; index++) to.push(events[index] as ChainEvent)
}
