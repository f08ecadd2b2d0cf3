import { chosenChain } from '#core/chain-choice.ts'
import { createHistoryFeed } from '#core/history/feed.ts'
import { addWebhook, readWebhook, removeWebhook, testWebhook } from '#core/webhooks/manage.ts'
import { personOf } from '#api/person.ts'
import { webhookRow, webhookRowsOf, webhooksOf } from '#api/webhook-service.ts'
import { newWebhook, webhook, webhookTest, webhookTopic } from '#resources/webhooks.ts'
import { builder } from './builder.ts'
import { enumOf, typeOf } from './resources.ts'

const idArg = builder.args((t) => ({ id: t.string({ required: true }) }))

/** `Query.myWebhooks`, `Mutation.addWebhook`, `removeWebhook` and `testWebhook` */
export function addWebhooks(): void {
  builder.queryField('myWebhooks', (t) =>
    t.field({
      type: [typeOf(webhook)],
      description: 'Webhooks of whoever is signed in, and how they go.',
      async resolve(_root, _args, { api, who }) {
        const { id } = personOf(api, await who())
        return webhookRowsOf(webhooksOf(api).webhooks, id)
      },
    }),
  )
  builder.mutationFields((t) => ({
    addWebhook: t.field({
      type: typeOf(newWebhook),
      description: 'Adds a webhook of whoever is signed in, and tells its secret, once.',
      args: {
        url: t.arg.string({
          required: true,
          description: 'Where deliveries go: https, at a public address.',
        }),
        topics: t.arg({ type: [enumOf(webhookTopic)], required: true }),
        addresses: t.arg({
          type: ['Address'],
          description: 'Only of these contracts.',
        }),
        chain: t.arg.string({
          description: 'The name or the id of a chain, see `chains`; the default one unless given.',
        }),
      },
      async resolve(_root, { url, topics, addresses, chain: name }, { api, act }) {
        const { id: owner } = personOf(api, await act())
        const { chain, ports: history } =
          name == null ? api.byDefault : chosenChain(api.chains, name, 'chain')
        const ports = webhooksOf(api)
        const wanted = {
          owner,
          url,
          chainId: chain.id,
          topics: [...new Set(topics)],
          addresses: addresses ?? null,
        }
        const added = await addWebhook(ports, wanted, createHistoryFeed(history))
        return webhookRow(ports.webhooks, added)
      },
    }),
    removeWebhook: t.field({
      type: typeOf(webhook),
      description: 'Removes a webhook of whoever is signed in.',
      args: idArg,
      async resolve(_root, { id }, { api, act }) {
        const { id: owner } = personOf(api, await act())
        const ports = webhooksOf(api)
        const row = await webhookRow(ports.webhooks, await readWebhook(ports, id, owner))
        await removeWebhook(ports, id, owner)
        return row
      },
    }),
    testWebhook: t.field({
      type: typeOf(webhookTest),
      description: 'Sends a delivery of type test, and says whether it was taken.',
      args: idArg,
      async resolve(_root, { id }, { api, act }) {
        const { id: owner } = personOf(api, await act())
        const ports = webhooksOf(api)
        return { id, why: await testWebhook(ports, await readWebhook(ports, id, owner)) }
      },
    }),
  }))
}
