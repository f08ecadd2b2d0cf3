import { z } from 'zod'
import { section } from './section.ts'
import { host, port } from './values.ts'

const schema = z.strictObject({
  host: host.default('127.0.0.1'),
  metricsPort: port.default(9_465),
})

export type IndexerSettings = z.output<typeof schema>

export const indexerSection = section({
  schema: schema.prefault({}),
  toSettings: (raw): IndexerSettings => raw,
})
