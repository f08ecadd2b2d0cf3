import { z } from 'zod'
import { section } from './section.ts'

/** Hosts with their ports that webhooks may be at although they are not of the public internet. */
export type WebhooksSettings = { readonly allowed: readonly string[] }

const schema = z.strictObject({
  allowed: z
    .array(
      z
        .string()
        .regex(
          /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}$/,
          'not a host and a port',
        ),
    )
    .max(100, 'more than 100')
    .default([])
    .meta({
      description:
        'Hosts with their ports that webhooks may be at wherever they are, over HTTP too: receiver.internal:8080. All others must have public addresses and https',
    }),
})

type Raw = z.output<typeof schema>

export const webhooksSection = section({
  schema: schema.prefault({}),
  toSettings: ({ allowed }: Raw): WebhooksSettings => ({
    allowed: allowed.map((host) => host.toLowerCase()),
  }),
})
