import type { Hash } from '#core/chain.ts'
import type { RawLog } from '#core/indexing/ports.ts'

/** The hash of a block of a chain without branches. */
export const hashOfBlock = (number: number): Hash =>
  `0x${(number + 1).toString(16).padStart(64, '0')}`

/** A proven block of such a chain, with these logs, all of one transaction. */
export const provenBlock = (
  number: number,
  logs: readonly Pick<RawLog, 'address' | 'topics' | 'data'>[],
) => ({
  header: {
    number,
    hash: hashOfBlock(number),
    parentHash: hashOfBlock(number - 1),
    timestamp: 1_000 + number,
    receiptsRoot: hashOfBlock(0),
    logsBloom: '0x',
    hashProven: true,
  } as const,
  level: 'receipts' as const,
  logs: logs.map((log, logIndex) => ({
    ...log,
    blockNumber: number,
    blockHash: hashOfBlock(number),
    transactionHash: hashOfBlock(1_000_000 + number),
    transactionIndex: 0,
    logIndex,
  })),
})
