import { type GraphQLError, Kind, print, type ValueNode } from 'graphql'
import { createGraphQLError } from 'graphql-yoga'
import { type Address, addressFault, type Hash, isAddress, isHash } from '#core/chain.ts'
import { kinds } from '#api/errors.ts'
import { ADDRESS, faultText, HASH, TIME, type Want, writtenFault } from '#api/words.ts'
import { builder } from './builder.ts'

const badInput = (message: string, node: ValueNode | null): GraphQLError =>
  createGraphQLError(message, { nodes: node, extensions: { code: kinds.invalid.code } })

/**
 * A scalar that is text in queries and in variables alike.
 *
 * @param parse undefined for what it does not take; throws for what it has words of its own for
 */
function textScalar<T>(want: Want, parse: (text: string, node: ValueNode | null) => T | undefined) {
  const parseText = (value: unknown, node: ValueNode | null): T => {
    const parsed = typeof value === 'string' ? parse(value, node) : undefined
    if (parsed === undefined) throw badInput(foundFault(want, value, node), node)
    return parsed
  }
  return {
    parseValue: (value: unknown): T => parseText(value, null),
    parseLiteral: (node: ValueNode): T =>
      parseText(node.kind === Kind.STRING ? node.value : undefined, node),
  }
}

/** Of a value in the query, as it is written there, or of one in the variables. */
const foundFault = (want: Want, value: unknown, node: ValueNode | null): string =>
  node ? writtenFault(want, print(node)) : faultText(want, value ?? null)

function parseAddressText(text: string, node: ValueNode | null): Address | undefined {
  if (!isAddress(text)) return undefined
  const fault = addressFault(text)
  if (fault !== undefined) throw badInput(fault, node)
  return text.toLowerCase() as Address
}

function parseTime(value: unknown, node: ValueNode | null): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw badInput(foundFault(TIME, value, node), node)
  return value
}

/** 256 bits are 78 digits, and a sign. */
const WHOLE_NUMBER = /^-?\d{1,78}$/

const DECIMAL_NUMBER = /^-?\d{1,100}(\.\d{1,100})?$/

const WHOLE: Want = {
  want: 'a whole number as decimal digits in quotes',
  example: '"1000000000000000000"',
}
const DECIMAL: Want = { want: 'a decimal number in quotes', example: '"0.000412"' }

export function addScalars(): void {
  builder.scalarType('Address', {
    description:
      '20 bytes: 0x and 40 hex digits. Letters of one case, or with the checksum of EIP-55; answers are in lower case. A pool ' +
      'of Uniswap V4, which has no contract of its own, is answered by the 32 bytes that name it.',
    ...textScalar(ADDRESS, parseAddressText),
    serialize: (address) => address,
  })

  builder.scalarType('Hash', {
    description: '32 bytes: 0x and 64 hex digits.',
    ...textScalar(HASH, (text) => (isHash(text) ? (text.toLowerCase() as Hash) : undefined)),
    serialize: (hash) => hash,
  })

  builder.scalarType('BigInt', {
    description:
      'A whole number of up to 256 bits as decimal digits in a string: most do not fit a double.',
    ...textScalar(WHOLE, (text) => (WHOLE_NUMBER.test(text) ? BigInt(text) : undefined)),
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
    ...textScalar(DECIMAL, (text) => (DECIMAL_NUMBER.test(text) ? text : undefined)),
    serialize: (value) => value,
  })
}
