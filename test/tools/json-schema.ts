type Schema = Readonly<Record<string, any>>

const KNOWN = new Set([
  '$ref',
  'additionalProperties',
  'anyOf',
  'default',
  'description',
  'enum',
  'format',
  'items',
  'maximum',
  'minimum',
  'minItems',
  'maxItems',
  'pattern',
  'properties',
  'required',
  'type',
])

const typeOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

/**
 * What of `value` breaks `schema`, by path; empty where nothing does. Written for these tests from the specification,
 * apart from the code that makes the schemas; a keyword that it does not know is an error.
 */
export function faultsAgainst(
  schema: Schema,
  value: any,
  schemas: Readonly<Record<string, Schema>>,
  path = '$',
): string[] {
  const unknown = Object.keys(schema).filter((keyword) => !KNOWN.has(keyword))
  if (unknown.length > 0) throw new Error(`${path}: keywords ${unknown.join(', ')} are not known`)
  const faults: string[] = []
  if (schema.$ref !== undefined) {
    const name = String(schema.$ref).replace('#/components/schemas/', '')
    const found = schemas[name]
    if (!found) throw new Error(`${path}: there is no schema ${schema.$ref}`)
    faults.push(...faultsAgainst(found, value, schemas, path))
  }
  if (schema.anyOf !== undefined) {
    const tried = schema.anyOf.map((each: Schema) => faultsAgainst(each, value, schemas, path))
    if (!tried.some((each: string[]) => each.length === 0)) faults.push(...tried.flat())
  }
  const type = typeOf(value)
  const types = schema.type === undefined ? undefined : [schema.type].flat()
  if (types && !types.includes(type) && !(type === 'integer' && types.includes('number')))
    return [...faults, `${path}: ${type} is not ${types.join(' or ')}`]
  if (schema.enum && !schema.enum.includes(value)) faults.push(`${path}: ${value} is none of them`)
  if (type === 'string' && schema.pattern && !new RegExp(schema.pattern).test(value))
    faults.push(`${path}: ${value} does not match ${schema.pattern}`)
  if (type === 'integer' && (value < schema.minimum || value > schema.maximum))
    faults.push(`${path}: ${value} is out of range`)
  if (type === 'array') {
    if (value.length < schema.minItems || value.length > schema.maxItems)
      faults.push(`${path}: ${value.length} items`)
    if (schema.items)
      for (const [index, each] of value.entries())
        faults.push(...faultsAgainst(schema.items, each, schemas, `${path}[${index}]`))
  }
  if (type === 'object') {
    for (const name of schema.required ?? [])
      if (!(name in value)) faults.push(`${path}.${name} is missing`)
    for (const [name, each] of Object.entries(value)) {
      const known = schema.properties?.[name]
      if (known) faults.push(...faultsAgainst(known, each, schemas, `${path}.${name}`))
      else if (schema.additionalProperties === false) faults.push(`${path}.${name} is not known`)
    }
  }
  return faults
}
