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
}

export function createBlockRows(): BlockRowsWriter {
  const lines: string[] = []
  let last: Hash | undefined
  const under = (transaction: Hash): void => {
    if (transaction === last) return
    last = transaction
    lines.push(transaction)
  }
  return {
    event(transaction, logIndex, address, spec, body) {
      under(transaction)
      lines.push(`${logIndex} ${address} ${spec.kind} ${encodeEventBody(spec, body)}`)
    },
    quarantined(transaction, logIndex) {
      under(transaction)
      lines.push(`${logIndex} quarantined`)
    },
    text: () => lines.join('\n'),
  }
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
