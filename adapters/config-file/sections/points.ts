import { z } from 'zod'
import type { EarningRule } from '#core/earning/rule.ts'
import { describeEvents, type EarningRuleRaw, earningRule, toRule } from './earning-rules.ts'
import { section } from './section.ts'
import { host, port } from './values.ts'

/** A rule, and the chain that it is about as the file names it; null: the default one. */
type ConfiguredRule = { readonly chain: string | null; readonly rule: EarningRule }

/** The ledger of points that this deployment keeps; null: none. */
export type PointsSettings = {
  /** Its name in people's records. */
  readonly ledger: string
  readonly rules: readonly ConfiguredRule[]
  readonly keeper: {
    readonly host: string
    readonly port: number
    readonly earnMs: number
    readonly sweepMs: number
    readonly auditMs: number
  }
} | null

const seconds = (fallback: number, description: string) =>
  z.int().min(1).max(86_400).default(fallback).meta({ description })

const schema = z.strictObject({
  ledger: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9:._@~-]{0,99}$/, 'not 1 to 100 letters, digits or :._@~-')
    .default('points')
    .meta({ description: 'The name of the ledger in the records' }),
  rules: z
    .array(earningRule)
    .max(200, 'more than 200')
    .default([])
    .meta({ description: 'What on a chain earns points; docs/points.md says how' }),
  keeper: z
    .strictObject({
      host: host.default('127.0.0.1'),
      port: port.default(9_466),
      earnSeconds: seconds(5, 'How often it looks for new blocks to earn from'),
      sweepSeconds: seconds(60, 'How often it looks for holds and points that have lapsed'),
      auditSeconds: seconds(3_600, 'How long it rests between two audits of the whole ledger'),
    })
    .prefault({})
    .meta({
      description: 'How `halyard points keep` works, and where its probes and metrics listen',
    }),
})

type Raw = z.output<typeof schema>

export const pointsSection = section({
  schema: schema.nullable().default(null),
  toSettings: (raw: Raw | null): PointsSettings =>
    raw
      ? {
          ledger: raw.ledger,
          rules: raw.rules.map((each) => ({ chain: each.chain ?? null, rule: toRule(each) })),
          keeper: {
            host: raw.keeper.host,
            port: raw.keeper.port,
            earnMs: raw.keeper.earnSeconds * 1_000,
            sweepMs: raw.keeper.sweepSeconds * 1_000,
            auditMs: raw.keeper.auditSeconds * 1_000,
          },
        }
      : null,
  faults: (raw) => [...namedTwice(raw?.rules ?? []), ...describeEvents(raw?.rules ?? [])],
})

/** A name stands for one rule in the ledger. */
const namedTwice = (rules: readonly EarningRuleRaw[]): string[] =>
  rules.flatMap(({ name }, index) =>
    rules.slice(0, index).some((other) => other.name === name)
      ? [`points.rules[${index}].name: another rule has it; give each its own`]
      : [],
  )
