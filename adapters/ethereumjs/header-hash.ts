import { RLP } from '@ethereumjs/rlp'
import type { Hex } from '#core/chain.ts'
import type { HeaderForm } from '#core/indexing/chain-profiles.ts'
import type { HeaderHash, Keccak } from '#core/indexing/ports.ts'

type FieldKind = 'bytes' | 'quantity'

type Field = readonly [name: string, kind: FieldKind]

/** The fields of a header in the order of its RLP (yellow paper 4.4). */
const FIELDS: readonly Field[] = [
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
]

const SEAL: readonly Field[] = [
  ['mixHash', 'bytes'],
  ['nonce', 'bytes'],
]

/** What AuRa has in the place of the seal (OpenEthereum, `ethcore/engines/authority-round`). */
const AURA_SEAL: readonly Field[] = [
  ['step', 'quantity'],
  ['signature', 'bytes'],
]

/** What forks have appended, each only after the one before. */
const APPENDED: readonly Field[] = [
  ['baseFeePerGas', 'quantity'], // EIP-1559
  ['withdrawalsRoot', 'bytes'], // EIP-4895
  ['blobGasUsed', 'quantity'], // EIP-4844
  ['excessBlobGas', 'quantity'],
  ['parentBeaconBlockRoot', 'bytes'], // EIP-4788
  ['requestsHash', 'bytes'], // EIP-7685
]

/** The C-chain's own, the first of them always (coreth, `plugin/evm/customtypes`, HeaderSerializable). */
const AVALANCHE_APPENDED: readonly Field[] = [
  ['extDataHash', 'bytes'],
  ['baseFeePerGas', 'quantity'],
  ['extDataGasUsed', 'quantity'],
  ['blockGasCost', 'quantity'],
  ['blobGasUsed', 'quantity'],
  ['excessBlobGas', 'quantity'],
  ['parentBeaconBlockRoot', 'bytes'],
  ['timestampMilliseconds', 'quantity'], // ACP-226
  ['minDelayExcess', 'quantity'],
  ['targetExponent', 'quantity'], // ACP-194 and those with it; in an order that a block of Fuji proves
  ['minPriceExponent', 'quantity'],
  ['settledHeight', 'quantity'],
  ['settledGasUnix', 'quantity'],
  ['settledGasNumerator', 'quantity'],
  ['settledExcess', 'quantity'],
]

/**
 * Recomputes a header's hash from its fields; one with a missing field hashes to something else, as it should.
 *
 * @param form how this chain's headers hash
 * @param since the first block of this form; null for lower ones
 */
export const createHeaderHash =
  (keccak: Keccak, form: HeaderForm = 'ethereum', since = 0): HeaderHash =>
  (header) => {
    if (Number(header.number) < since) return null
    const isSealedByStep = form === 'aura' && typeof header.signature === 'string'
    const items = [...FIELDS, ...(isSealedByStep ? AURA_SEAL : SEAL)].map(([name, kind]) =>
      encode(header[name], kind),
    )
    for (const [name, kind] of form === 'avalanche' ? AVALANCHE_APPENDED : APPENDED) {
      if (header[name] === undefined || header[name] === null) break
      items.push(encode(header[name], kind))
    }
    return keccak(toHex(RLP.encode(items)))
  }

const toHex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`

function encode(value: unknown, kind: FieldKind): Buffer {
  const hex = digitsOf(value)
  if (kind === 'bytes') return Buffer.from(hex, 'hex')
  const digits = hex.replace(/^0+/, '')
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
}

/** Some nodes write AuRa's step as a decimal number. */
function digitsOf(value: unknown): string {
  const isDecimal = Number.isInteger(value) || (typeof value === 'string' && /^\d+$/.test(value))
  if (isDecimal) return BigInt(value as number | string).toString(16)
  return typeof value === 'string' ? value.slice(2) : ''
}
