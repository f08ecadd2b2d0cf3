import { describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/node/sha256.ts'
import { webhookSigner } from '#adapters/node/webhook-signer.ts'
import type { Address } from '#core/chain.ts'
import { spendPoints } from '#core/relay/spend-points.ts'
import { deliverSpends, ledgerFeed } from '#core/webhooks/deliver-spends.ts'
import { addWebhook, resumeWebhook } from '#core/webhooks/manage.ts'
import type { Sent } from '#core/webhooks/ports.ts'
import { toldSpend } from '#resources/webhooks.ts'
import { createMemoryIntentStore } from '../../fakes/intent-store.ts'
import { createMemoryLedgerStore } from '../../fakes/ledger-store.ts'
import { createMemoryWebhookStore } from '../../fakes/webhook-store.ts'
import { asset, createLedgerApp, grant, hold, LEDGER } from '../ledger/ledger-app.ts'

const wallet: Address = `0x${'a1'.repeat(20)}`
const other: Address = `0x${'b0'.repeat(20)}`
const OK: Sent = { status: 'answered', code: 204, retryAfterMs: null }
const DOWN: Sent = { status: 'answered', code: 503, retryAfterMs: null }
const TOPICS = ['points-spends'] as const

type Told = {
  readonly id: string
  readonly block: null
  readonly events: readonly { key: string }[]
}

/** A ledger with spends on a chain, and a receiver of what becomes of them. */
async function openWorld(addresses: readonly Address[] | null = null) {
  const ledger = await createLedgerApp()
  const { store, clock } = ledger.ports
  const intents = createMemoryIntentStore()
  const webhooks = createMemoryWebhookStore()
  const told: Told[] = []
  const world = { answer: OK, told, clock, webhooks, ledger }
  const ports = {
    webhooks,
    store,
    intents,
    sha256,
    ledger: LEDGER,
    clock: { nowMs: () => clock.nowMs() },
    signer: webhookSigner,
    sender: {
      faultOf: () => null,
      async post({ body }: { readonly body: string }) {
        told.push(JSON.parse(body) as Told)
        return world.answer
      },
    },
    newId: () => 'w1',
    describe: toldSpend,
  }
  await ledger.submit(grant('alice', 100n))
  const wanted = { owner: 'operator', url: 'https://example.org/hook', chainId: 1, addresses }
  const feed = ledgerFeed(store, sha256, LEDGER)
  const webhook = await addWebhook(ports, { ...wanted, topics: TOPICS }, feed)
  const spend = (key: string, amountRaw: bigint, of = wallet, chainId = 1) =>
    spendPoints(
      { ...ports, clerk: { submit: ledger.ports.clerk.submit } } as never,
      { chainId, contract: `0x${'c0'.repeat(20)}`, ledger: LEDGER, asset, leaseMs: 1_000 } as never,
      {
        scope: 'shop',
        key,
        actor: 'bot',
        account: 'alice',
        wallet: of,
        amountRaw,
        memo: '',
        way: 'relayed',
      },
    )
  const deliver = (change: object = {}) => deliverSpends({ ...ports, ...change }, webhook)
  return { ...world, world, ports, webhook, spend, deliver }
}

const statesOf = (told: readonly Told[]) =>
  told
    .flatMap(({ events }) => events as object[])
    .map((each) => {
      const { id, state } = each as { readonly id: string; readonly state: string }
      return `${id} ${state}`
    })

describe('a webhook of spends', () => {
  test('is told in order what became of each, and of nothing else in the ledger', async () => {
    const { ledger, spend, deliver, told } = await openWorld()
    await spend('a', 30n)
    await spend('b', 500n)
    await ledger.submit(hold('alice', 5n))
    await spend('c', 20n, wallet, 10)
    await deliver()
    await ledger.submit({ kind: 'settle', hold: 'shop/a', amountRaw: 30n, feeRaw: 0n, memo: '' })
    await spend('d', 7n)
    await ledger.submit({ kind: 'void', hold: 'shop/d', memo: '' })
    // What is refused changes nothing.
    await ledger.submit({ kind: 'void', hold: 'shop/a', memo: '' })
    await deliver()
    expect(statesOf(told)).toEqual([
      'shop/a held',
      'shop/b refused',
      'shop/a settled',
      'shop/d held',
      'shop/d voided',
    ])
    expect(told[0]).toMatchObject({
      type: 'appended',
      chainId: 1,
      block: null,
      events: [{ topic: 'points-spends', account: 'alice', amount: '30', wallet, state: 'held' }],
    })
    expect(told[0]?.events[0]).not.toHaveProperty('voucher')
    expect(told[1]?.events[0]).toMatchObject({ reason: 'insufficient-points' })
    expect(await deliver()).toBe('idle')
    expect(told).toHaveLength(5)
  })

  test('is told of what was there before it of nothing, and only of the wallets that it names', async () => {
    const { spend, deliver, told, ports } = await openWorld([other])
    await spend('a', 30n)
    await spend('b', 3n, other)
    await deliver()
    expect(statesOf(told)).toEqual(['shop/b held'])
    await ports.webhooks.remove('w1', null)
    const feed = ledgerFeed(ports.store, sha256, LEDGER)
    const wanted = { owner: 'operator', url: 'https://example.org/late', chainId: 1 }
    await addWebhook(ports, { ...wanted, topics: TOPICS, addresses: null }, feed)
    await deliver()
    expect(told).toHaveLength(1)
  })

  test('is sent the same again until it is taken, and nothing before it is', async () => {
    const { world, spend, deliver, told, clock } = await openWorld()
    world.answer = DOWN
    await spend('a', 1n)
    await spend('b', 1n)
    expect(await deliver()).toBe('waiting')
    expect(await deliver()).toBe('waiting')
    expect(told).toHaveLength(1)
    clock.now += 60_000
    expect(await deliver()).toBe('waiting')
    world.answer = OK
    clock.now += 60_000
    await deliver()
    expect(statesOf(told)).toEqual(['shop/a held', 'shop/a held', 'shop/a held', 'shop/b held'])
    expect(new Set(told.map(({ id }) => id)).size).toBe(2)
  })

  test('is paused where the ledger has another past than it was told, and goes on anew', async () => {
    const { spend, deliver, told, webhooks, ledger, ports } = await openWorld()
    await spend('a', 1n)
    await deliver()
    const restored = createMemoryLedgerStore(new Map())
    expect(await deliver({ store: restored })).toBe('waiting')
    expect(await webhooks.progress('w1')).toMatchObject({
      isPaused: true,
      lastError: expect.stringMatching(/restored/),
    })
    await resumeWebhook(ports, 'w1', null, true)
    await spend('b', 1n)
    await deliver()
    await spend('c', 1n)
    await deliver()
    // Anew is from the newest entry on.
    expect(statesOf(told)).toEqual(['shop/a held', 'shop/c held'])
    expect(ledger).toBeDefined()
  })

  test('is for spends alone, which have an order of their own', async () => {
    const { ports } = await openWorld()
    const wanted = { owner: 'operator', url: 'https://example.org/x', chainId: 1, addresses: null }
    const feed = ledgerFeed(ports.store, sha256, LEDGER)
    await expect(
      addWebhook(ports, { ...wanted, topics: ['swaps', 'points-spends'] }, feed),
    ).rejects.toThrow(/topics: points-spends has an order of its own/)
  })
})
