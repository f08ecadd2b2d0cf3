import { type Pool, poolFields } from '#core/dex/pool.ts'
import { type Tick, tickFields } from '#core/dex/tick.ts'
import { type Holder, type Holding, holderFields, holdingFields } from '#core/nft/holding.ts'
import { type AnyFields, decodeRecord, encodeRecord, type Fields } from '#core/record.ts'
import { type Candle, candleFields } from '#core/dex/trading/candle.ts'
import type { DerivedRef } from './head.ts'
import { type Volume, volumeFields } from '#core/dex/trading/volume.ts'

/** The projections: what events fold into, one document an entity. */
export type Documents = {
  readonly pool: Pool
  readonly tick: Tick
  readonly candle: Candle
  readonly volume: Volume
  readonly holding: Holding
  readonly holder: Holder
}
export type DocumentKind = keyof Documents

type Spec<T> = {
  readonly fields: Fields<T>
  /** The fields that name the document: never changed, and the order in which a list walks. */
  readonly identity: readonly (keyof T & string)[]
  /** Other orders that a list may walk; each ends in what makes it unique and is an index of every store. */
  readonly orders: Readonly<Record<string, readonly (keyof T & string)[]>>
}

export const documentSpecs: { readonly [K in DocumentKind]: Spec<Documents[K]> } = {
  pool: {
    fields: poolFields,
    identity: ['address'],
    orders: {
      byToken0: ['token0', 'address'],
      byToken1: ['token1', 'address'],
      byTokens: ['token0', 'token1', 'address'],
    },
  },
  tick: { fields: tickFields, identity: ['pool', 'index'], orders: {} },
  candle: { fields: candleFields, identity: ['pool', 'interval', 'start'], orders: {} },
  volume: { fields: volumeFields, identity: ['pool', 'period', 'start'], orders: {} },
  holding: {
    fields: holdingFields,
    identity: ['collection', 'tokenId', 'owner'],
    orders: { byOwner: ['owner', 'collection', 'tokenId'] },
  },
  holder: { fields: holderFields, identity: ['collection', 'owner'], orders: {} },
}

export const documentKinds = Object.keys(documentSpecs) as DocumentKind[]

/** A value of an identity or order: text, a safe integer, or a uint256. */
export type KeyPart = string | number | bigint
export type Key = readonly KeyPart[]

/** Which document: its kind and the values of its identity. */
export type DocumentId<K extends DocumentKind = DocumentKind> = {
  readonly kind: K
  readonly key: Key
}

/** A document's value, and the height of the block whose events made it so. */
export type Draft<K extends DocumentKind = DocumentKind> = {
  readonly number: number
  readonly value: Documents[K]
}

/** Which version of a document. */
export type VersionRef = DerivedRef & {
  /**
   * The move of the head that was to commit it. Where the log has that move already, it is decided whether this version
   * was committed; where it does not, its writer may be about to.
   */
  readonly move: number
}

/** One version of a document as it is stored. */
export type Version<K extends DocumentKind = DocumentKind> = VersionRef & Draft<K>

/** The same version, as the store is asked for it. */
export const refOf = ({ number, commit, move }: VersionRef): VersionRef => ({
  number,
  commit,
  move,
})

export const isSameVersion = (
  a: VersionRef | null | undefined,
  b: VersionRef | null | undefined,
): boolean => a?.number === b?.number && a?.commit === b?.commit && a?.move === b?.move

/** An identity as text: equal for equal identities, different for others. */
export const keyText = (kind: DocumentKind, key: Key): string => `${kind}:${key.join(':')}`

/** The document whose identity `keyText` wrote. */
export function parseDocumentId(text: string): DocumentId {
  const [name, ...parts] = text.split(':')
  const kind = name as DocumentKind
  const fields = fieldsOfDocument(kind)
  const key = documentSpecs[kind].identity.map((field, index): KeyPart => {
    const part = parts[index] as string
    const type = fields[field]
    return type === 'int' ? Number(part) : type === 'uint256' ? BigInt(part) : part
  })
  return { kind, key }
}

export const keyOf = <K extends DocumentKind>(kind: K, value: Documents[K]): Key =>
  documentSpecs[kind].identity.map((name) => (value as Record<string, unknown>)[name] as KeyPart)

/** The values of `order` in a document, as a cursor holds them. */
export const orderKey = <K extends DocumentKind>(
  kind: K,
  order: string,
  value: Documents[K],
): Key =>
  orderFields(kind, order).map((name) => (value as Record<string, unknown>)[name] as KeyPart)

export function orderFields(kind: DocumentKind, order: string): readonly string[] {
  const spec = documentSpecs[kind]
  const fields = order === 'identity' ? spec.identity : spec.orders[order]
  if (!fields) throw new Error(`no such order: ${kind}.${order}`)
  return fields
}

/** The document as canonical JSON: what SQLite keeps and the digest hashes. */
export const encodeDocument = <K extends DocumentKind>(kind: K, value: Documents[K]): string =>
  encodeRecord(fieldsOfDocument(kind), value)

export const decodeDocument = <K extends DocumentKind>(kind: K, text: string): Documents[K] =>
  decodeRecord(fieldsOfDocument(kind), text) as Documents[K]

export const fieldsOfDocument = (kind: DocumentKind): AnyFields => documentSpecs[kind].fields
