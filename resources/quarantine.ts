import type { QuarantineCount } from '#core/indexing/count-quarantine.ts'
import type { QuarantinedLog } from '#core/indexing/ports.ts'
import { address, field, hash, hex, int, maybe, resource, text } from './resource.ts'

export const quarantinedLog = resource<QuarantinedLog>(
  'QuarantinedLog',
  'A log of an indexed contract that does not have the shape of the event that its first topic names. It counts for nothing.',
  {
    blockNumber: field(int, ({ block }) => block.number),
    blockHash: field(hash, ({ block }) => block.hash),
    transactionHash: field(hash, ({ log }) => log.transactionHash),
    logIndex: field(int, ({ log }) => log.logIndex),
    address: field(address, ({ log }) => log.address),
    reason: field(text, ({ reason }) => reason, 'The kind of event, and what is wrong with it.'),
    topic0: maybe(hash, ({ log }) => log.topics[0] ?? null),
    topic1: maybe(hash, ({ log }) => log.topics[1] ?? null),
    topic2: maybe(hash, ({ log }) => log.topics[2] ?? null),
    topic3: maybe(hash, ({ log }) => log.topics[3] ?? null),
    data: field(hex, ({ log }) => log.data),
  },
)

export const quarantineCount = resource<QuarantineCount>(
  'QuarantineCount',
  'How many logs of a contract are set apart for one reason.',
  {
    address: field(address, (each) => each.address),
    reason: field(text, (each) => each.reason),
    count: field(int, (each) => each.count),
    firstBlock: field(int, (each) => each.firstBlock),
    lastBlock: field(int, (each) => each.lastBlock),
  },
)
