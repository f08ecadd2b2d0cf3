import { RLP } from '@ethereumjs/rlp'
import type { Hex } from '#core/chain.ts'
import type { HeaderHash, Keccak } from '#core/indexing/ports.ts'

type FieldKind = 'bytes' | 'quantity'

/** The fields of a header in the order of its RLP (yellow paper 4.4). */
const FIELDS: readonly (readonly [string, FieldKind])[] = [
  ['parentHash', 'bytes'],
  ['sha3Uncles', 'bytes'],
  ['miner', 'bytes'],
  ['stateRoot', 'bytes'],
  ['transactionsRoot', 'bytes'],
  ['receiptsRoot', 'bytes'],
  ['logsBloom', 'bytes'],
  ['difficulty', 'quantity'],
  ['number', 'quantity'],
  ['gasLimit', 'quantity'],
  ['gasUsed', 'quantity'],
  ['timestamp', 'quantity'],
  ['extraData', 'bytes'],
  ['mixHash', 'bytes'],
  ['nonce', 'bytes'],
]

/** What forks have appended, each only after the one before. */
const APPENDED: readonly (readonly [string, FieldKind])[] = [
  ['baseFeePerGas', 'quantity'], // EIP-1559
  ['withdrawalsRoot', 'bytes'], // EIP-4895
  ['blobGasUsed', 'quantity'], // EIP-4844
  ['excessBlobGas', 'quantity'],
  ['parentBeaconBlockRoot', 'bytes'], // EIP-4788
  ['requestsHash', 'bytes'], // EIP-7685
]

/** Recomputes a header's hash from its fields; one with a missing field hashes to something else, as it should. */
export const createHeaderHash =
  (keccak: Keccak): HeaderHash =>
  (header) => {
    const items = FIELDS.map(([name, kind]) => encode(header[name], kind))
    for (const [name, kind] of APPENDED) {
      if (header[name] === undefined || header[name] === null) break
      items.push(encode(header[name], kind))
    }
    return keccak(toHex(RLP.encode(items)))
  }

const toHex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`

function encode(value: unknown, kind: FieldKind): Buffer {
  const hex = typeof value === 'string' ? value.slice(2) : ''
  if (kind === 'bytes') return Buffer.from(hex, 'hex')
  const digits = hex.replace(/^0+/, '')
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
}
