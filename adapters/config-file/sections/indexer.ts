import { z } from 'zod'
import { section } from './section.ts'
import { host, port } from './values.ts'

const schema = z.strictObject({
  host: host.default('127.0.0.1'),
  metricsPort: port.default(9_465),
  audit: z
    .union([z.literal('off'), z.int().min(1).max(86_400)], {
      error: '"off" or a number of seconds from 1 to 86400',
    })
    .default(300)
    .meta({
      description:
        'How often one random final block is proven again and compared with what is stored of it, in seconds',
    }),
})

export type IndexerSettings = Omit<z.output<typeof schema>, 'audit'> & {
  /** Milliseconds between one block and the next; null: none is audited. */
  readonly auditEveryMs: number | null
}

export const indexerSection = section({
  schema: schema.prefault({}),
  toSettings: ({ audit, ...raw }): IndexerSettings => ({
    ...raw,
    auditEveryMs: audit === 'off' ? null : audit * 1_000,
  }),
})
