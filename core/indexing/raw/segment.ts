import type { BlockHeader, BlockRange, Hash, Hex } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { PROOF_LEVELS, type ProofLevel } from '#core/history/proof.ts'
import { bytesIn, LogBytes, writeBytes } from '#core/indexing/log-data.ts'
import type { RawLog } from '#core/indexing/ports.ts'

/** A block that was proven, and those of its logs that a scope asks for, by log index. */
export type RawBlock = {
  readonly header: BlockHeader
  readonly logs: readonly RawLog[]
  /** How these logs, and that there are no others, were proven. */
  readonly level: ProofLevel
}

/** What a store lists of a segment: consecutive final blocks with all their logs of one scope. */
export type SegmentHead = BlockRange & {
  readonly lastHash: Hash
  /** See `scopeText`. */
  readonly scope: string
  readonly logs: number
  /** The level that its blocks were asked to be proven at. What each of them has is told by itself. */
  readonly levelAsked: ProofLevel
}

/** The most blocks that a segment has, so that a store finds those that reach into a range. */
export const SEGMENT_BLOCKS_MAX = 2_000

/** Raised with every change of the form below; older forms stay readable. */
const FORM = 4
/** It does not tell how blocks were proven. */
const FORM_WITHOUT_LEVELS = 1
/** It and the one before repeat contract and topics for each log. */
const FORM_WITHOUT_HEAD = 2
/** It and those before have the data of logs as text. */
const FORM_WITH_TEXT = 3

/**
 * The form of a segment: columns, with a number in place of what comes again. The n-th hash and timestamp are those of
 * block `from + n`; the n-th log has the n-th entry of each of the columns of logs.
 */
type Columns = {
  readonly form: number
  readonly from: number
  readonly parentHash: Hash
  readonly hashes: readonly Hash[]
  readonly timestamps: readonly number[]
  /** How the blocks were proven: so many of a level, then so many of another. */
  readonly levels?: readonly (readonly [ProofLevel, number])[]
  /** Of each transaction with a log: the number of its block, and its index and hash. */
  readonly txBlock: readonly number[]
  readonly txIndex: readonly number[]
  readonly txHash: readonly Hash[]
  readonly words: readonly string[]
  /** Of each log: the place of its transaction in the columns above. */
  readonly tx: readonly number[]
  readonly logIndex: readonly number[]
  /** Of each log: the place of its contract and topics in `heads`. */
  readonly head?: readonly number[]
  /** Places in `words`: the contract, then the topics. Each list once; in forms without `head`, one of each log. */
  readonly heads: readonly (readonly number[])[]
  /** Of each log: the data, or how many bytes it has of those of the segment, in their order. */
  readonly data: readonly (Hex | number)[]
}

/** A segment in two parts: its columns as JSON, and the data of its logs one behind the other. */
export type SegmentBody = { readonly text: string; readonly bytes: Uint8Array }

/** @param blocks consecutive, at least one */
export function encodeSegment(blocks: readonly RawBlock[]): SegmentBody {
  const places = new Map<string, number>()
  const words: string[] = []
  const placeOf = (word: string): number => {
    const known = places.get(word)
    if (known !== undefined) return known
    places.set(word, words.length)
    return words.push(word) - 1
  }
  const heads: number[][] = []
  const placesOfHeads = new Map<string, number>()
  const headOf = ({ address, topics }: RawLog): number => {
    const head = [placeOf(address)]
    for (const topic of topics) head.push(placeOf(topic))
    const text = head.join()
    const known = placesOfHeads.get(text)
    if (known !== undefined) return known
    placesOfHeads.set(text, heads.length)
    return heads.push(head) - 1
  }
  const columns = {
    txBlock: [] as number[],
    txIndex: [] as number[],
    txHash: [] as Hash[],
    tx: [] as number[],
    logIndex: [] as number[],
    head: [] as number[],
    data: [] as (Hex | number)[],
  }
  const bytes = new Uint8Array(countBytes(blocks))
  let written = 0
  for (const { header, logs } of blocks) {
    let transaction: Hash | undefined
    for (const log of logs) {
      if (log.transactionHash !== transaction) {
        transaction = log.transactionHash
        columns.txBlock.push(header.number)
        columns.txIndex.push(log.transactionIndex)
        columns.txHash.push(transaction)
      }
      columns.tx.push(columns.txHash.length - 1)
      columns.logIndex.push(log.logIndex)
      columns.head.push(headOf(log))
      // What a node gives may be no hex: it is kept as it is.
      const isHex = writeBytes(log.data, bytes, written)
      columns.data.push(isHex ? bytesIn(log.data) : (log.data as Hex))
      if (isHex) written += bytesIn(log.data)
    }
  }
  const { number: from, parentHash } = (blocks[0] as RawBlock).header
  const text = JSON.stringify({
    form: FORM,
    from,
    parentHash,
    hashes: blocks.map(({ header }) => header.hash),
    timestamps: blocks.map(({ header }) => header.timestamp),
    levels: levelRuns(blocks),
    words,
    heads,
    ...columns,
  } satisfies Columns)
  return { text, bytes: bytes.subarray(0, written) }
}

