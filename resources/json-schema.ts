import { type Choice, fieldsOn, type Resource, type ScalarName, type Type } from './resource.ts'

/** A JSON Schema, 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = { readonly [name: string]: unknown }

const scalars: Readonly<Record<ScalarName, JsonSchema>> = {
  address: { type: 'string', pattern: '^0x[0-9a-f]{40}$' },
  pool: { type: 'string', pattern: '^0x([0-9a-f]{40}|[0-9a-f]{64})$' },
  hash: { type: 'string', pattern: '^0x[0-9a-f]{64}$' },
  hex: { type: 'string', pattern: '^0x([0-9a-f]{2})*$' },
  text: { type: 'string' },
  int: { type: 'integer' },
  time: { type: 'integer', minimum: 0 },
  bigint: { type: 'string', pattern: '^-?[0-9]{1,78}$' },
  decimal: { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]+)?$' },
}

export const refTo = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })

/** Schemas of resources and of all that they hold, by name. */
export function schemasOf(resources: readonly Resource[]): Record<string, JsonSchema> {
  const schemas: Record<string, JsonSchema> = {}
  for (const resource of resources) addResource(resource, schemas)
  return Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function addResource(resource: Resource, schemas: Record<string, JsonSchema>): void {
  if (schemas[resource.name]) return
  const fields = fieldsOn('json', resource)
  const properties: Record<string, JsonSchema> = {}
  schemas[resource.name] = {
    type: 'object',
    ...(resource.description !== undefined && { description: resource.description }),
    properties,
    // A field that has nothing is there with null.
    required: fields.map(([name]) => name),
    additionalProperties: false,
  }
  for (const [name, { type, isNullable, description }] of fields)
    properties[name] = {
      ...schemaOf(type, isNullable, schemas),
      ...(description !== undefined && { description }),
    }
}

function schemaOf(
  type: Type,
  isNullable: boolean,
  schemas: Record<string, JsonSchema>,
): JsonSchema {
  if (type.kind === 'scalar' || type.kind === 'link') {
    // What is linked to is named by its address.
    const schema =
      type.kind === 'link'
        ? scalars[type.to.name === 'Pool' ? 'pool' : 'address']
        : scalars[type.name]
    return isNullable ? { ...schema, type: [schema.type, 'null'] } : schema
  }
  if (type.kind === 'list') {
    addResource(type.of, schemas)
    const schema = { type: 'array', items: refTo(type.of.name) }
    return isNullable ? { anyOf: [schema, { type: 'null' }] } : schema
  }
  if (type.kind === 'values') {
    const schema = { type: 'array', items: scalars[type.of] }
    return isNullable ? { anyOf: [schema, { type: 'null' }] } : schema
  }
  if (type.kind === 'choice') schemas[type.name] = schemaOfChoice(type)
  else addResource(type, schemas)
  return isNullable ? { anyOf: [refTo(type.name), { type: 'null' }] } : refTo(type.name)
}

function schemaOfChoice({ description, members }: Choice): JsonSchema {
  const told = Object.entries(members).flatMap(([word, { description: about }]) =>
    about === undefined ? [] : [`\`${word}\`: ${about}`],
  )
  const text = [...(description === undefined ? [] : [description]), ...told].join('\n')
  return {
    type: 'string',
    enum: Object.keys(members),
    ...(text !== '' && { description: text }),
  }
}
