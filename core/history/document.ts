import { type AnyFields, decodeRecord, encodeRecord, type Fields } from '#core/record.ts'
import type { DerivedRef } from './head.ts'
import type { NamedVersion } from './versions.ts'

declare const valueType: unique symbol

/**
 * A kind of document: what a projection folds events into, one document an entity. It is plain data, so that it can be
 * given to another thread. `T` is the type of its values.
 */
export type DocumentSpec<T extends object = object> = {
  /** Names the kind, in the singular: `pool`. Part of the digest of the state, so it never changes. */
  readonly kind: string
  /** What a store and an export call all of them: `pools`. */
  readonly plural: string
  /** The projection that writes these documents, and the version whose documents readers know. */
  readonly projection: NamedVersion
  readonly fields: AnyFields
  /** The fields that name the document: never changed, and the order in which a list walks. */
  readonly identity: readonly string[]
  /** Other orders that a list may walk; each ends in what makes it unique and is an index of every store. */
  readonly orders: Readonly<Record<string, readonly string[]>>
  /** Only for the compiler. */
  readonly [valueType]?: T
}

/** A kind of document whose fields and orders are checked against the type of its values. */
export const documentSpec = <T extends object>(
  spec: Pick<DocumentSpec, 'kind' | 'plural' | 'projection'> & {
    readonly fields: Fields<T>
    readonly identity: readonly (keyof T & string)[]
    readonly orders?: Readonly<Record<string, readonly (keyof T & string)[]>>
  },
): DocumentSpec<T> => ({ ...spec, orders: spec.orders ?? {} })

/** A value of an identity or order: text, a safe integer, or a uint256. */
export type KeyPart = string | number | bigint
export type Key = readonly KeyPart[]

/** The documents of one kind that one derivation of its projection made. */
export type DocumentSet = {
  /** The projection as these documents were derived: its name in the head, see `HeadEntry.projections`. */
  readonly tree: string
  readonly kind: string
}

/** Which document: the values of its identity, and the documents that it is one of. */
export type DocumentId = DocumentSet & { readonly key: Key }

/** A document's value, and the height of the block whose events made it so. */
export type Draft<T extends object = object> = {
  readonly number: number
  readonly value: T
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
export type Version<T extends object = object> = VersionRef & Draft<T>

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

/** What stands between the parts of an identity, and between identities, in one store or another; and the escape. */
const SEPARATOR = /[%: \n]/
const SEPARATORS = /[%: \n]/g

const escaped = (part: KeyPart): KeyPart =>
  typeof part === 'string' && SEPARATOR.test(part)
    ? part.replaceAll(SEPARATORS, (each) => `%${each.charCodeAt(0).toString(16).padStart(2, '0')}`)
    : part

const unescaped = (part: string): string =>
  part.replaceAll(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)))

/** An identity as text: equal for equal identities, different for others. No part of it has a space or a new line. */
export function keyText(kind: string, key: Key): string {
  let text = kind
  for (const part of key) text += `:${escaped(part)}`
  return text
}

/** Which document, as text: equal for the same, different for others. */
export const idText = ({ tree, kind, key }: DocumentId): string => `${tree}:${keyText(kind, key)}`

/** The document that `idText` wrote. `specOf` gives the spec of a kind. */
export function parseDocumentId(text: string, specOf: (kind: string) => DocumentSpec): DocumentId {
  const [tree, kind, ...parts] = text.split(':') as [string, string, ...string[]]
  const { identity, fields } = specOf(kind)
  const key = identity.map((field, index): KeyPart => {
    const part = parts[index] as string
    const type = fields[field]
    return type === 'int' ? Number(part) : type === 'uint256' ? BigInt(part) : unescaped(part)
  })
  return { tree, kind, key }
}

const partsOf = (fields: readonly string[], value: object): Key =>
  fields.map((name) => (value as Record<string, KeyPart>)[name] as KeyPart)

export const keyOf = <T extends object>(spec: DocumentSpec<T>, value: T): Key =>
  partsOf(spec.identity, value)

/** The values of `order` in a document, as a cursor holds them. */
export const orderKey = <T extends object>(spec: DocumentSpec<T>, order: string, value: T): Key =>
  partsOf(orderFields(spec, order), value)

/** The fields of one of the kind's orders; `identity` is one. */
export function orderFields(spec: DocumentSpec, order: string): readonly string[] {
  const fields = order === 'identity' ? spec.identity : spec.orders[order]
  if (!fields) throw new Error(`no such order: ${spec.kind}.${order}`)
  return fields
}

/** The document as canonical JSON: what SQLite keeps and the digest hashes. */
export const encodeDocument = <T extends object>(spec: DocumentSpec<T>, value: T): string =>
  encodeRecord(spec.fields, value)

/** The document that `encodeDocument` wrote. @throws AppError `unavailable` when the text is damaged */
export const decodeDocument = <T extends object>(spec: DocumentSpec<T>, text: string): T =>
  decodeRecord(spec.fields, text) as T
