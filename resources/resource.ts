import type { Address, Hash, Hex } from '#core/chain.ts'
import type { TokenInfo } from '#core/tokens/ports.ts'

/**
 * Values as clients know them, whatever they are written in. `bigint` and `decimal` are text in JSON, since numbers there
 * have 53 bits; `time` is in whole seconds since 1970 (UTC).
 */
export type ScalarValues = {
  readonly address: Address
  /** A contract, or a pool of Uniswap V4 by the 32 bytes that name it. */
  readonly pool: Address
  readonly hash: Hash
  readonly hex: Hex
  readonly text: string
  readonly int: number
  readonly time: number
  readonly bigint: bigint
  readonly decimal: string
}

export type ScalarName = keyof ScalarValues

/** A closed set of words. */
export type Choice<V extends string = string> = {
  readonly kind: 'choice'
  readonly name: string
  readonly description?: string
  readonly members: Readonly<Record<V, Member>>
}

/** `graphql`: the name there, where it is not the word in capitals with `_` for `-`. */
type Member = { readonly graphql?: string; readonly description?: string }

/** One noun: its fields in the order in which they are written. `T` is what it is made from. */
// A resource of anything is passed about by the code that writes them.
// oxlint-disable-next-line typescript/no-explicit-any
export type Resource<T = any> = {
  readonly kind: 'resource'
  readonly name: string
  readonly description?: string
  /** What names one where it is only mentioned, as a cell of a table has it. */
  readonly key?: (item: T) => string
  readonly fields: Readonly<Record<string, Field<T>>>
}

/** Another resource, named by its key: JSON and tables have the key, GraphQL the thing itself. */
type Link = { readonly kind: 'link'; readonly to: Resource }

type List = { readonly kind: 'list'; readonly of: Resource }

/** Several plain values. */
type Values = { readonly kind: 'values'; readonly of: ScalarName }

/** What a field holds. The value's type is only for the compiler. */
export type Type<V = unknown> = (
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | Choice
  | Resource
  | Link
  | List
  | Values
) & { readonly holds?: V }

/** Where a field is found; everywhere unless it says otherwise. */
export type Face = 'graphql' | 'json' | 'rows'

// Fields are told apart by their types again where they are made.
// oxlint-disable-next-line typescript/no-explicit-any
export type Field<T = any> = {
  readonly type: Type
  readonly isNullable: boolean
  readonly description?: string
  /** @param tokens what those of `tokens` say of themselves, in their order */
  readonly value: (item: T, tokens: readonly TokenInfo[]) => unknown
  /** Tokens whose own words the value is made of. */
  readonly tokens?: (item: T) => readonly Address[]
  readonly only?: readonly Face[]
  /** Which token of its pool the value is raw units of. */
  readonly amountOf?: 0 | 1
  /** Its name in a table, where it is not its own behind that of what it is in. */
  readonly column?: string
}

const scalar = <N extends ScalarName>(name: N): Type<ScalarValues[N]> => ({ kind: 'scalar', name })

export const address = scalar('address')
export const poolAddress = scalar('pool')
export const hash = scalar('hash')
export const hex = scalar('hex')
export const text = scalar('text')
export const int = scalar('int')
export const time = scalar('time')
export const bigint = scalar('bigint')
export const decimal = scalar('decimal')

/** @param members every word of the set, so that one that is added does not compile until it is described here */
export const choice = <V extends string>(
  name: string,
  members: Readonly<Record<V, Member>>,
  description?: string,
): Choice<V> & { readonly holds?: V } => ({
  kind: 'choice',
  name,
  members,
  ...(description !== undefined && { description }),
})

export const resource = <T>(
  name: string,
  description: string | undefined,
  fields: Readonly<Record<string, Field<T>>>,
  key?: (item: T) => string,
): Resource<T> & { readonly holds?: T } => ({
  kind: 'resource',
  name,
  fields,
  ...(description !== undefined && { description }),
  ...(key && { key }),
})

/** The key is what GraphQL loads the thing by. */
export const linkTo = (to: Resource): Type<Address> => ({ kind: 'link', to })

export const listOf = <T>(of: Resource<T>): Type<readonly T[]> => ({ kind: 'list', of })

export const valuesOf = <N extends ScalarName>(of: N): Type<readonly ScalarValues[N][]> => ({
  kind: 'values',
  of,
})

const described = (description: string | undefined) =>
  description === undefined ? {} : { description }

/** A field that always has a value. */
export const field = <T, V>(
  type: Type<V>,
  value: (item: T) => NoInfer<V> | Promise<NoInfer<V>>,
  description?: string,
): Field<T> => ({ type, isNullable: false, value, ...described(description) })

/** A field that may have none. */
export const maybe = <T, V>(
  type: Type<V>,
  value: (item: T) => NoInfer<V> | null | Promise<NoInfer<V> | null>,
  description?: string,
): Field<T> => ({ type, isNullable: true, value, ...described(description) })

/** A field that may have none, made of what tokens say of themselves. */
export const joined = <T, V>(
  type: Type<V>,
  tokens: (item: T) => readonly Address[],
  value: (item: T, tokens: readonly TokenInfo[]) => NoInfer<V> | null,
  description?: string,
): Field<T> => ({ type, isNullable: true, tokens, value, ...described(description) })

/** The same field, on these faces alone. */
export const only = <T>(faces: readonly Face[], of: Field<T>): Field<T> => ({ ...of, only: faces })

/** The same field, whose value is raw units of token0 or token1 of the item's pool. */
export const amountOf = <T>(side: 0 | 1, of: Field<T>): Field<T> => ({ ...of, amountOf: side })

/** The same field, under another name in tables. */
export const column = <T>(name: string, of: Field<T>): Field<T> => ({ ...of, column: name })

/** The fields of a resource on one face, with their names. */
export const fieldsOn = (face: Face, { fields }: Resource): [string, Field][] =>
  Object.entries(fields).filter(([, each]) => !each.only || each.only.includes(face))

/** What GraphQL calls a word of a choice. */
export const graphqlName = ({ members }: Choice, word: string): string =>
  members[word]?.graphql ?? word.replaceAll('-', '_').toUpperCase()
