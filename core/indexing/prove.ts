import type { Address, BlockRange, BlockRef, Hex } from '#core/chain.ts'
import { type BloomBits, bloomMayHold } from './bloom.ts'
import { isSameData, withOwnData } from './log-data.ts'
import type { LogFilter, RawLog, Receipt, ReceiptsRoot, SourceHeader } from './ports.ts'

/** Why an answer is not believed; undefined where nothing speaks against it. */
export type Refusal = string | undefined

/** Headers must be all of the range, each the child of the one before, and each hash to its own hash. */
export function refuseHeaders(range: BlockRange, headers: readonly SourceHeader[]): Refusal {
  if (headers.length !== range.to - range.from + 1)
    return `${headers.length} headers for blocks ${range.from}-${range.to}`
  for (const [index, header] of headers.entries()) {
    const number = range.from + index
    if (header.number !== number) return `block ${header.number} in the place of ${number}`
    if (header.hashProven === false)
      return `block ${number}: the header's fields do not hash to ${header.hash}`
    const parent = headers[index - 1]
    if (parent && header.parentHash !== parent.hash)
      return `block ${number} does not follow the block ${parent.number} of the same answer`
  }
  return undefined
}

/**
 * Every log must lie in a block of these headers, in order, at places that agree with one another, and be one that
 * was asked for.
 */
export function refuseLogs(
  headers: readonly SourceHeader[],
  filter: LogFilter,
  logs: readonly RawLog[],
): Refusal {
  const first = headers[0]?.number ?? 0
  const asked: Asked = {
    addresses: filter.addresses && new Set(filter.addresses),
    topics: new Set(filter.topics),
  }
  let before: RawLog | undefined
  for (const log of logs) {
    const wrong = refuseLog(headers[log.blockNumber - first], log, before, asked)
    if (wrong) return `block ${log.blockNumber}, log ${log.logIndex}: ${wrong}`
    before = log
  }
  return undefined
}

function refuseLog(
  header: SourceHeader | undefined,
  log: RawLog,
  before: RawLog | undefined,
  { addresses, topics }: Asked,
): Refusal {
  if (!header) return 'outside of the blocks asked for'
  if (log.blockHash !== header.hash)
    return `its blockHash ${log.blockHash} is not the header's ${header.hash}`
  if (!topics.has(log.topics[0] as Hex)) return 'a topic not asked for'
  // Contracts tell most things by several logs in a row.
  const isAsked = !addresses || log.address === before?.address || addresses.has(log.address)
  if (!isAsked) return 'an address not asked for'
  return before && refuseOrder(before, log)
}

type Asked = {
  readonly addresses: ReadonlySet<Address> | undefined
  readonly topics: ReadonlySet<Hex>
}

function refuseOrder(before: RawLog, log: RawLog): Refusal {
  if (log.blockNumber !== before.blockNumber)
    return log.blockNumber < before.blockNumber ? 'blocks out of order' : undefined
  // Some nodes count logs in each transaction anew.
  const isCountedOn = log.transactionIndex <= before.transactionIndex
  if (isCountedOn && log.logIndex === before.logIndex) return 'a log twice'
  if (isCountedOn && log.logIndex < before.logIndex) return 'logs out of order'
  const sameIndex = log.transactionIndex === before.transactionIndex
  if (log.transactionIndex < before.transactionIndex) return 'transactions out of order'
  if (sameIndex !== (log.transactionHash === before.transactionHash))
    return `transaction ${log.transactionHash} at another transaction's index`
  return undefined
}

/** Whether logs, in order, are counted from 0 again in a later transaction of a block: their places must come from receipts. */
export function areCountedAnew(logs: readonly RawLog[]): boolean {
  let before: RawLog | undefined
  for (const log of logs) {
    if (before?.blockNumber === log.blockNumber && log.logIndex <= before.logIndex) return true
    before = log
  }
  return false
}

/**
 * True where the bloom alone does not prove the answer: the header's bloom may hold a log that was asked for and the
 * answer has none like it, or the answer has one that the bloom rules out. With addresses, each of them is tested;
 * without, each topic.
 */
export function isSuspect(
  header: SourceHeader,
  filter: LogFilter,
  logs: readonly RawLog[],
  bitsOf: (item: `0x${string}`) => BloomBits,
): boolean {
  const { addresses, topics } = filter
  const seen = addresses ? addressesOf(logs) : topicsOf(logs)
  for (const item of seen) if (!bloomMayHold(header.logsBloom, bitsOf(item))) return true
  // A block without any of the topics needs none of the addresses looked at.
  if (addresses && !mayHoldAnyOf(header, topics, bitsOf)) return false
  return mayHoldAnyOf(header, addresses ?? topics, bitsOf, seen)
}

