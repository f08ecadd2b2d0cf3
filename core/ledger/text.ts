/** Amounts are text in JSON; a field that holds one ends in this, whether it may be null or not. */
const AMOUNT_SUFFIX = 'Raw'

/** A value as JSON without white space, its bigints as decimal text. Fields keep the order in which they were made. */
export const toText = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))

/** The value that `toText` wrote. @throws SyntaxError where it is no JSON, or an amount is no number */
export const fromText = (text: string): unknown => withAmounts(JSON.parse(text))

/** Makes bigints of the amounts within a value that JSON was read into, which is changed. */
export function withAmounts(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (const each of value) withAmounts(each)
    return value
  }
  const members = value as Record<string, unknown>
  for (const name in members) {
    const member = members[name]
    if (typeof member === 'string') {
      if (name.endsWith(AMOUNT_SUFFIX)) members[name] = BigInt(member)
    } else if (typeof member === 'object') withAmounts(member)
  }
  return value
}
