import { z } from 'zod'
import { section } from './section.ts'

/** This service as Discord knows it; null: it does not. */
export type DiscordSettings = {
  readonly applicationId: string
  readonly clientSecret: string
  readonly redirectUri: string
  readonly apiUrl: string
  readonly authorizeUrl: string
} | null

const url = z
  .string()
  .max(500, 'more than 500 characters')
  .regex(/^https?:\/\/[^\s?#]+$/, 'not an http or https URL without a query')

const snowflake = z.string().regex(/^\d{1,20}$/, 'not an id of Discord, in decimal digits')

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
})

type Raw = z.output<typeof schema>

export const discordSection = section({
  schema: schema.nullable().default(null),
  toSettings: (raw: Raw | null): DiscordSettings =>
    raw && { ...raw, apiUrl: raw.apiUrl.replace(/\/+$/, '') },
  secrets: (raw) => (raw ? [raw.clientSecret] : []),
})
