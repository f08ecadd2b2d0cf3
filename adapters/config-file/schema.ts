import { z } from 'zod'
import { apiSection } from './sections/api.ts'
import { chainSection } from './sections/chain.ts'
import { indexerSection } from './sections/indexer.ts'
import { ownershipSection } from './sections/ownership.ts'
import { quotesSection } from './sections/quotes.ts'
import { sourcesSection } from './sections/sources.ts'
import { rawSection, recordsSection, storeSection } from './sections/store.ts'
import { workersSection } from './sections/workers.ts'

/** Every section of the file. A new one is a file and a line here, and a line in `Settings`. */
export const sections = {
  chain: chainSection,
  store: storeSection,
  raw: rawSection,
  records: recordsSection,
  sources: sourcesSection,
  api: apiSection,
  indexer: indexerSection,
  workers: workersSection,
  quotes: quotesSection,
  ownership: ownershipSection,
} as const

export const configSchema = z
  .strictObject({
    $schema: z.string().optional(),
    chain: sections.chain.schema,
    store: sections.store.schema,
    raw: sections.raw.schema,
    records: sections.records.schema,
    sources: sections.sources.schema,
    api: sections.api.schema,
    indexer: sections.indexer.schema,
    workers: sections.workers.schema,
    quotes: sections.quotes.schema,
    ownership: sections.ownership.schema,
  })
  .meta({ id: 'HalyardConfig', title: 'Halyard configuration' })

export type ConfigFile = z.output<typeof configSchema>

/** The JSON Schema (draft 2020-12) of what a configuration file may hold. */
export const configJsonSchema = (): object => z.toJSONSchema(configSchema, { io: 'input' })
