import { z } from 'zod'
import { secretsOfUrl } from './secrets.ts'
import { section } from './section.ts'
import { host, port, redisUrl } from './values.ts'

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
})

export type ApiSettings = z.output<typeof schema>

export const apiSection = section({
  schema: schema.prefault({}),
  toSettings: (raw): ApiSettings => raw,
  secrets: ({ redis }) => (redis === null ? [] : secretsOfUrl(redis)),
})
