import type { BlockRange } from '#core/chain.ts'
import { isSameData } from '#core/indexing/log-data.ts'
import type { LogFilter, RawLog } from '#core/indexing/ports.ts'
import type { Ceiling } from './ceiling.ts'
import { RpcFailure } from './endpoint.ts'
import { ReadLogs, readLogAnswer } from './answer-bytes.ts'
import { toLog } from './parse.ts'
import { isFilterLimit, type RpcFailureKind } from './refusals.ts'
import type { Talk } from './rpc.ts'

/** Beyond so many requests for one range, all contracts are asked for and those of others left out here. */
const ADDRESS_PARTS_MAX = 8
/** After a time-out the next is tried with so many times fewer blocks: each try costs the whole deadline. */
const TIMEOUT_DIVISOR = 8

/** What asking for less may help against, whatever the words. */
const SIZE_KINDS: ReadonlySet<RpcFailureKind> = new Set([
  'too-large',
  'refused',
  'failed',
  'bad-answer',
  'reverted',
])

type Question = { readonly range: BlockRange; readonly filter: LogFilter }

/**
 * Logs as one endpoint gives them, in as many requests as it takes: fewer blocks where it refuses a range, fewer
 * contracts or topics where it refuses a filter. What it takes is remembered.
 *
 * @returns in the order of the chain, none twice
 * @throws RpcFailure where it refuses one block and one contract too
 */
export async function logsOf(node: Talk, range: BlockRange, filter: LogFilter): Promise<RawLog[]> {
  const { addresses, topics } = filter
  const { logAddresses, logTopics } = node.learned
  const isSplit = addresses && addresses.length > logAddresses.max() * ADDRESS_PARTS_MAX
  if (isSplit) {
    const all = await logsOf(node, range, { topics })
    const wanted = new Set(addresses)
    return all.filter(({ address }) => wanted.has(address))
  }
  const lists: RawLog[][] = []
  for (const someTopics of partsOf(topics, logTopics.max()))
    for (const some of addresses ? partsOf(addresses, logAddresses.max()) : [undefined]) {
      const part = { topics: someTopics, ...(some && { addresses: some }) }
      // oxlint-disable-next-line no-await-in-loop -- what one part teaches holds for the next
      lists.push(await inRanges(node, { range, filter: part }))
    }
  return tidy(joined(lists))
}

/** An empty list is one part: a filter that nothing passes is asked for as it is. */
function partsOf<T>(list: readonly T[], size: number): (readonly T[])[] {
  if (list.length <= size) return [list]
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  )
}

/** Most questions take one request, and there may be many logs. */
const joined = (lists: readonly RawLog[][]): RawLog[] =>
  lists.length === 1 ? (lists[0] as RawLog[]) : lists.flat()

async function inRanges(node: Talk, { range, filter }: Question): Promise<RawLog[]> {
  const ceiling = node.learned.logBlocks[filter.addresses ? 'addresses' : 'topics']
  const lists: RawLog[][] = []
  let size = Number.POSITIVE_INFINITY
  let isLess = false
  for (let from = range.from; from <= range.to;) {
    const blocks = Math.min(size, ceiling.max(), range.to - from + 1)
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next range depends on whether this one is taken
      lists.push(await fetchLogs(node, { from, to: from + blocks - 1 }, filter))
      if (isLess) ceiling.lower(blocks)
      else ceiling.fits(blocks)
      isLess = false
      size = Number.POSITIVE_INFINITY
      from += blocks
    } catch (error) {
      const failure = sizeFailure(error, blocks, ceiling)
      const isFilter = isFilterLimit(failure.message)
      if (isFilter || blocks === 1) {
        // oxlint-disable-next-line no-await-in-loop -- as above
        lists.push(await withLessFilter(node, { range: { from, to: range.to }, filter }, failure))
        return joined(lists)
      }
      size = Math.ceil(blocks / 2)
      isLess = true
    }
  }
  return joined(lists)
}

