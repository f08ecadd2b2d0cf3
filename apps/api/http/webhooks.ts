import { z } from 'zod'
import { createHistoryFeed } from '#core/history/feed.ts'
import { addWebhook, readWebhook, removeWebhook, testWebhook } from '#core/webhooks/manage.ts'
import { chainTopics } from '#core/webhooks/topics.ts'
import { personOf } from '#api/person.ts'
import { webhookRow, webhookRowsOf, webhooksOf } from '#api/webhook-service.ts'
import { newWebhook, webhook, webhookTest } from '#resources/webhooks.ts'
import { chainAlone, onlyChain } from './chain-parameter.ts'
import { own } from './own.ts'
import { address } from './parameters.ts'
import { NO_SESSION, personal, sessionOf } from './personal.ts'

const NOT_SET_UP = { status: 404, when: 'The service is not set up for signing in.' }
const NOT_THERE = { status: 404, when: 'The person has no webhook of that id.' }

const ID = '6c1f2b7e-6f0f-4f5e-9a53-0d5c2c1f7f10'
const named = z.strictObject({ id: z.string().max(100).describe('Of the webhook.') })

export const webhooksOfPerson = own({
  path: '/v1/person/webhooks',
  id: 'listWebhooksOfPerson',
  summary: 'Webhooks of whoever is signed in, and how they go.',
  parameters: z.strictObject({}),
  returns: { page: webhook },
  refuses: [{ status: 403, when: 'A key is no person.' }, NOT_SET_UP],
  example: () => ({}),
  async answer(api, principal) {
    const { id } = personOf(api, principal)
    return { items: await webhookRowsOf(webhooksOf(api).webhooks, id), nextCursor: null }
  },
})

export const webhookAdd = personal({
  path: '/v1/person/webhooks/add',
  id: 'addWebhook',
  summary: 'Adds a webhook of whoever is signed in, and tells its secret, once.',
  isForKnown: true,
  parameters: onlyChain,
  body: z.strictObject({
    url: z.string().max(2_000).describe('Where deliveries go: https, at a public address.'),
    topics: z.array(z.enum(chainTopics)).min(1).max(chainTopics.length),
    addresses: z
      .array(address)
      .min(1)
      .max(100)
      .nullable()
      .default(null)
      .describe('Only of these contracts.'),
  }),
  returns: newWebhook,
  refuses: [NO_SESSION, { status: 409, when: 'The person has as many as one may.' }],
  example: ({ collection }) => ({
    url: 'https://example.org/hook',
    topics: ['nft-transfers'],
    addresses: [collection],
  }),
  async run({ api, req }, identity, { url, topics, addresses }) {
    const { chain, ports: history } = chainAlone(api, req)
    const { person: owner } = await sessionOf(identity, req)
    const ports = webhooksOf(api)
    const wanted = { owner, url, chainId: chain.id, topics: [...new Set(topics)], addresses }
    const added = await addWebhook(ports, wanted, createHistoryFeed(history))
    return webhookRow(ports.webhooks, added)
  },
})

export const webhookRemove = personal({
  path: '/v1/person/webhooks/remove',
  id: 'removeWebhook',
  summary: 'Removes a webhook of whoever is signed in.',
  isForKnown: true,
  body: named,
  returns: webhook,
  refuses: [NO_SESSION, NOT_THERE],
  example: () => ({ id: ID }),
  async run({ api, req }, identity, { id }) {
    const { person } = await sessionOf(identity, req)
    const ports = webhooksOf(api)
    const row = await webhookRow(ports.webhooks, await readWebhook(ports, id, person))
    await removeWebhook(ports, id, person)
    return row
  },
})

export const webhookTry = personal({
  path: '/v1/person/webhooks/test',
  id: 'testWebhook',
  summary: 'Sends a delivery of type test, and says whether it was taken.',
  isForKnown: true,
  body: named,
  returns: webhookTest,
  refuses: [NO_SESSION, NOT_THERE],
  example: () => ({ id: ID }),
  async run({ api, req }, identity, { id }) {
    const { person } = await sessionOf(identity, req)
    const ports = webhooksOf(api)
    return { id, why: await testWebhook(ports, await readWebhook(ports, id, person)) }
  },
})
