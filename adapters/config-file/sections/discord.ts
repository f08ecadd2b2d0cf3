import { z } from 'zod'
import { isAppError, messageOf } from '#core/errors.ts'
import type { RoleRule } from '#core/guild/ports.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import { pathText } from './path-text.ts'
import { section } from './section.ts'
import { host, port } from './values.ts'

/** A rule for a role; its chain as the file names it, undefined: the default one. */
type RoleSetting = Omit<RoleRule, 'chainId'> & { readonly chain: string | undefined }

/** This service as Discord knows it; null: it does not. */
export type DiscordSettings = {
  readonly applicationId: string
  readonly clientSecret: string
  readonly redirectUri: string
  readonly apiUrl: string
  readonly authorizeUrl: string
  /** What Discord signs with: 32 bytes in hex; null: no commands are answered. */
  readonly publicKey: string | null
  /** Where people link their accounts; null: where `redirectUri` is. */
  readonly verifyUrl: string | null
  /** Null: there is no bot, and no role is given. */
  readonly botToken: string | null
  readonly roles: readonly RoleSetting[]
  /** Of what keeps roles. */
  readonly metricsHost: string
  /** Null: nothing listens. */
  readonly metricsPort: number | null
} | null

const url = z
  .string()
  .max(500, 'more than 500 characters')
  .regex(/^https?:\/\/[^\s?#]+$/, 'not an http or https URL without a query')

const snowflake = z.string().regex(/^\d{1,20}$/, 'not an id of Discord, in decimal digits')

const ROLES_MAX = 250

const role = z.strictObject({
  guild: snowflake.meta({ description: 'The guild (server), by its id' }),
  role: snowflake.meta({ description: 'The role, by its id' }),
  rule: z
    .looseObject({})
    .meta({ description: 'What a person has to own, as /v1/ownership/check takes it' }),
  finality: z.enum(['latest', 'safe', 'finalized']).default('latest').meta({
    description: 'How sure the chain has to be of the block that a decision is made at',
  }),
  chain: z.string().optional().meta({
    description: 'The chain of the rule, by name or id; the default one unless given',
  }),
})

const schema = z.strictObject({
  applicationId: snowflake.meta({
    description: 'Of the application in the developer portal of Discord; also its client id',
  }),
  clientSecret: z
    .string()
    .min(1, 'it is empty')
    .max(500, 'more than 500 characters')
    .meta({ description: 'Of the application, for OAuth2' }),
  redirectUri: url.meta({
    description:
      'The page of yours that Discord sends people back to, as it is registered in the developer portal',
  }),
  apiUrl: url.default('https://discord.com/api/v10').meta({
    description: 'Where the API of Discord is; another one for tests',
  }),
  authorizeUrl: url.default('https://discord.com/oauth2/authorize').meta({
    description: 'Where people allow this service to ask who they are',
  }),
  publicKey: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'not a public key (64 hex digits)')
    .nullable()
    .default(null)
    .meta({
      description: 'Of the application, in the developer portal: what commands are signed with',
    }),
  verifyUrl: url.nullable().default(null).meta({
    description: 'The page of yours on which people link their accounts, which the bot names',
  }),
  botToken: z.string().min(1, 'it is empty').max(500).nullable().default(null).meta({
    description: 'Of the bot of the application, which gives and takes roles',
  }),
  roles: z.array(role).max(ROLES_MAX, `more than ${ROLES_MAX}`).default([]).meta({
    description: 'Roles that are given to whoever owns what a rule says, and taken from others',
  }),
  metricsHost: host
    .default('127.0.0.1')
    .meta({ description: 'Where probes and metrics of `halyard roles follow` listen' }),
  metricsPort: port.nullable().default(null).meta({
    description: 'Their port; null: nothing listens',
  }),
})

type Raw = z.output<typeof schema>

export const discordSection = section({
  schema: schema.nullable().default(null),
  toSettings: (raw: Raw | null): DiscordSettings =>
    raw && {
      ...raw,
      apiUrl: raw.apiUrl.replace(/\/+$/, ''),
      roles: raw.roles.map(({ guild, role: id, rule, finality, chain }) => ({
        guild,
        role: id,
        rule: parseRule(rule),
        finality,
        chain,
      })),
    },
  faults: (raw) => (raw ? [...faultsOfRules(raw), ...faultsOfRoles(raw)] : []),
  secrets: (raw) =>
    raw ? [raw.clientSecret, ...(raw.botToken === null ? [] : [raw.botToken])] : [],
})

const placeOf = (index: number): string => pathText(['discord', 'roles', index])

const faultsOfRules = ({ roles }: Raw): string[] =>
  roles.flatMap(({ rule }, index) => {
    try {
      parseRule(rule, `${placeOf(index)}.rule`)
      return []
    } catch (error) {
      if (!isAppError(error, 'invalid')) throw error
      return [messageOf(error)]
    }
  })

function faultsOfRoles({ roles, botToken }: Raw): string[] {
  const faults: string[] = []
  if (roles.length > 0 && botToken === null)
    faults.push('discord.botToken: roles are given by a bot; give its token')
  const seen = new Map<string, number>()
  for (const [index, { guild, role: id }] of roles.entries()) {
    const first = seen.get(`${guild}.${id}`)
    if (first === undefined) seen.set(`${guild}.${id}`, index)
    else
      faults.push(
        `${placeOf(index)}: ${placeOf(first)} is about the same role; write one rule with any, all or atLeast`,
      )
  }
  return faults
}
