import type { BlockRef, Hash } from '#core/chain.ts'
import { type DocumentSpec, type Draft, encodeDocument, type Key, keyText } from './document.ts'
import type { Digest, StateDigest } from './head.ts'

/** SHA-256 of UTF-8 text, as hex; `more` is what follows, so that a long text need not be joined to a short one first. */
export type Sha256 = (text: string, more?: string) => Hash

const ZERO: Hash = `0x${'0'.repeat(64)}`
const MODULUS = 1n << 256n

/** The digest of a history without blocks. */
export const emptyDigest: Digest = { events: ZERO, state: ZERO, parts: {} }

/** The running digest of events after one more block, whose events are these rows. */
export const chainBlock = (sha256: Sha256, events: Hash, block: BlockRef, rows: string): Hash =>
  sha256(`${events}\n${block.number}\n${block.hash}\n`, rows)

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

/** What documents add to the digest of the state. */
export type Sums = { added: bigint; removed: bigint }

/** The digest of the state after documents of some projections gave way to others. */
export function shiftState(
  { state, parts }: StateDigest,
  sums: ReadonlyMap<string, Sums>,
): StateDigest {
  let sum = BigInt(state)
  const shifted: Record<string, Hash> = {}
  for (const [projection, { added, removed }] of sums) {
    sum += added - removed
    if (parts) shifted[projection] = stateWorth(BigInt(parts[projection] ?? ZERO) + added - removed)
  }
  return { state: stateWorth(sum), ...(parts && { parts: partsByName({ ...parts, ...shifted }) }) }
}

/** In the order of names, so that equal ones have equal texts. */
export const partsByName = (parts: Readonly<Record<string, Hash>>): Record<string, Hash> =>
  Object.fromEntries(Object.entries(parts).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** The digest of the state of documents that hash to these together. */
export const addStates = (states: readonly Hash[]): Hash =>
  stateWorth(states.reduce((sum, state) => sum + BigInt(state), 0n))

/** The digest of the state of documents whose hashes have this sum. */
export function stateWorth(sum: bigint): Hash {
  const rest = sum % MODULUS
  return `0x${(rest < 0n ? rest + MODULUS : rest).toString(16).padStart(64, '0')}`
}

/** Both digests as the one that people compare. */
export const combineDigest = (sha256: Sha256, digest: Digest): Hash =>
  sha256(`${digest.events}\n${digest.state}`)
