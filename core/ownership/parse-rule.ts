import { type Address, parseAddress } from '#core/chain.ts'
import { type AppError, invalidField } from '#core/errors.ts'
import {
  countTokens,
  type HeldFor,
  type LeafRule,
  type Rule,
  TOKENS_READ_MAX,
  type TokenRange,
  type TraitsRule,
} from './rule.ts'

/** Parts of one rule, all levels together, and levels. */
const PARTS_MAX = 64
const DEPTH_MAX = 8
/** Entries of one list of ids. */
const ENTRIES_MAX = 500
/** Punks have the ids 0 to 9,999. */
const PUNKS = 10_000n
const UINT256_MAX = 2n ** 256n - 1n
const HELD_MAX = { blocks: 1_000_000_000, days: 36_500 } as const

const KINDS = [
  'erc721',
  'erc1155',
  'erc20',
  'punks',
  'traits',
  'all',
  'any',
  'atLeast',
  'not',
] as const

type Parsing = { parts: number }

/**
 * Reads a rule as clients write it: an object with one member, which names its kind.
 *
 * `{"erc721": {"collection": "0x…", "tokenIds": ["1", "10-20"], "min": "2", "heldForDays": 7,
 * "delegates": true}}`,
 * `{"erc1155": {"collection", "tokenIds", "min"}}`, `{"erc20": {"token", "min"}}`,
 * `{"traits": {"collection", "traits": {"Sky": ["Blue"]}, "min"}}`,
 * `{"punks": {"collection", "tokenIds", "min"}}`, each of these with `delegates`; `{"all": [..]}`, `{"any": [..]}`,
 * `{"atLeast": {"count": 2, "of": [..]}}`, `{"not": {..}}`. Members that are null count as left out.
 *
 * @param field what the rule is called where it stands
 * @throws AppError `invalid` that names the part, for one that is malformed or can never be met
 */
export const parseRule = (value: unknown, field = 'rule'): Rule =>
  parsePart(value, field, 1, { parts: 0 })

function parsePart(value: unknown, field: string, depth: number, parsing: Parsing): Rule {
  if (depth > DEPTH_MAX) throw invalidField(field, `nested deeper than ${DEPTH_MAX} levels`)
  if (++parsing.parts > PARTS_MAX)
    throw invalidField(field, `the rule has more than ${PARTS_MAX} parts; split it into several`)
  const members = Object.entries(objectAt(value, field)).filter(([, each]) => each != null)
  const [member] = members
  if (!member || members.length > 1)
    throw invalidField(field, `it takes an object with one member: ${KINDS.join(', ')}`)
  const [kind, inner] = member
  const at = `${field}.${kind}`
  const partsOf = (list: unknown, where: string): Rule[] => {
    if (!Array.isArray(list) || list.length === 0)
      throw invalidField(where, 'it takes a list of one or more rules')
    return list.map((each, index) => parsePart(each, `${where}[${index}]`, depth + 1, parsing))
  }
  switch (kind) {
    case 'all':
    case 'any':
      return { kind, of: partsOf(inner, at) }
    case 'atLeast': {
      const given = only(inner, at, ['count', 'of'])
      const of = partsOf(given.of, `${at}.of`)
      const count = wholeAt(given.count, `${at}.count`, 1, PARTS_MAX)
      if (count > of.length)
        throw neverMet(`${at}.count`, `${count} of ${of.length} rules can never be met`)
      return { kind: 'at-least', count, of }
    }
    case 'not':
      return { kind, of: [parsePart(inner, at, depth + 1, parsing)] }
    case 'erc721':
    case 'erc1155':
    case 'erc20':
    case 'punks':
    case 'traits':
      return parseLeaf(kind, inner, at)
    default:
      throw invalidField(field, `no such rule: ${kind.slice(0, 40)}; there are ${KINDS.join(', ')}`)
  }
}

