import type { Address, Hash } from '#core/chain.ts'
import { encodeEventBody, type EventBody, type EventSpec } from '#core/history/event.ts'

/**
 * The rows of a block as text, a line each, in order of log index. It is what the digest hashes, and what a store that
 * keeps text need not make again.
 *
 * - a transaction hash stands above the rows of its transaction
 * - an event: `log index, contract, kind, body as canonical JSON`, apart by one space
 * - a malformed log: `log index, quarantined`
 */
export type BlockRowsWriter = {
  event(
    transaction: Hash,
    logIndex: number,
    address: Address,
    spec: EventSpec,
    body: EventBody,
  ): void
  quarantined(transaction: Hash, logIndex: number): void
  text(): string
  /**
   * Where the rows of events are in the text, so that who cuts it up need not look for them: for each row in turn the
   * numbers that `ROW` names. Malformed logs are left out.
   */
  offsets(): RowOffsets
}

export type RowOffsets = Int32Array

/** The numbers of a row, by their place behind the first of them. What ends with `At` is a place in the block's text. */
export const ROW = {
  /** How many there are. */
  width: 7,
  logIndex: 0,
  /** The number of its kind, see `EventSpec`. */
  kind: 1,
  /** Where the hash of its transaction begins. */
  transactionAt: 2,
  /** Where it begins. */
  startAt: 3,
  /** Where its contract is named first: the same for all rows of a contract. */
  contractAt: 4,
  /** Where the name of its kind begins; its body follows behind a space. */
  kindAt: 5,
  /** Behind its last character. */
  endAt: 6,
} as const

/** @param rows how many there will be of events, as far as that is known: room is taken for so many at once */
export function createBlockRows(rows = 0): BlockRowsWriter {
  const lines: string[] = []
  let offsets: RowOffsets = new Int32Array(rows * ROW.width)
  let filled = 0
  const contracts = new Map<Address, number>()
  let last: Hash | undefined
  let contract: Address | undefined
  let contractAt = 0
  /** Where the next line begins, and the transaction that it is of. */
  let [at, transactionAt] = [0, 0]
  function add(line: string): void {
    lines.push(line)
    at += line.length + 1
  }
  function under(transaction: Hash): void {
    if (transaction === last) return
    last = transaction
    transactionAt = at
    add(transaction)
  }
  /** Where a contract is named first, which is `here` unless it was before. */
  function placeOf(address: Address, here: number): number {
    // Contracts tell most things by several events in a row.
    if (address === contract) return contractAt
    contract = address
    contractAt = contracts.get(address) ?? here
    if (contractAt === here) contracts.set(address, here)
    return contractAt
  }
  return {
    event(transaction, logIndex, address, spec, body) {
      under(transaction)
      const { kind, number } = spec
      const text = encodeEventBody(spec, body)
      const line = `${logIndex} ${address} ${kind} ${text}`
      const startAt = at
      add(line)
      const endAt = startAt + line.length
      const kindAt = endAt - text.length - kind.length - 1
      const named = placeOf(address, kindAt - address.length - 1)
      if (filled === offsets.length) offsets = withMoreRoom(offsets)
      offsets[filled + ROW.logIndex] = logIndex
      offsets[filled + ROW.kind] = number
      offsets[filled + ROW.transactionAt] = transactionAt
      offsets[filled + ROW.startAt] = startAt
      offsets[filled + ROW.contractAt] = named
      offsets[filled + ROW.kindAt] = kindAt
      offsets[filled + ROW.endAt] = endAt
      filled += ROW.width
    },
    quarantined(transaction, logIndex) {
      under(transaction)
      add(`${logIndex} quarantined`)
    },
    text: () => lines.join('\n'),
    offsets: () => (filled === offsets.length ? offsets : offsets.slice(0, filled)),
  }
}

const ROWS_MIN = 16

function withMoreRoom(offsets: RowOffsets): RowOffsets {
  const more = new Int32Array(Math.max(2 * offsets.length, ROWS_MIN * ROW.width))
  more.set(offsets)
  return more
}

/** What a row says of an event. `body` is its canonical JSON. */
export type EventRow = {
  readonly transactionHash: Hash
  readonly logIndex: number
  readonly address: Address
  readonly kind: string
  readonly body: string
}

/**
 * The events of a block's rows, without making objects of their bodies.
 *
 * @param aside is told of the logs that are set apart
 */
export function readBlockRows(
  text: string,
  each: (row: EventRow) => void,
  aside?: (row: Pick<EventRow, 'transactionHash' | 'logIndex'>) => void,
): void {
  let transactionHash: Hash = '0x'
  for (const line of text.split('\n')) {
    if (line.startsWith('0x')) {
      transactionHash = line as Hash
      continue
    }
    const address = line.indexOf(' ') + 1
    const kind = line.indexOf(' ', address) + 1
    if (kind === 0) {
      // A malformed log, or no line at all.
      if (address > 0) aside?.({ transactionHash, logIndex: Number(line.slice(0, address - 1)) })
      continue
    }
    const body = line.indexOf(' ', kind) + 1
    each({
      transactionHash,
      logIndex: Number(line.slice(0, address - 1)),
      address: line.slice(address, kind - 1) as Address,
      kind: line.slice(kind, body - 1),
      body: line.slice(body),
    })
  }
}
