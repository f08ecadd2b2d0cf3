import { z } from 'zod'
import type { EarningRule, Rate } from '#core/earning/rule.ts'
import { assert } from '#core/errors.ts'
import { type EventChoice, readEvent } from './rule-event.ts'
import { address, toAddress } from './values.ts'

/** An amount in raw units, as text, since numbers of JSON have 53 bits. */
const amount = z
  .string()
  .regex(/^[1-9]\d{0,59}$/, 'not a whole number above 0 in decimal digits, in quotes')
const points = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, 'not a whole number of points above 0 in decimal digits, in quotes')

const rate = {
  points: points.meta({ description: 'So many points, in raw units' }),
  per: amount.meta({ description: 'For each so many raw units of what is counted' }),
}

const common = {
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,23}$/, 'not 1 to 24 small letters, digits and dashes, a letter first')
    .meta({ description: 'Names the rule in the ledger, for good' }),
  version: z.int().min(1).max(9_999).default(1).meta({
    description: 'Raise it with every change of the rule',
  }),
  chain: z.string().optional().meta({
    description: 'The name or id of the chain; the default one unless given',
  }),
  asset: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'not 1 to 32 small letters, digits or dashes, a letter first')
    .default('points'),
  startsAt: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$/, 'not a time such as 2026-12-01T00:00:00Z')
    .refine((text) => !Number.isNaN(Date.parse(text)), 'not a time such as 2026-12-01T00:00:00Z')
    .meta({ description: 'The first period begins then or later (UTC)' }),
  periodMinutes: z.int().min(1).max(525_600).default(1_440).meta({
    description: 'How long a period is, for which caps are and in which tokens are held',
  }),
  cap: points.nullable().default(null).meta({
    description: 'The most that one account earns in a period; null: no limit',
  }),
  exclude: z.array(address).max(1_000, 'more than 1000').default([]).meta({
    description: 'Accounts that earn nothing, as routers and treasuries',
  }),
}

export const earningRule = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('swap-volume'),
    ...common,
    pool: address,
    side: z.union([z.literal(0), z.literal(1)]).meta({
      description: 'Which token of the pool is counted, 0 or 1',
    }),
    ...rate,
  }),
  z.strictObject({
    kind: z.literal('token-transfer'),
    ...common,
    token: address,
    from: address.nullable().default(null),
    to: address.nullable().default(null),
    earns: z.enum(['sender', 'receiver']),
    ...rate,
  }),
  z.strictObject({
    kind: z.literal('contract-event'),
    ...common,
    contract: address.meta({ description: 'A source of the kind contract-events' }),
    event: z.string().meta({
      description:
        'As Solidity declares it, with names: Staked(address indexed account, uint256 amount)',
    }),
    account: z.string().default('account').meta({ description: 'The value that is who earns' }),
    amount: z.string().nullable().default(null).meta({
      description: 'The value that is counted; null: each event is one',
    }),
    where: z.record(z.string(), z.string()).default({}).meta({
      description: 'Only events whose values are these: numbers in decimal digits, others in hex',
    }),
    points: rate.points,
    per: amount.default('1').meta({ description: 'For each so many raw units of what is counted' }),
  }),
  z.strictObject({
    kind: z.literal('nft-held'),
    ...common,
    collection: address,
    points: points.meta({ description: 'For each token that is held all through a period' }),
  }),
  z.strictObject({
    kind: z.literal('liquidity'),
    ...common,
    pool: address,
    manager: address.nullable().default(null).meta({
      description: 'The position manager, whose positions count for whoever holds them',
    }),
    points: rate.points,
    per: amount.meta({ description: 'For each so many units of liquidity times seconds' }),
  }),
])

export type EarningRuleRaw = z.output<typeof earningRule>

const rateOf = (raw: { readonly points: string; readonly per: string }): Rate => ({
  pointsRaw: BigInt(raw.points),
  perRaw: BigInt(raw.per),
})
const addressOrNull = (text: string | null) => (text === null ? null : toAddress(text))

const eventOf = (
  raw: Extract<EarningRuleRaw, { readonly kind: 'contract-event' }>,
): EventChoice => {
  const event = readEvent(raw)
  assert(!('faults' in event), 'faults of a rule are told before it is used')
  return event
}

/** What is wrong with rules whose values are right by themselves. */
export const describeEvents = (rules: readonly EarningRuleRaw[]): string[] =>
  rules.flatMap((rule, index) => {
    if (rule.kind !== 'contract-event') return []
    const event = readEvent(rule)
    if (!('faults' in event)) return []
    return event.faults.map(([setting, why]) => `points.rules[${index}].${setting}: ${why}`)
  })

/** A rule that the schema has let through, in the terms of core. */
export function toRule(raw: EarningRuleRaw): EarningRule {
  const of = {
    name: raw.name,
    version: raw.version,
    asset: raw.asset,
    startsAt: Math.floor(Date.parse(raw.startsAt) / 1_000),
    periodSeconds: raw.periodMinutes * 60,
    capRaw: raw.cap === null ? null : BigInt(raw.cap),
    exclude: raw.exclude.map(toAddress),
  }
  switch (raw.kind) {
    case 'swap-volume':
      return { ...of, kind: raw.kind, pool: toAddress(raw.pool), side: raw.side, rate: rateOf(raw) }
    case 'token-transfer':
      return {
        ...of,
        kind: raw.kind,
        token: toAddress(raw.token),
        from: addressOrNull(raw.from),
        to: addressOrNull(raw.to),
        earns: raw.earns,
        rate: rateOf(raw),
      }
    case 'contract-event':
      return {
        ...of,
        kind: raw.kind,
        contract: toAddress(raw.contract),
        ...eventOf(raw),
        rate: rateOf(raw),
      }
    case 'nft-held':
      return {
        ...of,
        kind: raw.kind,
        collection: toAddress(raw.collection),
        pointsRaw: BigInt(raw.points),
      }
    case 'liquidity':
      return {
        ...of,
        kind: raw.kind,
        pool: toAddress(raw.pool),
        manager: addressOrNull(raw.manager),
        rate: rateOf(raw),
      }
    default:
      return raw satisfies never
  }
}
