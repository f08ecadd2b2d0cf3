import { z } from 'zod'
import { endpoint } from '#api/http/endpoint.ts'
import { address } from '#api/http/parameters.ts'
import { builder } from '#api/graphql/builder.ts'
import { typeOf } from '#api/graphql/resources.ts'
import { documentSubject } from '#cli/export/read-rows.ts'
import { scanDocuments } from '#core/history/resolve.ts'
import { address as addressType, bigint, field, resource } from '#resources/resource.ts'
import { type Guest, guestDocuments } from './greetings.ts'

/** A guest as every face writes it. */
const guest = resource<Guest>('Guest', 'How often somebody was greeted.', {
  greeter: field(addressType, (each) => each.greeter),
  guest: field(addressType, (each) => each.guest),
  times: field(bigint, ({ times }) => times),
})

/** REST */
export const guestsOfGreeter = endpoint({
  path: '/v1/greeters/:address/guests',
  id: 'listGuests',
  summary: 'Who was greeted.',
  returns: { page: guest },
  parameters: { address, limit: z.coerce.number().int().min(1).max(100).default(10) },
  async answer(ports, view, { address: greeter, limit }) {
    const scan = { order: 'identity', prefix: [greeter], limit }
    return { items: await scanDocuments(ports, view, guestDocuments, scan), nextCursor: null }
  },
})

/** GraphQL: `Query.guests` */
builder.queryField('guests', (t) =>
  t.field({
    type: [typeOf(guest)],
    nullable: false,
    args: { greeter: t.arg({ type: 'Address', required: true }) },
    resolve: (_root, { greeter }, context) =>
      scanDocuments(context.ports, context.view(), guestDocuments, {
        order: 'identity',
        prefix: [greeter],
        limit: 100,
      }),
  }),
)

/** The export */
export const guestSubject = documentSubject(guestDocuments, 'collection', guest, (each) => each)
