import { z } from 'zod'
import { section } from './section.ts'
import { host, hostsAndPorts, port, toHostsAndPorts } from './values.ts'

export type WebhooksSettings = {
  /** Hosts with their ports that webhooks may be at although they are not of the public internet. */
  readonly allowed: readonly string[]
  readonly metricsHost: string
  /** Null: nothing listens. */
  readonly metricsPort: number | null
}

const schema = z.strictObject({
  allowed: hostsAndPorts.meta({
    description:
      'Hosts with their ports that webhooks may be at wherever they are, over HTTP too: receiver.internal:8080. All others must have public addresses and https',
  }),
  metricsHost: host
    .default('127.0.0.1')
    .meta({ description: 'Where probes and metrics of `halyard webhooks deliver` listen' }),
  metricsPort: port.nullable().default(null).meta({
    description: 'Their port; null: nothing listens',
  }),
})

type Raw = z.output<typeof schema>

export const webhooksSection = section({
  schema: schema.prefault({}),
  toSettings: ({ allowed, ...rest }: Raw): WebhooksSettings => ({
    ...rest,
    allowed: toHostsAndPorts(allowed),
  }),
})