function addressesOf(logs: readonly RawLog[]): Set<Hex> {
  const seen = new Set<Hex>()
  let last: Hex | undefined
  for (const { address } of logs) {
    if (address !== last) seen.add(address)
    last = address
  }
  return seen
}

/** The first of each log. */
function topicsOf(logs: readonly RawLog[]): Set<Hex> {
  const seen = new Set<Hex>()
  for (const { topics } of logs) seen.add(topics[0] as Hex)
  return seen
}

function mayHoldAnyOf(
  { logsBloom }: SourceHeader,
  items: readonly Hex[],
  bitsOf: (item: Hex) => BloomBits,
  except?: ReadonlySet<Hex>,
): boolean {
  for (const item of items)
    if (bloomMayHold(logsBloom, bitsOf(item)) && !except?.has(item)) return true
  return false
}

/** False where the header's bloom rules out every log that is asked for. */
export const mayHoldAny = (
  header: SourceHeader,
  { addresses, topics }: LogFilter,
  bitsOf: (item: Hex) => BloomBits,
): boolean =>
  mayHoldAnyOf(header, topics, bitsOf) && (!addresses || mayHoldAnyOf(header, addresses, bitsOf))

/**
 * Receipts must be of this block, complete, and hash to the header's receiptsRoot. A root proves the order of logs but
 * not their `logIndex`, which some chains count in each transaction anew; see `selectLogs`.
 */
export async function refuseReceipts(
  receiptsRoot: ReceiptsRoot,
  header: SourceHeader,
  receipts: readonly Receipt[],
): Promise<Refusal> {
  const where = `block ${header.number}`
  for (const [index, receipt] of receipts.entries()) {
    if (receipt.transactionIndex !== index)
      return `${where}: receipt ${receipt.transactionIndex} in the place of ${index}`
    for (const log of receipt.logs) {
      if (
        log.blockHash !== header.hash ||
        log.blockNumber !== header.number ||
        log.transactionIndex !== index ||
        log.transactionHash !== receipt.transactionHash
      )
        return `${where}: log ${log.logIndex} of receipt ${index} is out of its place`
    }
  }
  const root = await receiptsRoot(receipts)
  if (root !== header.receiptsRoot)
    return `${where}: the receipts hash to ${root}, the header says ${header.receiptsRoot}`
  return undefined
}

/**
 * The logs of proven receipts that a filter asks for. Their `logIndex` is counted here, through the whole block: the
 * root proves which place each has.
 */
export function selectLogs(receipts: readonly Receipt[], filter: LogFilter): RawLog[] {
  const isAsked = matcherOf(filter)
  const selected: RawLog[] = []
  let logIndex = 0
  for (const { logs } of receipts)
    for (const log of logs) {
      if (isAsked(log)) selected.push(log.logIndex === logIndex ? log : { ...log, logIndex })
      logIndex++
    }
  return withOwnData(selected)
}

/** Whether a filter asks for a log. */
export function matcherOf(filter: LogFilter): (log: RawLog) => boolean {
  const addresses = filter.addresses && new Set(filter.addresses)
  const topics = new Set<string | undefined>(filter.topics)
  return (log) => topics.has(log.topics[0]) && (!addresses || addresses.has(log.address))
}

/**
 * The answer to `eth_getLogs` must be exactly what the proven receipts hold; each log at its place in the block, or all
 * of them at their places in their transactions where the receipts are counted so too.
 */
export function refuseAnswer(
  block: BlockRef,
  receipts: readonly Receipt[],
  proven: readonly RawLog[],
  logs: readonly RawLog[],
): Refusal {
  const refusal = refuseIncomplete(block, proven, logs)
  if (!refusal || !areCountedAnew(receipts.flatMap((receipt) => receipt.logs))) return refusal
  let next = 0
  const firsts = receipts.map((receipt) => {
    const first = next
    next += receipt.logs.length
    return first
  })
  const counted = logs.map((log) => ({
    ...log,
    logIndex: (firsts[log.transactionIndex] ?? next) + log.logIndex,
  }))
  return refuseIncomplete(block, proven, counted)
}

function refuseIncomplete(
  block: BlockRef,
  proven: readonly RawLog[],
  logs: readonly RawLog[],
): Refusal {
  const answered = new Map(logs.map((log) => [log.logIndex, log]))
  for (const log of proven) {
    const answer = answered.get(log.logIndex)
    if (!answer)
      return `block ${block.number}: log ${log.logIndex} is missing, which the receipts prove to exist`
    if (
      answer.address !== log.address ||
      !isSameData(answer.data, log.data) ||
      answer.transactionHash !== log.transactionHash ||
      answer.topics.join() !== log.topics.join()
    )
      return `block ${block.number}: log ${log.logIndex} differs from the proven one`
    answered.delete(log.logIndex)
  }
  const [invented] = answered.keys()
  return invented === undefined
    ? undefined
    : `block ${block.number}: log ${invented} does not exist in the proven receipts`
}
