import { z } from 'zod'
import { SCOPES } from '#core/access/scope.ts'
import { secretsOfUrl } from './secrets.ts'
import { section } from './section.ts'
import { host, port, redisUrl } from './values.ts'

/** A program that may do more than a stranger. */
const apiKey = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'not 1 to 32 small letters, digits and dashes, a letter first')
    .meta({ description: 'Whose key it is, as the ledger records it; never given to another' }),
  key: z
    .string()
    .regex(/^[\w.~-]{32,200}$/, 'not 32 to 200 letters, digits or _.~-')
    .meta({ description: 'What the program sends as Authorization: Bearer; best as ${NAME}' }),
  scopes: z.array(z.enum(SCOPES)).min(1, 'it names none').meta({
    description: 'What the key is good for',
  }),
})

const schema = z.strictObject({
  host: host.default('127.0.0.1'),
  port: port.default(4_000),
  metricsHost: host.default('127.0.0.1').meta({
    description:
      'Where metrics listen, whatever host is; 0.0.0.0 where a scraper of another machine asks',
  }),
  metricsPort: port.default(9_464),
  development: z.boolean().default(false).meta({
    description:
      'Serves GraphiQL and the page of the REST reference, and tells clients the cause of internal errors',
  }),
  lagSecondsMax: z.int().min(1).default(60).meta({
    description:
      '/ready answers 503 when the newest indexed block is older than the chain’s by more',
  }),
  proxies: z.int().min(0).max(10).default(0).meta({
    description:
      'How many proxies stand before the API: clients are told apart by X-Forwarded-For, as far as those proxies wrote it',
  }),
  ratePerSecond: z.int().min(0).max(1_000_000).default(200).meta({
    description:
      'Points that a client gets back each second: a request costs 1, a quote 10 more; 0 for no limit',
  }),
  rateBurst: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(2_000)
    .meta({ description: 'Points that a client may spend at once' }),
  redis: redisUrl.meta({
    description:
      'Where several API processes count the points of clients together; each counts for itself unless given',
  }),
  keys: z.array(apiKey).max(100, 'more than 100').default([]).meta({
    description: 'Programs that may read, grant or spend points',
  }),
})

export type ApiSettings = z.output<typeof schema>

export const apiSection = section({
  schema: schema.prefault({}),
  toSettings: (raw): ApiSettings => raw,
  secrets: ({ redis, keys }) => [
    ...(redis === null ? [] : secretsOfUrl(redis)),
    ...keys.map(({ key }) => key),
  ],
  faults: ({ keys }) =>
    keys.flatMap(({ name, key }, index) => {
      const before = keys.slice(0, index)
      return [
        ...(before.some((other) => other.name === name)
          ? [`api.keys[${index}].name: another key has it; give each its own`]
          : []),
        ...(before.some((other) => other.key === key)
          ? [`api.keys[${index}].key: another name has it; give each its own`]
          : []),
      ]
    }),
})
