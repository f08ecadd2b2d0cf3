import { z } from 'zod'
import { secretsOfUrl } from './secrets.ts'
import { section } from './section.ts'
import { redisUrl } from './values.ts'

const schema = z.strictObject({
  rangeBlocks: z.int().min(1).max(100_000).default(1_000).meta({
    description:
      'How many blocks processes that share a backfill take at a time; the same in all of them',
  }),
  concurrency: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .meta({ description: 'How many such ranges a process collects at once' }),
  redis: redisUrl.meta({
    description:
      'Where BullMQ tells processes of ranges; without it each looks into the table of ranges now and then',
  }),
})

export type WorkersSettings = z.output<typeof schema>

/** How processes share a backfill. */
export const workersSection = section({
  schema: schema.prefault({}),
  toSettings: (raw): WorkersSettings => raw,
  secrets: ({ redis }) => (redis === null ? [] : secretsOfUrl(redis)),
})
