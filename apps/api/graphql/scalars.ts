import { type GraphQLError, Kind, type ValueNode } from 'graphql'
import { createGraphQLError } from 'graphql-yoga'
import { type Hash, isAddress, isHash, type Address } from '#core/chain.ts'
import { kinds } from '#api/errors.ts'
import { builder } from './builder.ts'

const badInput = (message: string, node: ValueNode | null): GraphQLError =>
  createGraphQLError(message, { nodes: node, extensions: { code: kinds.invalid.code } })

/** A scalar that is text in queries and in variables alike. */
function textScalar<T>(what: string, parse: (text: string) => T | undefined) {
  const parseText = (value: unknown, node: ValueNode | null): T => {
    const parsed = typeof value === 'string' ? parse(value) : undefined
    if (parsed === undefined) throw badInput(`${shown(value)} is not ${what}`, node)
    return parsed
  }
  return {
    parseValue: (value: unknown): T => parseText(value, null),
    parseLiteral: (node: ValueNode): T =>
      parseText(node.kind === Kind.STRING ? node.value : undefined, node),
  }
}

function parseTime(value: unknown, node: ValueNode | null): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw badInput(`${shown(String(value))} is not a time (whole seconds since 1970)`, node)
  return value
}

const SHOWN_CHARACTERS_MAX = 80
const shown = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, SHOWN_CHARACTERS_MAX)) : 'that'

/** 256 bits are 78 digits, and a sign. */
const WHOLE_NUMBER = /^-?\d{1,78}$/

const DECIMAL = /^-?\d{1,100}(\.\d{1,100})?$/

export function addScalars(): void {
  builder.scalarType('Address', {
    description: '20 bytes: 0x and 40 hex digits, in any case; answers are in lower case.',
    ...textScalar('an address (0x and 40 hex digits)', (text) =>
      isAddress(text) ? (text.toLowerCase() as Address) : undefined,
    ),
    serialize: (address) => address,
  })

  builder.scalarType('Hash', {
    description: '32 bytes: 0x and 64 hex digits.',
    ...textScalar('a hash (0x and 64 hex digits)', (text) =>
      isHash(text) ? (text.toLowerCase() as Hash) : undefined,
    ),
    serialize: (hash) => hash,
  })

  builder.scalarType('BigInt', {
    description:
      'A whole number of up to 256 bits as decimal digits in a string: most do not fit a double.',
    ...textScalar('a whole number (decimal digits in a string)', (text) =>
      WHOLE_NUMBER.test(text) ? BigInt(text) : undefined,
    ),
    serialize: (value) => value.toString(),
  })

  builder.scalarType('Timestamp', {
    description:
      'A time as a whole number of seconds since 1970 (UTC). An Int would end in 2038; this one is a JSON number up to 2^53.',
    serialize: (seconds) => seconds,
    parseValue: (value) => parseTime(value, null),
    parseLiteral: (node) =>
      parseTime(node.kind === Kind.INT ? Number(node.value) : undefined, node),
  })

  builder.scalarType('Decimal', {
    description: 'A decimal number as a string, like "0.000412", without an exponent.',
    ...textScalar('a decimal number (in a string)', (text) =>
      DECIMAL.test(text) ? text : undefined,
    ),
    serialize: (value) => value,
  })
}
