import { type Ceiling, createCeiling } from './ceiling.ts'

/** What has been learned of one endpoint, by what it answered and refused. */
export type Capabilities = {
  /** Calls in one JSON-RPC batch; 1: it takes none. */
  readonly batchCalls: Ceiling
  /** Blocks in one eth_getLogs of named contracts, and of all contracts. */
  readonly logBlocks: Readonly<Record<'addresses' | 'topics', Ceiling>>
  /** Contracts, and first topics, in one filter. */
  readonly logAddresses: Ceiling
  readonly logTopics: Ceiling
  /** Whether eth_getBlockReceipts is there; null until it has been asked for. */
  blockReceipts: boolean | null
  /** How often it was refused while it had never been answered. */
  blockReceiptsRefused: number
  /** Whether it knows a finalized block; null until it has been asked for. */
  finalizedTag: boolean | null
  /** An eth_call with less gas is refused; null while none was. */
  callGasMin: bigint | null
}

/** Calls in one batch, until an endpoint says that it is too many. */
const BATCH_CALLS_TOP = 100
/** Blocks asked for in one getLogs until an endpoint says that it is too many. */
const LOG_BLOCKS_TOP = 10_000
/** Filters are kept smaller than this by who makes them. */
const FILTER_TOP = 10_000

export const unknownCapabilities = (): Capabilities => ({
  batchCalls: createCeiling(BATCH_CALLS_TOP),
  logBlocks: { addresses: createCeiling(LOG_BLOCKS_TOP), topics: createCeiling(LOG_BLOCKS_TOP) },
  logAddresses: createCeiling(FILTER_TOP),
  logTopics: createCeiling(FILTER_TOP),
  blockReceipts: null,
  blockReceiptsRefused: 0,
  finalizedTag: null,
  callGasMin: null,
})

/** The same as plain values, for people and JSON; sizes are the largest that it takes. */
export const describeCapabilities = (learned: Capabilities) => ({
  batchCalls: learned.batchCalls.max(),
  logBlocksOfContracts: learned.logBlocks.addresses.max(),
  logBlocksOfAll: learned.logBlocks.topics.max(),
  logAddresses: learned.logAddresses.max(),
  logTopics: learned.logTopics.max(),
  blockReceipts: learned.blockReceipts,
  finalizedTag: learned.finalizedTag,
  callGasMin: learned.callGasMin === null ? null : String(learned.callGasMin),
})
