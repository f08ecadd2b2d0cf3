import { z } from 'zod'
import { apiSection } from './sections/api.ts'
import { chainSection } from './sections/chain.ts'
import { discordSection } from './sections/discord.ts'
import { identitySection } from './sections/identity.ts'
import { indexerSection } from './sections/indexer.ts'
import { metadataSection } from './sections/metadata.ts'
import { ownershipSection } from './sections/ownership.ts'
import { pointsSection } from './sections/points.ts'
import { quotesSection } from './sections/quotes.ts'
import { relaySection } from './sections/relay.ts'
import { sourcesSection } from './sections/sources.ts'
import { placeOfOne, rawOfOne, rawSection, recordsSection, storeSection } from './sections/store.ts'
import { webhooksSection } from './sections/webhooks.ts'
import { workersSection } from './sections/workers.ts'

/** What is said of each chain. A new section is a file and a line here, in the schema below, and in `Settings`. */
export const chainSections = {
  chain: chainSection,
  sources: sourcesSection,
  quotes: quotesSection,
  ownership: ownershipSection,
  relay: relaySection,
} as const

/** What is said once, however many chains there are. Likewise. */
export const commonSections = {
  store: storeSection,
  raw: rawSection,
  records: recordsSection,
  api: apiSection,
  identity: identitySection,
  discord: discordSection,
  points: pointsSection,
  indexer: indexerSection,
  workers: workersSection,
  webhooks: webhooksSection,
  metadata: metadataSection,
} as const

export const sections = { ...chainSections, ...commonSections } as const

const ofChain = {
  chain: sections.chain.schema,
  sources: sections.sources.schema,
  quotes: sections.quotes.schema,
  ownership: sections.ownership.schema,
  relay: sections.relay.schema,
} as const

const inCommon = {
  $schema: z.string().optional(),
  store: sections.store.schema,
  raw: sections.raw.schema,
  records: sections.records.schema,
  api: sections.api.schema,
  identity: sections.identity.schema,
  discord: sections.discord.schema,
  points: sections.points.schema,
  indexer: sections.indexer.schema,
  workers: sections.workers.schema,
  webhooks: sections.webhooks.schema,
  metadata: sections.metadata.schema,
} as const

/** A file of one chain. */
export const oneChainSchema = z
  .strictObject({ ...ofChain, ...inCommon })
  .meta({ id: 'HalyardConfig', title: 'Halyard configuration' })

const oneOfMany = z.strictObject({ ...ofChain, store: placeOfOne, raw: rawOfOne })

/** A file of several chains: each has a name, and under it the sections that a file of one chain has at its top. */
export const manyChainsSchema = z
  .strictObject({
    chains: z.record(z.string(), oneOfMany).meta({
      description:
        'The chains by name: small letters, digits and dashes, a letter first. Each has the sections chain, sources, quotes, ownership and relay as a file of one chain has them',
    }),
    defaultChain: z.string().optional().meta({
      description: 'The chain that is meant where none is named; the first one unless given',
    }),
    ...inCommon,
  })
  .meta({ id: 'HalyardConfigOfChains', title: 'Halyard configuration of several chains' })

export type OneChainFile = z.output<typeof oneChainSchema>
export type ManyChainsFile = z.output<typeof manyChainsSchema>

/** The JSON Schema (draft 2020-12) of what a configuration file may hold. */
export const configJsonSchema = (): object =>
  z.toJSONSchema(z.union([oneChainSchema, manyChainsSchema]), { io: 'input' })