function countBytes(blocks: readonly RawBlock[]): number {
  let count = 0
  for (const { logs } of blocks) for (const { data } of logs) count += Math.ceil(bytesIn(data))
  return count
}

function levelRuns(blocks: readonly RawBlock[]): [ProofLevel, number][] {
  const runs: [ProofLevel, number][] = []
  for (const { level } of blocks) {
    const run = runs.at(-1)
    if (run?.[0] === level) run[1]++
    else runs.push([level, 1])
  }
  return runs
}

/**
 * The blocks of a segment, logs by index.
 *
 * @throws AppError `unavailable` where it is damaged, or of a newer version
 */
export function decodeSegment({ text, bytes }: SegmentBody): RawBlock[] {
  const columns = parseColumns(text)
  if (!(columns.form >= FORM_WITHOUT_LEVELS && columns.form <= FORM))
    throw new AppError(
      'unavailable',
      `raw: a segment has form ${columns.form}, and this version reads forms up to ${FORM}; use the version that wrote it`,
      { details: { field: 'raw', reason: 'other-version' } },
    )
  const { from, hashes, timestamps, txBlock, txIndex, txHash, tx, logIndex, head, data } = columns
  if (!areWhole(columns, bytes)) throw damaged(from)
  const levels = (columns.levels ?? []).flatMap(([level, count]) =>
    Array.from({ length: count }, () => level),
  )
  let parentHash = columns.parentHash
  const blocks = hashes.map((hash, index) => {
    const header = {
      number: from + index,
      hash,
      parentHash,
      timestamp: timestamps[index] as number,
    }
    parentHash = hash
    return { header, logs: [] as RawLog[], level: levels[index] ?? 'unverified' }
  })
  const heads = headsOf(columns)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let start = 0
  for (let index = 0; index < tx.length; index++) {
    const place = tx[index] as number
    const block = blocks[(txBlock[place] as number) - from]
    const known = heads[head ? (head[index] as number) : index]
    if (!block || !known) throw damaged(from)
    const given = data[index] as Hex | number
    block.logs.push({
      address: known.address,
      topics: known.topics,
      data: typeof given === 'number' ? new LogBytes(view, start, given) : given,
      blockNumber: block.header.number,
      blockHash: block.header.hash,
      transactionHash: txHash[place] as Hash,
      transactionIndex: txIndex[place] as number,
      logIndex: logIndex[index] as number,
    })
    if (typeof given === 'number') start += given
  }
  return blocks
}

/**
 * Whether each block, transaction and log has an entry in each of its columns, each block a level where the form tells of
 * them, each head a contract and topics in `words`, and the logs together all bytes of data.
 */
function areWhole(columns: Columns, bytes: Uint8Array): boolean {
  const { form, levels, hashes, timestamps, txBlock, txIndex, txHash, tx, logIndex, data } = columns
  const { words, heads, head = form <= FORM_WITHOUT_HEAD ? heads : undefined } = columns
  const groups = [
    [hashes, timestamps],
    [txBlock, txIndex, txHash],
    [tx, logIndex, data, head],
    [words],
    [heads],
  ]
  const isWhole = groups.every(([first, ...rest]) => {
    if (!Array.isArray(first)) return false
    return rest.every((column) => Array.isArray(column) && column.length === first.length)
  })
  return (
    isWhole &&
    (form === FORM_WITHOUT_LEVELS || countLeveled(levels) === hashes.length) &&
    countData(columns) === (form <= FORM_WITH_TEXT ? 0 : bytes.length) &&
    heads.every(
      (places) =>
        Array.isArray(places) &&
        places.length > 0 &&
        places.every((place) => words[place] !== undefined),
    )
  )
}

/** The bytes that logs have of those of the segment; NaN where the data of one is neither text nor a number of bytes. */
const countData = ({ data }: Columns): number =>
  data.reduce((sum: number, each: unknown) => {
    if (typeof each === 'string') return sum
    return typeof each === 'number' && Number.isInteger(each) && each >= 0 ? sum + each : Number.NaN
  }, 0)

/** The blocks that runs of levels are of; NaN where they are none. */
function countLeveled(levels: Columns['levels']): number {
  if (!Array.isArray(levels)) return Number.NaN
  return levels.reduce(
    (sum: number, run: unknown) =>
      Array.isArray(run) && PROOF_LEVELS.includes(run[0]) && run[1] > 0 ? sum + run[1] : Number.NaN,
    0,
  )
}

const headsOf = ({ words, heads }: Columns): Pick<RawLog, 'address' | 'topics'>[] =>
  heads.map(([address, ...topics]) => ({
    address: words[address as number] as Hash,
    topics: topics.map((place) => words[place] as Hash),
  }))

function parseColumns(text: string): Columns {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw damaged(undefined, error)
  }
  if (typeof value !== 'object' || value === null) throw damaged()
  return value as Columns
}

const damaged = (from?: number, cause?: unknown): AppError =>
  new AppError(
    'unavailable',
    `raw: the segment ${from === undefined ? '' : `from block ${from} `}is damaged; remove it and collect it again`,
    { details: { field: 'raw', reason: 'damaged', ...(from !== undefined && { from }) }, cause },
  )