function parseLeaf(kind: LeafRule['kind'], value: unknown, at: string): LeafRule {
  switch (kind) {
    case 'erc20': {
      const given = only(value, at, ['token', 'min', 'delegates'])
      const collection = addressAt(given.token, `${at}.token`)
      const delegates = flagAt(given.delegates, `${at}.delegates`)
      return { kind, collection, min: minAt(given.min, at), delegates }
    }
    case 'erc1155': {
      const given = only(value, at, ['collection', 'tokenIds', 'min', 'delegates'])
      const collection = addressAt(given.collection, `${at}.collection`)
      const tokens = rangesAt(given.tokenIds, `${at}.tokenIds`)
      if (!tokens)
        throw invalidField(`${at}.tokenIds`, 'missing; ERC-1155 has amounts of single ids only')
      if (countTokens(tokens) > TOKENS_READ_MAX)
        throw invalidField(`${at}.tokenIds`, `more than ${TOKENS_READ_MAX} ids; name fewer`)
      const delegates = flagAt(given.delegates, `${at}.delegates`)
      return { kind, collection, tokens, min: minAt(given.min, at), delegates }
    }
    case 'punks': {
      const given = only(value, at, ['collection', 'tokenIds', 'min', 'delegates'])
      const collection = addressAt(given.collection, `${at}.collection`)
      const tokens = rangesAt(given.tokenIds, `${at}.tokenIds`)
      if (tokens && countTokens(tokens) > TOKENS_READ_MAX)
        throw invalidField(
          `${at}.tokenIds`,
          `more than ${TOKENS_READ_MAX} ids; name fewer, or none`,
        )
      const delegates = flagAt(given.delegates, `${at}.delegates`)
      return { kind, collection, tokens, min: minOf(given.min, at, tokens, PUNKS), delegates }
    }
    case 'traits': {
      const given = only(value, at, ['collection', 'traits', 'min', 'delegates'])
      const collection = addressAt(given.collection, `${at}.collection`)
      return {
        kind,
        collection,
        traits: traitsAt(given.traits, `${at}.traits`),
        min: minAt(given.min, at),
        delegates: flagAt(given.delegates, `${at}.delegates`),
      }
    }
    case 'erc721': {
      const given = only(value, at, [
        'collection',
        'tokenIds',
        'min',
        'heldForBlocks',
        'heldForDays',
        'delegates',
      ])
      const collection = addressAt(given.collection, `${at}.collection`)
      const tokens = rangesAt(given.tokenIds, `${at}.tokenIds`)
      const min = minOf(given.min, at, tokens, UINT256_MAX)
      const delegates = flagAt(given.delegates, `${at}.delegates`)
      return { kind, collection, tokens, min, heldFor: heldAt(given, at), delegates }
    }
    default:
      return kind satisfies never
  }
}

const TRAITS_MAX = 20
const VALUES_MAX = 100
const TRAIT_CHARACTERS_MAX = 200

/** `{"Sky": ["Blue", "Red"], "Hat": "None"}`: of each trait one of its values. */
function traitsAt(value: unknown, field: string): TraitsRule['traits'] {
  const want = `it takes an object of 1 to ${TRAITS_MAX} traits, each with a value or a list of values: {"Sky": ["Blue"]}`
  if (typeof value !== 'object' || value === null) throw invalidField(field, want)
  // GraphQL has no objects of any member: there it is a list of traits.
  const entries: [string, unknown][] = Array.isArray(value)
    ? value.map((each: unknown, index) => {
        const given = only(each, `${field}[${index}]`, ['traitType', 'values'])
        return [typeof given.traitType === 'string' ? given.traitType : '', given.values]
      })
    : Object.entries(value)
  if (entries.length === 0 || entries.length > TRAITS_MAX) throw invalidField(field, want)
  return entries.map(([traitType, given]) => {
    const where = `${field}.${traitType.slice(0, 40)}`
    const values: unknown[] = Array.isArray(given) ? given : [given]
    if (values.length === 0 || values.length > VALUES_MAX)
      throw invalidField(where, `it takes a list of 1 to ${VALUES_MAX} values`)
    return {
      traitType,
      values: values.map((each) => {
        if (typeof each === 'string' && each.length <= TRAIT_CHARACTERS_MAX) return each
        if (typeof each === 'number' || typeof each === 'boolean') return String(each)
        throw invalidField(where, `a value is a text of up to ${TRAIT_CHARACTERS_MAX} characters`)
      }),
    }
  })
}

