import type { Fault, FaultKind, FaultLimits } from './faults.ts'

type FieldsOf<K extends FaultKind> = Omit<Extract<Fault, { kind: K }>, 'kind' | keyof FaultLimits>
type NameOf<T> = T extends number ? 'number' : T extends boolean ? 'yes' : 'text'
type Optional<T, F extends keyof T> = object extends Pick<T, F> ? '?' : ''

type FieldType = `${'number' | 'yes' | 'text'}${'' | '?'}`

/** The fields of each fault; the compiler holds this against `Fault`. */
const FIELDS: {
  readonly [K in FaultKind]: {
    readonly [
      F in keyof FieldsOf<K>
    ]-?: `${NameOf<NonNullable<FieldsOf<K>[F]>>}${Optional<FieldsOf<K>, F>}`
  }
} = {
  'wrong-block-hash': { block: 'number', logIndex: 'number?', receipts: 'yes?' },
  'missing-log': { block: 'number', logIndex: 'number?', receipts: 'yes?' },
  'duplicate-log': { block: 'number', logIndex: 'number?', receipts: 'yes?' },
  'extra-log': { block: 'number', receipts: 'yes?' },
  'empty-logs': { block: 'number?' },
  'null-block': { block: 'number?' },
  'null-receipts': { block: 'number?' },
  'wrong-receipt': { block: 'number', transactionIndex: 'number?' },
  'wrong-header': { block: 'number', field: 'text?', value: 'text?' },
  'wrong-chain-id': { chainId: 'number?' },
  error: { code: 'number', message: 'text' },
  'http-status': { status: 'number', retryAfterSeconds: 'number?' },
  hang: {},
  'truncated-json': {},
  html: {},
  slow: { ms: 'number' },
}

const LIMITS: Readonly<Record<keyof FaultLimits, FieldType>> = { method: 'text?', times: 'number?' }

/** A line a kind, as `parseFault` reads it. */
export const FAULT_FORMS: readonly string[] = Object.entries(FIELDS).map(([kind, fields]) =>
  `${kind} ${Object.entries<FieldType>(fields)
    .map(([name, type]) => (type.endsWith('?') ? `[${name}]` : name))
    .join(' ')}`.trimEnd(),
)

/**
 * Reads a fault as a shell has it: `missing-log:block=10760440,logIndex=5,receipts`.
 *
 * @throws Error that names what is wrong and what there is
 */
export function parseFault(text: string): Fault {
  const [kind, rest = ''] = splitOnce(text, ':')
  if (!Object.hasOwn(FIELDS, kind))
    throw new Error(`no such fault: "${kind}" (there are ${Object.keys(FIELDS).join(', ')})`)
  const fields: Readonly<Record<string, FieldType>> = { ...FIELDS[kind as FaultKind], ...LIMITS }
  const given = new Map(splitFields(rest).map((part) => splitOnce(part, '=')))
  for (const name of given.keys())
    if (!Object.hasOwn(fields, name))
      throw new Error(`${kind} has no "${name}" (it has ${Object.keys(fields).join(', ')})`)
  for (const [name, type] of Object.entries(fields))
    if (!type.endsWith('?') && !given.has(name)) throw new Error(`${kind} needs ${name}`)
  return Object.fromEntries([
    ['kind', kind],
    ...Array.from(given, ([name, value]) => [
      name,
      valueOf(value, fields[name] as FieldType, `${kind} ${name}`),
    ]),
  ]) as Fault
}

/** A message may hold commas: only one before a field's name separates. */
const splitFields = (text: string): string[] =>
  text === '' ? [] : text.split(/,(?=[a-zA-Z]+=|receipts(?:,|$))/)

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function valueOf(value: string | undefined, type: FieldType, what: string): unknown {
  if (type.startsWith('yes')) {
    if (value === undefined || value === 'true') return true
    throw new Error(`${what} takes no value`)
  }
  if (value === undefined) throw new Error(`${what} needs a value`)
  if (type.startsWith('text')) return value
  if (!/^-?\d+$/.test(value)) throw new Error(`${what}: "${value}" is not a whole number`)
  return Number(value)
}
