import type { BlockRef, Hash } from '#core/chain.ts'
import { type DocumentSpec, type Draft, encodeDocument, type Key, keyText } from './document.ts'
import type { Digest } from './head.ts'

/** SHA-256 of UTF-8 text, as hex. */
export type Sha256 = (text: string) => Hash

const ZERO: Hash = `0x${'0'.repeat(64)}`
const MODULUS = 1n << 256n

/** The digest of a history without blocks. */
export const emptyDigest: Digest = { events: ZERO, state: ZERO }

/** The running digest of events after one more block, whose events are these rows. */
export const chainBlock = (sha256: Sha256, events: Hash, block: BlockRef, rows: string): Hash =>
  sha256(`${events}\n${block.number}\n${block.hash}\n${rows}`)

/** What one document adds to the digest of the state. */
export const hashDocument = (
  sha256: Sha256,
  spec: DocumentSpec,
  key: Key,
  version: Draft,
): bigint =>
  BigInt(
    sha256(`${keyText(spec.kind, key)}\n${version.number}\n${encodeDocument(spec, version.value)}`),
  )

/** The digest of the state after documents worth `removed` gave way to documents worth `added`. */
export function shiftState(state: Hash, added: bigint, removed: bigint): Hash {
  const sum = (BigInt(state) + added - removed) % MODULUS
  return `0x${(sum < 0n ? sum + MODULUS : sum).toString(16).padStart(64, '0')}`
}

/** Both digests as the one that people compare. */
export const combineDigest = (sha256: Sha256, digest: Digest): Hash =>
  sha256(`${digest.events}\n${digest.state}`)
