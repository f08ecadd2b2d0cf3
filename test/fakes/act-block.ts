import { sha256 } from '#adapters/node/sha256.ts'
import type { BlockRef, Hash } from '#core/chain.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import { type Act, draftOf } from '../oracle/acts.ts'

const NO_HASH: Hash = `0x${'0'.repeat(64)}`

/** A block whose logs are these acts, each a transaction of its own, as if it had been proven. */
export function actBlock(
  { number, hash }: BlockRef,
  parentHash: Hash,
  acts: readonly Act[],
): ProvenBlock {
  const logs = acts.map((act, logIndex) => ({
    ...draftOf(act),
    blockNumber: number,
    blockHash: hash,
    transactionHash: sha256(`${hash} ${logIndex}`),
    transactionIndex: logIndex,
    logIndex,
  }))
  const header = {
    number,
    hash,
    parentHash,
    timestamp: 1_700_000_000 + 12 * number,
    receiptsRoot: NO_HASH,
    logsBloom: '0x',
    hashProven: true,
  } as const
  return { header, logs, level: 'receipts' }
}
