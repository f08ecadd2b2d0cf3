import type { EnumRef } from '@pothos/core'
import {
  type Choice,
  type Field,
  fieldsOn,
  graphqlName,
  type Resource,
  type ScalarName,
  type Type,
} from '#resources/resource.ts'
import { builder } from './builder.ts'
import type { GraphqlContext } from './context.ts'

/** A type of the schema that is made from `T`. */
type TypeRef<T> = ReturnType<typeof builder.objectRef<T>>

const scalars = {
  address: 'Address',
  pool: 'Address',
  hash: 'Hash',
  hex: 'String',
  text: 'String',
  int: 'Int',
  time: 'Timestamp',
  bigint: 'BigInt',
  decimal: 'Decimal',
} as const satisfies Record<ScalarName, string>

const types = new Map<Resource, TypeRef<unknown>>()

/** The type of a resource, with the fields that it has in GraphQL; one for as often as it is asked for. */
export function typeOf<T>(resource: Resource<T>): TypeRef<T> {
  const known = types.get(resource)
  if (known) return known as TypeRef<T>
  return implement(resource, builder.objectRef<T>(resource.name))
}

/** The same for a reference that was made already, as one that can be loaded by its key. */
export function implement<R extends object>(resource: Resource, ref: R): R {
  const type = ref as unknown as TypeRef<unknown>
  types.set(resource, type)
  type.implement({
    ...(resource.description !== undefined && { description: resource.description }),
    fields: (t) =>
      Object.fromEntries(
        fieldsOn('graphql', resource).map(([name, each]) => [
          name,
          t.field({
            type: typeRefOf(each.type) as 'String',
            nullable: each.isNullable,
            ...(each.description !== undefined && { description: each.description }),
            resolve: resolverOf(each) as () => string,
          }),
        ]),
      ),
  })
  return ref
}

/** What tokens say is read for the whole answer at once. */
const resolverOf = ({ value, tokens }: Field) =>
  tokens
    ? async (item: unknown, _args: object, context: GraphqlContext) =>
        value(item, await context.tokens.loadMany(tokens(item)).then(refuseErrors))
    : (item: unknown) => value(item, [])

function refuseErrors<T>(loaded: readonly (T | Error)[]): T[] {
  for (const each of loaded) if (each instanceof Error) throw each
  return loaded as T[]
}

const typeRefOf = (type: Type): unknown => {
  switch (type.kind) {
    case 'scalar':
      return scalars[type.name]
    case 'choice':
      return enumOf(type)
    case 'resource':
      return typeOf(type)
    case 'link':
      return typeOf(type.to)
    case 'list':
      return [typeOf(type.of)]
    case 'values':
      return [scalars[type.of]]
    default:
      return type satisfies never
  }
}

const makeEnum = <V extends string>({ name, description, members }: Choice<V>) =>
  builder.enumType(name, {
    ...(description !== undefined && { description }),
    values: Object.fromEntries(
      (Object.keys(members) as V[]).map((word) => {
        const { description: about } = members[word]
        return [
          graphqlName({ kind: 'choice', name, members }, word),
          { value: word, ...(about !== undefined && { description: about }) },
        ]
      }),
    ) as Record<string, { value: V }>,
  }) as unknown as EnumOf<V>

type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never
type EnumOf<V extends string> = EnumRef<Types, V, V>

const enums = new Map<Choice, unknown>()

/** The enum of a choice; one for as often as it is asked for. */
export function enumOf<V extends string>(choice: Choice<V>): EnumOf<V> {
  const made = enums.get(choice) ?? makeEnum(choice)
  enums.set(choice, made)
  return made as EnumOf<V>
}
