import type { BlockRef } from '#core/chain.ts'
import { type Pool, poolFields } from '#core/dex/pool.ts'
import { type Tick, tickFields } from '#core/dex/tick.ts'
import { type Holder, type Holding, holderFields, holdingFields } from '#core/nft/holding.ts'
import { type AnyFields, decodeRecord, encodeRecord, type Fields } from '#core/record.ts'
import { type Candle, candleFields } from './candle.ts'
import { type Volume, volumeFields } from './volume.ts'

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

/** A document's value, and the block whose events made it so. */
export type Draft<K extends DocumentKind = DocumentKind> = {
  readonly at: BlockRef
  readonly value: Documents[K]
}

/** Which version of a document. */
export type VersionRef = {
  readonly at: BlockRef
  /**
   * The move of the head that was to commit it. Where another entry has taken that move, this version can never
   * become visible by its own writer; where none has yet, its writer may be about to.
   */
  readonly move: number
}

/** One version of a document as it is stored. */
export type Version<K extends DocumentKind = DocumentKind> = VersionRef & Draft<K>

/** An identity as text: equal for equal identities, different for others. */
export const keyText = (kind: DocumentKind, key: Key): string => `${kind}:${key.join(':')}`

/** The identity that `keyText` wrote. */
export function parseKeyText(kind: DocumentKind, text: string): Key {
  const parts = text.split(':').slice(1)
  const fields = fieldsOfDocument(kind)
  return documentSpecs[kind].identity.map((name, index): KeyPart => {
    const part = parts[index] as string
    const type = fields[name]
    return type === 'int' ? Number(part) : type === 'uint256' ? BigInt(part) : part
  })
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
