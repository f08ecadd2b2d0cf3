import type { Address } from '#core/chain.ts'
import { documentSpec } from '#core/history/document.ts'
import { type EventFamily, eventSpec } from '#core/history/event.ts'
import type { Projection } from '#core/history/projection.ts'
import { addressOf, expectShape, uintAt } from '#core/indexing/log-words.ts'
import {
  type AnySource,
  type ContractRole,
  decoder,
  type SourceSpec,
} from '#core/indexing/source.ts'

/*
 * A kind of contract that Halyard does not know, as somebody would add it: an event, a source, a document and a
 * projection. Nothing of the product names it.
 */

/** Greeted(address indexed, uint256). */
export const GREETED = '0xd8586857190dcc1f807b939b48b29f500aead7c59de43c7ada21c3e8678f1d04'

type Greeted = {
  readonly type: 'greeted'
  readonly protocol: 'toy'
  readonly guest: Address
  readonly times: bigint
}
const greeted = eventSpec<Greeted>({
  type: 'greeted',
  protocol: 'toy',
  number: 900,
  fields: { guest: 'hex', times: 'uint256' },
})
export const greetingFamily: EventFamily<Greeted> = {
  name: 'greeting',
  version: 1,
  events: [greeted],
}

export type GreeterSource = AnySource & { readonly kind: 'greeter'; readonly address: Address }
const greeter: ContractRole = {
  name: 'greeter',
  decoders: new Map([
    [
      GREETED,
      decoder(greeted, ({ topics, data }) => {
        expectShape(topics, data, 2, 1)
        return {
          type: 'greeted',
          protocol: 'toy',
          guest: addressOf(topics[1]),
          times: uintAt(data, 0),
        }
      }),
    ],
  ]),
}
export const greeters: SourceSpec<GreeterSource> = {
  kind: 'greeter',
  contractOf: ({ address }) => ({ address, role: greeter }),
}

const guestsVersion = { name: 'guests', version: 1 }

/** How often a guest was greeted. */
export type Guest = {
  readonly greeter: Address
  readonly guest: Address
  readonly times: bigint
}
export const guestDocuments = documentSpec<Guest>({
  kind: 'guest',
  plural: 'guests',
  projection: guestsVersion,
  identity: ['greeter', 'guest'],
  orders: { byTimes: ['times', 'greeter', 'guest'] },
  fields: { greeter: 'hex', guest: 'hex', times: 'uint256' },
})

export const guestsProjection: Projection<Greeted> = {
  ...guestsVersion,
  documents: [guestDocuments],
  families: [greetingFamily],
  wants: (events) =>
    events.map(({ address, body }) => ({ spec: guestDocuments, key: [address, body.guest] })),
  begin: ({ documents }) => ({
    apply({ address, body, block }) {
      const slot = documents.slot(guestDocuments, [address, body.guest])
      slot.value = {
        greeter: address,
        guest: body.guest,
        times: (slot.value?.times ?? 0n) + body.times,
      }
      slot.changedAt = block
    },
    finish: () => undefined,
  }),
}
