import type { BlockRange, BlockRef } from '#core/chain.ts'
import { mapConcurrent } from '#core/concurrent.ts'
import { AppError } from '#core/errors.ts'
import { type BloomBits, createBloomBits } from './bloom.ts'
import type { BlockSource, Keccak, LogFilter, RawLog, ReceiptsRoot, SourceHeader } from './ports.ts'
import {
  isSuspect,
  refuseHeaders,
  refuseIncomplete,
  refuseLogs,
  refuseReceipts,
  selectLogs,
} from './prove.ts'

/** A block whose logs, as far as they were asked for, are proven to be all there are. */
export type ProvenBlock = { readonly header: SourceHeader; readonly logs: readonly RawLog[] }

/**
 * Which blocks have their receipts fetched and their receiptsRoot recomputed, whatever their bloom says. `'all'`, or
 * all above a block (those that are not final).
 */
export type ProofPolicy = 'all' | { readonly above: number }

export type FetchPorts = {
  readonly source: BlockSource
  readonly keccak: Keccak
  readonly receiptsRoot: ReceiptsRoot
}

/** How many blocks' receipts are fetched at once. */
const RECEIPTS_CONCURRENCY_MAX = 4
/** Answers that fail a proof are asked for again, by preference elsewhere: each provider gets two tries. */
const TRIES_PER_PROVIDER = 2

export type FetchProven = (
  range: BlockRange,
  filter: LogFilter,
  policy: ProofPolicy,
) => Promise<ProvenBlock[]>

/**
 * Fetches blocks with the logs that a filter asks for, and proves them: headers link and hash, every log lies where it
 * says, and nothing is left out. A log is taken to be missing where the bloom may hold one that the answer has not;
 * then, and where the policy asks for it, all receipts of the block are fetched and their root recomputed.
 *
 * An answer that fails is held against its provider and asked for again.
 *
 * @throws AppError `unavailable` with the reason when no provider gives an answer that can be proven
 */
export function createFetchProven({ source, keccak, receiptsRoot }: FetchPorts): FetchProven {
  const bitsOf = createBloomBits(keccak)

  return async (range, filter, policy) => {
    const headers = await believe(
      source,
      range,
      'headers',
      () => source.headers(range),
      (value) => refuseHeaders(range, value),
    )
    return proveLogs({ source, receiptsRoot, bitsOf }, range, headers, filter, policy)
  }
}

type ProvePorts = Pick<FetchPorts, 'source' | 'receiptsRoot'> & {
  readonly bitsOf: (item: `0x${string}`) => BloomBits
}

async function proveLogs(
  ports: ProvePorts,
  range: BlockRange,
  headers: readonly SourceHeader[],
  filter: LogFilter,
  policy: ProofPolicy,
): Promise<ProvenBlock[]> {
  const { source } = ports
  const tries = source.providerCount * TRIES_PER_PROVIDER
  let refusal: string | undefined
  let provider = ''
  for (let attempt = 0; attempt < tries; attempt++) {
    // oxlint-disable-next-line no-await-in-loop -- the next try depends on this one
    const answer = await source.logs(range, filter)
    provider = answer.provider
    refusal = refuseLogs(headers, filter, answer.value)
    if (!refusal) {
      const blocks = groupByBlock(headers, answer.value)
      // oxlint-disable-next-line no-await-in-loop -- as above
      refusal = await refuseBlocks(ports, blocks, filter, policy)
      if (!refusal) return blocks
    }
    source.distrust(answer.provider, refusal)
  }
  throw unproven(range, 'logs', provider, refusal)
}

async function refuseBlocks(
  ports: ProvePorts,
  blocks: readonly ProvenBlock[],
  filter: LogFilter,
  policy: ProofPolicy,
): Promise<string | undefined> {
  const doubtful = blocks.filter(
    ({ header, logs }) =>
      policy === 'all' ||
      header.number > policy.above ||
      isSuspect(header, filter, logs, ports.bitsOf),
  )
  const refusals = await mapConcurrent(doubtful, RECEIPTS_CONCURRENCY_MAX, async (block) => {
    const { header, logs } = block
    const receipts = await believe(
      ports.source,
      header,
      'receipts',
      () => ports.source.receipts(header),
      (value) => refuseReceipts(ports.receiptsRoot, header, value),
    )
    return refuseIncomplete(header, selectLogs(receipts, filter), logs)
  })
  return refusals.find((refusal) => refusal !== undefined)
}

/** Asks until an answer is not refused; what is refused is held against who gave it. */
async function believe<T>(
  source: BlockSource,
  what: BlockRange | BlockRef,
  name: string,
  ask: () => Promise<{ value: T; provider: string }>,
  refuse: (value: T) => string | undefined | Promise<string | undefined>,
): Promise<T> {
  const tries = source.providerCount * TRIES_PER_PROVIDER
  let refusal: string | undefined
  let provider = ''
  for (let attempt = 0; attempt < tries; attempt++) {
    // oxlint-disable-next-line no-await-in-loop -- the next try depends on this one
    const answer = await ask()
    provider = answer.provider
    // oxlint-disable-next-line no-await-in-loop -- as above
    refusal = await refuse(answer.value)
    if (!refusal) return answer.value
    source.distrust(answer.provider, refusal)
  }
  throw unproven(what, name, provider, refusal)
}

function unproven(
  what: BlockRange | BlockRef,
  name: string,
  provider: string,
  reason: string | undefined,
): AppError {
  const blocks = 'from' in what ? `${what.from}-${what.to}` : `${what.number}`
  return new AppError(
    'unavailable',
    `the ${name} of block ${blocks} cannot be proven: ${reason} (${provider}); nothing of them is stored. ` +
      'Add another endpoint to chain.rpc, or try again when this one is repaired',
    { details: { reason: 'unproven', blocks, provider } },
  )
}

function groupByBlock(headers: readonly SourceHeader[], logs: readonly RawLog[]): ProvenBlock[] {
  let next = 0
  return headers.map((header) => {
    const from = next
    while (logs[next]?.blockNumber === header.number) next++
    return { header, logs: logs.slice(from, next) }
  })
}
