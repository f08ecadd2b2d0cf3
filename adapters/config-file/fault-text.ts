import type { z } from 'zod'
import { pathText } from './sections/path-text.ts'

/** One line for a fault of the schema, or for each setting that there is not. */
export function describeIssue(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${pathText([...issue.path, key])}: no such setting`)
  return [`${pathText(issue.path)}: ${issue.message}`]
}

/** What a value is to be, by the schema's name for its type. */
const wanted: Readonly<Record<string, string>> = {
  object: 'a section { }',
  array: 'a list [ ]',
  string: 'a text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

/** A word is shown, what is longer may be a secret. */
const SHOWN_LENGTH_MAX = 16

/** What is there instead. `isWord`: where words are chosen from, the one that was written helps. */
function found(value: unknown, isWord: boolean): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string')
    return isWord && value.length <= SHOWN_LENGTH_MAX ? JSON.stringify(value) : 'a text'
  return typeof value === 'object' && value !== null ? 'a section' : String(value)
}

/** What to write, for a fault that the schema itself has no words for. */
export function explainIssue(issue: z.core.$ZodRawIssue): string {
  const { want, about } = explainWant(issue)
  if (about === undefined) return `missing; it takes ${want}`
  const isWord = issue.code === 'invalid_value' || issue.code === 'invalid_union'
  return `it takes ${want}; here is ${found(about, isWord)}`
}

type Want = { readonly want: string; readonly about: unknown }

function explainWant(issue: z.core.$ZodRawIssue): Want {
  const { input: about } = issue
  if (issue.code === 'invalid_type')
    return { want: wanted[issue.expected] ?? `a value of type ${issue.expected}`, about }
  if (issue.code === 'invalid_value') return { want: anyOf(issue.values), about }
  if (issue.code === 'too_small')
    return { want: boundText(issue.origin, 'at least', issue.minimum), about }
  if (issue.code === 'too_big')
    return { want: boundText(issue.origin, 'at most', issue.maximum), about }
  if (issue.code === 'invalid_union') {
    const { discriminator, options } = issue as { discriminator?: string; options?: unknown[] }
    if (discriminator !== undefined && options)
      return { want: anyOf(options), about: (about as Record<string, unknown>)[discriminator] }
  }
  return { want: 'another value', about }
}

const anyOf = (values: readonly unknown[]): string => {
  const texts = values.map((value) => JSON.stringify(value))
  return texts.length > 1 ? `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}` : texts.join('')
}

/** What a bound counts, by the schema's name for the type. */
const counted: Readonly<Record<string, string>> = { string: ' letter', array: ' entry' }

const boundText = (origin: string, word: string, bound: number | bigint): string =>
  `${word} ${bound}${counted[origin] ?? ''}`
