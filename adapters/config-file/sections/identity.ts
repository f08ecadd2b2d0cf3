import { z } from 'zod'
import { section } from './section.ts'

/** How people sign in; null: they cannot. */
export type IdentitySettings = {
  readonly domains: readonly string[]
  readonly uris: readonly string[]
  /** Whose pages may ask for what is a person's from another site, by token. */
  readonly origins: readonly string[]
  readonly secret: string
  readonly sessionMs: number
  readonly unlinkCoolDownMs: number
} | null

const HOUR_MS = 3_600_000

const schema = z.strictObject({
  domains: z
    .array(
      z.string().regex(/^[A-Za-z0-9.:[\]-]{1,255}$/, 'not a host, with its port where it has one'),
    )
    .min(1, 'it names none')
    .max(20, 'more than 20')
    .meta({ description: 'Hosts that people sign in to, as wallets show them: example.org' }),
  uris: z
    .array(z.string().regex(/^https?:\/\/[^\s?#]{1,500}$/, 'not an http or https URL'))
    .min(1, 'it names none')
    .max(20, 'more than 20')
    .meta({ description: 'What the URI of a message may begin with: https://example.org' }),
  origins: z
    .array(
      z
        .string()
        .refine(
          (text) => URL.parse(text)?.origin === text,
          'not an origin, as https://app.example.org',
        )
        .refine((text) => /^https?:/.test(text), 'not of http or https'),
    )
    .max(20, 'more than 20')
    .default([])
    .meta({
      description:
        'Sites whose pages may sign people in from another origin than that of the API: https://app.example.org. They show the token of a session; no cookie goes with what they ask',
    }),
  secret: z
    .string()
    .min(32, 'shorter than 32 characters')
    .max(500, 'more than 500 characters')
    .meta({
      description:
        'What sessions are signed with: 32 random characters or more, the same for all processes. Another one ends all sessions',
    }),
  sessionHours: z.int().min(1).max(8_760).default(168).meta({
    description: 'How long somebody who does nothing stays signed in',
  }),
  unlinkCoolDownHours: z.int().min(0).max(8_760).default(72).meta({
    description: 'How long a wallet that was unlinked from a person is given to nobody else',
  }),
})

type Raw = z.output<typeof schema>

export const identitySection = section({
  schema: schema.nullable().default(null),
  toSettings: (raw: Raw | null): IdentitySettings =>
    raw
      ? {
          domains: raw.domains,
          uris: raw.uris,
          origins: raw.origins,
          secret: raw.secret,
          sessionMs: raw.sessionHours * HOUR_MS,
          unlinkCoolDownMs: raw.unlinkCoolDownHours * HOUR_MS,
        }
      : null,
  secrets: (raw) => (raw ? [raw.secret] : []),
})