/** @throws what asking for less does not help against, or only the next time */
function sizeFailure(error: unknown, blocks: number, ceiling: Ceiling): RpcFailure {
  if (!(error instanceof RpcFailure)) throw error
  if (SIZE_KINDS.has(error.kind)) return error
  // Another endpoint may be quicker; this one is asked for less next time.
  if (error.kind === 'timeout' && blocks > 1) ceiling.lower(Math.ceil(blocks / TIMEOUT_DIVISOR))
  throw error
}

/** The same blocks, with half of the contracts or topics at a time. */
async function withLessFilter(
  node: Talk,
  { range, filter }: Question,
  failure: RpcFailure,
): Promise<RawLog[]> {
  const { addresses, topics } = filter
  const { logAddresses, logTopics } = node.learned
  const halves = (list: readonly `0x${string}`[]) => partsOf(list, Math.ceil(list.length / 2))
  const isAddresses = addresses !== undefined && addresses.length > 1
  if (!isAddresses && topics.length < 2) throw failure
  const parts: LogFilter[] = isAddresses
    ? halves(addresses).map((some) => ({ ...filter, addresses: some }))
    : halves(topics).map((some) => ({ ...filter, topics: some }))
  const logs: RawLog[] = []
  for (const part of parts) {
    // oxlint-disable-next-line no-await-in-loop -- one request at a time: this endpoint has refused one already
    for (const log of await inRanges(node, { range, filter: part })) logs.push(log)
    if (isAddresses) logAddresses.lower(part.addresses?.length ?? 1)
    else logTopics.lower(part.topics.length)
  }
  return logs
}

const hex = (number: number): string => `0x${number.toString(16)}`

async function fetchLogs(node: Talk, range: BlockRange, filter: LogFilter): Promise<RawLog[]> {
  const [result] = await node.ask([
    {
      method: 'eth_getLogs',
      params: [
        {
          fromBlock: hex(range.from),
          toBlock: hex(range.to),
          topics: [filter.topics],
          ...(filter.addresses && { address: filter.addresses }),
        },
      ],
      read: readLogAnswer,
    },
  ])
  if (result instanceof ReadLogs) return result.logs
  // Some write null for none.
  if (result === null) return []
  if (!Array.isArray(result)) throw new RpcFailure('bad-answer', 'eth_getLogs is not a list')
  // A log that a reorg took back says nothing about the block that is there now.
  return result.filter((log: unknown) => !isRemoved(log)).map(toLog)
}

const isRemoved = (log: unknown): boolean =>
  typeof log === 'object' && log !== null && 'removed' in log && log.removed === true

/** Which of two comes first on a chain; transactions are looked at for the chains that count logs in each anew. */
const byPlace = (a: RawLog, b: RawLog): number =>
  a.blockNumber - b.blockNumber ||
  a.transactionIndex - b.transactionIndex ||
  a.logIndex - b.logIndex

/** Sorted, and exact doubles left out; two that differ are both kept, for the proof to refuse. */
function tidy(logs: RawLog[]): RawLog[] {
  if (areInOrder(logs)) return logs
  return logs
    .toSorted(byPlace)
    .filter((log, index, sorted) => index === 0 || !isSame(sorted[index - 1] as RawLog, log))
}

function areInOrder(logs: readonly RawLog[]): boolean {
  let before: RawLog | undefined
  for (const log of logs) {
    if (before && byPlace(before, log) >= 0) return false
    before = log
  }
  return true
}

const isSame = (a: RawLog, b: RawLog): boolean =>
  byPlace(a, b) === 0 &&
  a.blockHash === b.blockHash &&
  a.transactionHash === b.transactionHash &&
  a.address === b.address &&
  isSameData(a.data, b.data) &&
  a.topics.length === b.topics.length &&
  a.topics.every((topic, index) => topic === b.topics[index])
