import { isValueOf, parseDeclaration } from '#core/events/event-declaration.ts'
import type { EarningRule } from '#core/earning/rule.ts'

/** How a rule names an event and its values. */
type EventSetting = {
  readonly event: string
  readonly account: string
  readonly amount: string | null
  readonly where: Readonly<Record<string, string>>
}

export type EventChoice = Pick<
  Extract<EarningRule, { readonly kind: 'contract-event' }>,
  'signature' | 'accountAt' | 'amountAt' | 'where'
>

/** A setting of the rule, and what is wrong with it. */
type Fault = readonly [setting: string, why: string]

/** What a rule means by names of values; what is wrong with it by the setting. */
export function readEvent(raw: EventSetting): EventChoice | { readonly faults: readonly Fault[] } {
  const declared = parseDeclaration(raw.event)
  if (typeof declared === 'string') return { faults: [['event', declared]] }
  const { parameters, signature } = declared
  const faults: Fault[] = []
  const placeOf = (setting: string, name: string, type: RegExp, what: string): number => {
    const at = parameters.findIndex((each) => each.name === name && name !== '')
    if (at < 0)
      faults.push([setting, `the event has no value "${name}"; name one in its declaration`])
    else if (!type.test(parameters[at]?.type ?? ''))
      faults.push([setting, `"${name}" is no ${what}; name a value that is`])
    return at
  }
  const accountAt = placeOf('account', raw.account, /^address$/, 'address')
  const amountAt =
    raw.amount === null ? null : placeOf('amount', raw.amount, /^uint/, 'unsigned number')
  const where = Object.entries(raw.where).map(([name, text]) => {
    const at = placeOf(`where.${name}`, name, /./, 'value')
    const word = wordOf(parameters[at]?.type ?? '', text)
    if (at >= 0 && word === undefined)
      faults.push([`where.${name}`, `"${text}" is no ${parameters[at]?.type}`])
    return { at, word: word ?? 0n }
  })
  return faults.length > 0 ? { faults } : { signature, accountAt, amountAt, where }
}

/** A value as its event has it; undefined for what is none of the type. */
function wordOf(type: string, text: string): bigint | undefined {
  if (type === 'bool') return text === 'true' ? 1n : text === 'false' ? 0n : undefined
  if (/^u?int/.test(type)) {
    if (!/^-?\d{1,78}$/.test(text)) return undefined
    const word = BigInt.asUintN(256, BigInt(text))
    const read = type.startsWith('u') ? word : BigInt.asIntN(256, word)
    return read === BigInt(text) && isValueOf(type, word) ? word : undefined
  }
  const bytes = type === 'address' ? 20 : Number(type.slice('bytes'.length))
  if (!/^0x[0-9a-fA-F]+$/.test(text) || text.length !== 2 + 2 * bytes) return undefined
  // Bytes are at the front of their word, an address is at its end.
  return BigInt(text) << BigInt(type === 'address' ? 0 : 256 - 8 * bytes)
}