/** No more of distinct tokens than there are. */
function minOf(
  value: unknown,
  at: string,
  tokens: readonly TokenRange[] | null,
  max: bigint,
): bigint {
  const min = minAt(value, at)
  const count = tokens ? countTokens(tokens) : max
  if (min > count) throw neverMet(`${at}.min`, `${min} of ${count} tokens can never be met`)
  return min
}

const neverMet = (field: string, why: string): AppError =>
  invalidField(field, `${why}; ask for fewer`, { reason: 'never-met' })

function heldAt(given: Readonly<Record<string, unknown>>, at: string): HeldFor | null {
  const { heldForBlocks, heldForDays } = given
  if (heldForBlocks != null && heldForDays != null)
    throw invalidField(`${at}.heldForDays`, 'heldForBlocks is given too; give one of them')
  if (heldForBlocks != null)
    return {
      unit: 'blocks',
      count: wholeAt(heldForBlocks, `${at}.heldForBlocks`, 1, HELD_MAX.blocks),
    }
  if (heldForDays != null)
    return { unit: 'days', count: wholeAt(heldForDays, `${at}.heldForDays`, 1, HELD_MAX.days) }
  return null
}

const RANGE = /^(\d{1,78})(?:-(\d{1,78}))?$/

/** `["1", "10-20"]`; merged, ascending. */
function rangesAt(value: unknown, field: string): TokenRange[] | null {
  if (value == null) return null
  if (!Array.isArray(value) || value.length === 0 || value.length > ENTRIES_MAX)
    throw invalidField(
      field,
      `it takes a list of 1 to ${ENTRIES_MAX} ids or ranges: ["1", "10-20"]`,
    )
  const ranges = value.map((each: unknown, index): TokenRange => {
    const where = `${field}[${index}]`
    const match = RANGE.exec(typeof each === 'bigint' ? each.toString() : textOf(each))
    if (!match)
      throw invalidField(where, 'it takes an id in decimal digits, or a range like "10-20"')
    const from = BigInt(match[1] as string)
    const to = BigInt(match[2] ?? (match[1] as string))
    if (to > UINT256_MAX) throw invalidField(where, 'no token id is above 2^256 - 1')
    if (from > to) throw invalidField(where, `the range is inverted; write "${to}-${from}"`)
    return { from, to }
  })
  const merged: TokenRange[] = []
  for (const range of ranges.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = merged.at(-1)
    if (last && range.from <= last.to + 1n)
      merged[merged.length - 1] = { from: last.from, to: range.to > last.to ? range.to : last.to }
    else merged.push(range)
  }
  return merged
}

/** Ids of JSON are text; a small one may be a number. */
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : Number.isSafeInteger(value) ? String(value) : ''

/** `min` of a leaf: 1 unless given. */
function minAt(value: unknown, at: string): bigint {
  if (value == null) return 1n
  const text = typeof value === 'bigint' ? value.toString() : textOf(value)
  if (!/^\d{1,78}$/.test(text)) throw invalidField(`${at}.min`, 'it takes a whole number in digits')
  const min = BigInt(text)
  if (min === 0n) throw invalidField(`${at}.min`, 'it must be more than 0')
  if (min > UINT256_MAX) throw neverMet(`${at}.min`, 'nobody holds more than 2^256 - 1')
  return min
}

/** False unless given. */
function flagAt(value: unknown, field: string): boolean {
  if (value == null) return false
  if (typeof value === 'boolean') return value
  throw invalidField(field, 'it takes true or false')
}

function wholeAt(value: unknown, field: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max)
    return value
  throw invalidField(field, `it takes a whole number from ${min} to ${max}`)
}

function addressAt(value: unknown, field: string): Address {
  if (typeof value !== 'string')
    throw invalidField(field, 'missing; it takes an address (0x and 40 hex digits)')
  return parseAddress(value.slice(0, 80), field)
}

function objectAt(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw invalidField(field, `it takes an object with one member: ${KINDS.join(', ')}`)
}

/** The members of an object, of which only those may be there. */
function only(
  value: unknown,
  field: string,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidField(field, `it takes an object with ${names.join(', ')}`)
  for (const name of Object.keys(value))
    if (!names.includes(name))
      throw invalidField(
        `${field}.${name.slice(0, 40)}`,
        `no such member; there are ${names.join(', ')}`,
      )
  return value as Readonly<Record<string, unknown>>
}
