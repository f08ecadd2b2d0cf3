import { formatAmount } from '#core/amount.ts'
import type { Address } from '#core/chain.ts'
import type { TokenInfo } from '#core/tokens/ports.ts'
import { namelessToken } from '#core/tokens/token-words.ts'
import { type Field, fieldsOn, type Resource, type Type } from './resource.ts'

/** What tokens say of themselves, by address; those that are missing say nothing. */
export type TokenInfos = ReadonlyMap<Address, TokenInfo>

/** Tokens whose own words the items are written with, each once. */
export function tokensOf<T>(resource: Resource<T>, items: readonly T[]): Address[] {
  const found = new Set<Address>()
  if (needsTokens(resource)) for (const item of items) collect(resource, item, found)
  return [...found]
}

const needing = new WeakMap<Resource, boolean>()

/** Whether any field of it, or within it, is made of what tokens say: most lists need not be walked. */
function needsTokens(resource: Resource): boolean {
  const known = needing.get(resource)
  if (known !== undefined) return known
  const needs = fieldsOn('json', resource).some(([, { tokens, type }]) => {
    const inner = innerOf(type)
    return tokens !== undefined || (inner !== undefined && needsTokens(inner))
  })
  needing.set(resource, needs)
  return needs
}

const innerOf = (type: Type): Resource | undefined =>
  type.kind === 'resource' ? type : type.kind === 'list' ? type.of : undefined

function collect(resource: Resource, item: unknown, found: Set<Address>): void {
  for (const [, { tokens, type, value }] of fieldsOn('json', resource)) {
    for (const token of tokens?.(item) ?? []) found.add(token)
    const inner = innerOf(type)
    if (!inner || !needsTokens(inner) || tokens) continue
    const held = value(item, [])
    for (const each of type.kind === 'list' ? (held as unknown[]) : [held])
      if (each !== null) collect(inner, each, found)
  }
}

/**
 * An item as JSON: every field that the resource has there, in its order, null where there is nothing.
 *
 * @param infos of all `tokensOf` it
 */
export function toJson<T>(resource: Resource<T>, item: T, infos: TokenInfos = NONE): object {
  const written: Record<string, unknown> = {}
  for (const [name, each] of fieldsOn('json', resource))
    written[name] = jsonOf(each.type, valueOf(each, item, infos), infos)
  return written
}

/**
 * An item as a line of its own, which no answer surrounds: as JSON, with the fields that an answer says once for all of
 * its items.
 *
 * @param whole where amounts are to be in whole tokens: how many decimals both have
 */
export function toLine<T>(
  resource: Resource<T>,
  item: T,
  infos: TokenInfos = NONE,
  whole?: SideDecimals,
): object {
  const written: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(resource.fields))
    if (!each.only || each.only.includes('json') || each.only.includes('rows'))
      written[name] = jsonOf(each.type, inUnits(each, valueOf(each, item, infos), whole), infos)
  return written
}

/** The decimals of the tokens of a pool; null where they are not known. */
export type SideDecimals = readonly [number | null, number | null]

/** A value of a field; an amount in whole tokens where these are asked for, and then null where that cannot be told. */
export function inUnits(
  { amountOf }: Field,
  value: unknown,
  whole: SideDecimals | undefined,
): unknown {
  if (amountOf === undefined || !whole || typeof value !== 'bigint') return value
  const decimals = whole[amountOf]
  return decimals === null ? null : formatAmount(value, decimals)
}

const NONE: TokenInfos = new Map()

/** The value of a field, with what its tokens say. */
export const valueOf = (
  { value, tokens }: Field,
  item: unknown,
  infos: TokenInfos = NONE,
): unknown =>
  value(
    item,
    tokens?.(item).map((token) => infos.get(token) ?? namelessToken(token, 'unavailable')) ?? [],
  )

function jsonOf(type: Type, value: unknown, infos: TokenInfos): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'scalar':
      return typeof value === 'bigint' ? value.toString() : value
    case 'choice':
    case 'link':
      return value
    case 'resource':
      return toJson(type, value, infos)
    case 'list':
      return (value as readonly unknown[]).map((each) => toJson(type.of, each, infos))
    case 'values':
      return (value as readonly unknown[]).map((each) =>
        typeof each === 'bigint' ? each.toString() : each,
      )
    default:
      return type satisfies never
  }
}
