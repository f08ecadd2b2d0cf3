import { z } from 'zod'
import type { Gateways } from '#core/nft/metadata/places.ts'
import { section } from './section.ts'
import { host, hostsAndPorts, port, toHostsAndPorts } from './values.ts'

/** How metadata of tokens is fetched; null: it is not kept. */
export type MetadataSettings = {
  readonly gateways: Gateways
  /** Hosts with their ports that are asked although they are not of the public internet. */
  readonly allowed: readonly string[]
  readonly metricsHost: string
  /** Null: nothing listens. */
  readonly metricsPort: number | null
} | null

const GATEWAYS_MAX = 10

const gateways = (fallback: readonly string[], description: string) =>
  z
    .array(
      z
        .string()
        .max(500, 'more than 500 characters')
        .regex(/^https?:\/\/[^\s?#]+\/$/, 'not an http or https URL that ends in "/"'),
    )
    .max(GATEWAYS_MAX, `more than ${GATEWAYS_MAX}`)
    .default([...fallback])
    .meta({ description })

const schema = z.strictObject({
  ipfsGateways: gateways(
    ['https://ipfs.io/ipfs/', 'https://dweb.link/ipfs/'],
    'What stands in front of the path of an ipfs:// URI, tried in this order',
  ),
  arweaveGateways: gateways(
    ['https://arweave.net/'],
    'What stands in front of the path of an ar:// URI, tried in this order',
  ),
  metricsHost: host
    .default('127.0.0.1')
    .meta({ description: 'Where probes and metrics of `halyard metadata fetch` listen' }),
  metricsPort: port.nullable().default(null).meta({
    description: 'Their port; null: nothing listens',
  }),
  allowed: hostsAndPorts.meta({
    description:
      'Hosts with their ports that documents are fetched from wherever they are, as a gateway of your own: ipfs.internal:8080. All others must have public addresses',
  }),
})

type Raw = z.output<typeof schema>

export const metadataSection = section({
  schema: schema.nullable().default(null),
  toSettings: (raw: Raw | null): MetadataSettings =>
    raw && {
      gateways: { ipfs: raw.ipfsGateways, arweave: raw.arweaveGateways },
      allowed: toHostsAndPorts(raw.allowed),
      metricsHost: raw.metricsHost,
      metricsPort: raw.metricsPort,
    },
})
