import type { Address, BlockHeader } from '#core/chain.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { proofOf, type ProvenRange } from '#core/history/proof.ts'
import type { Admission } from './admission.ts'
import { createBlockRows } from './block-rows.ts'
import { hexOf } from './log-data.ts'
import type { BlockEvents, EventCounts, QuarantinedLog } from './ports.ts'
import type { RawBlock } from './raw/segment.ts'

type FoundContract = {
  readonly number: number
  readonly address: Address
  /** Whether it was not followed before. */
  readonly isNew: boolean
}

/** Proven blocks as history keeps them. */
export type DecodedBlocks = {
  readonly blocks: readonly BlockHeader[]
  /** How they were proven. */
  readonly proof: readonly ProvenRange[]
  /** One entry a block. */
  readonly events: readonly BlockEvents[]
  readonly quarantined: readonly QuarantinedLog[]
  readonly counts: EventCounts
  /** Contracts that were found, and the blocks that they were found in. */
  readonly found: readonly FoundContract[]
}

/** Logs decoded without a pause, unless one block has more. */
const TURN = 500

/**
 * Admits and decodes the logs of consecutive blocks, in order: a contract is followed from the log that creates it on.
 * Logs of a source that do not decode are set apart with the reason; the block counts all the same.
 *
 * @param pause lets others go on: what the store answers waits no longer than a few milliseconds
 */
export async function decodeBlocks(
  admission: Admission,
  proven: readonly RawBlock[],
  pause?: () => Promise<unknown>,
): Promise<DecodedBlocks> {
  const quarantined: QuarantinedLog[] = []
  const found: FoundContract[] = []
  const counts: Record<string, number> = {}

  function decode({ header, logs }: RawBlock): BlockEvents {
    const block = { number: header.number, hash: header.hash, timestamp: header.timestamp }
    const events: ChainEvent[] = []
    const rows = createBlockRows(logs.length)
    for (const log of logs) {
      const admitted = admission.admit(log)
      if (admitted.status === 'foreign') continue
      const { transactionHash, logIndex } = log
      if (admitted.status === 'malformed') {
        quarantined.push({
          block,
          log: { ...log, data: hexOf(log.data) },
          reason: admitted.reason,
        })
        rows.quarantined(transactionHash, logIndex)
        continue
      }
      const { body, spec, address, child } = admitted
      if (child) {
        const isNew = admission.follow(child)
        found.push({ number: block.number, address: child.address, isNew })
      }
      events.push({ block, transactionHash, logIndex, address, body })
      rows.event(transactionHash, logIndex, address, spec, body)
      counts[body.type] = (counts[body.type] ?? 0) + 1
    }
    return { block, events, rows: rows.text(), offsets: rows.offsets() }
  }

  const events: BlockEvents[] = []
  let unpaused = 0
  for (const block of proven) {
    unpaused += block.logs.length
    if (pause && unpaused > TURN) {
      // oxlint-disable-next-line no-await-in-loop -- one after another, and others in between
      await pause()
      unpaused = block.logs.length
    }
    events.push(decode(block))
  }
  const blocks = proven.map(({ header: { number, hash, parentHash, timestamp } }): BlockHeader => ({
    number,
    hash,
    parentHash,
    timestamp,
  }))
  const proof = proofOf(proven.map(({ header, level }) => ({ number: header.number, level })))
  return { blocks, proof, events, quarantined, counts, found }
}
