import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { webhookSigner } from '#adapters/node/webhook-signer.ts'
import { createHistoryFeed, type FeedCursor } from '#core/history/feed.ts'
import { waypointsOf } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { type DeliverPorts, deliverNext } from '#core/webhooks/deliver.ts'
import { addWebhook, resumeWebhook } from '#core/webhooks/manage.ts'
import type { Sent } from '#core/webhooks/ports.ts'
import { familiesOf, type ToldBody } from '#core/webhooks/topics.ts'
import type { ContractEvent } from '#core/events/contract-event.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { toldEvents } from '#resources/webhooks.ts'
import {
  createFakeChain,
  fakeErc721,
  fakeSources,
  provenOf,
  refAt,
} from '../../fakes/fake-chain.ts'
import { createFakeClock } from '../../fakes/index-app.ts'
import { createRandom } from '../../fakes/random.ts'
import { createMemoryWebhookStore } from '../../fakes/webhook-store.ts'

const CHAIN_ID = 31_337
const FINALITY = 4
const TOPICS = ['nft-transfers', 'swaps'] as const

type Content = {
  readonly id: string
  readonly type: 'appended' | 'retracted'
  readonly block: { readonly number: number; readonly hash: string }
  readonly events: readonly object[]
}

/** An index, a webhook on it, and a receiver that believes what it is told, each delivery once. */
async function openWorld(seed: number, addresses: readonly `0x${string}`[] | null = null) {
  const clock = createFakeClock()
  const store = createMemoryChainStore(createMemoryTables())
  const views = createViews(store.heads, CHAIN_ID)
  const feed = createHistoryFeed({ ...store, views })
  const chain = createFakeChain(seed, { maxLogs: 6 })
  let ids = 0
  const appender = createChainAppender(
    { ...commitPorts(store, clock, CHAIN_ID), sha256, newId: () => `c${(ids += 1)}` },
    CHAIN_ID,
    fakeSources,
  )
  await appender.open()

  async function index(): Promise<void> {
    const view = appender.view()
    const waypoint =
      view &&
      waypointsOf(view)
        .filter(({ number, hash }) => chain.blocks[number]?.header.hash === hash)
        .toSorted((a, b) => b.number - a.number)[0]
    if (waypoint && waypoint.number < view.head.number) await appender.moveBack(waypoint)
    for (const block of chain.blocks.slice((appender.view()?.head.number ?? -1) + 1)) {
      await appender.take([provenOf(block)])
      await appender.commit(refAt(chain, Math.max(block.header.number - FINALITY, -1)))
    }
  }

  const told = new Map<string, number>()
  const seen = new Set<string>()
  const sent: Content[] = []
  const world = {
    chain,
    clock,
    index,
    told,
    sent,
    seen,
    headers: [] as Readonly<Record<string, string>>[],
    /** What the receiver answers, and whether it has believed what it was sent. */
    answer: (): { readonly sent: Sent; readonly isRead: boolean } => ({ sent: OK, isRead: true }),
    truth,
  }

  function receive(body: string): Sent {
    const { sent: answer, isRead } = world.answer()
    const content = JSON.parse(body) as Content
    if (isRead && !seen.has(content.id)) {
      seen.add(content.id)
      sent.push(content)
      for (const [text, number] of told)
        if (content.type === 'retracted' && number > content.block.number) told.delete(text)
      for (const event of content.events) told.set(JSON.stringify(event), content.block.number)
    }
    return answer
  }

  const webhooks = createMemoryWebhookStore()
  const ports: DeliverPorts = {
    webhooks,
    feed,
    clock,
    sha256,
    describe: toldEvents,
    signer: webhookSigner,
    sender: {
      faultOf: () => null,
      async post({ headers, body }) {
        world.headers.push(headers)
        return receive(body)
      },
    },
  }
  let names = 0
  const managing = { ...ports, webhooks, newId: () => `w${(names += 1)}` }
  const webhook = await addWebhook(
    managing,
    {
      owner: 'operator',
      url: 'https://example.org/',
      chainId: CHAIN_ID,
      topics: TOPICS,
      addresses,
    },
    feed,
  )

  /** What the history has of it, above a block. */
  async function truth(above: number): Promise<string[]> {
    const texts: string[] = []
    let cursor: FeedCursor | undefined
    for (;;) {
      const items = await feed.read<ToldBody>(cursor, { families: familiesOf(TOPICS), limit: 50 })
      if (items.length === 0) return texts.toSorted()
      for (const item of items) {
        cursor = item.cursor
        if (item.type === 'appended' && item.block.number > above)
          for (const event of item.events)
            if (addresses?.includes(event.address) ?? true)
              texts.push(...toldEvents(event).map((each) => JSON.stringify(each)))
      }
    }
  }
  return {
    ...world,
    world,
    ports,
    webhooks,
    managing,
    webhook,
    deliver: () => deliverNext(ports, webhook),
  }
}

const OK: Sent = { status: 'answered', code: 204, retryAfterMs: null }
const answered = (code: number, retryAfterMs: number | null = null): Sent => ({
  status: 'answered',
  code,
  retryAfterMs,
})

test('a declared event is told with its signature and its values', () => {
  const hash = sha256('block')
  const event: ChainEvent<ContractEvent> = {
    block: { number: 7, hash, timestamp: 70 },
    transactionHash: sha256('transaction'),
    logIndex: 3,
    address: fakeErc721,
    body: {
      type: 'contractEvent',
      protocol: 'declared',
      signature: 'Staked(address,int8)',
      words: [BigInt(fakeErc721), BigInt.asUintN(256, -1n)],
    },
  }
  expect(toldEvents(event)).toEqual([
    {
      topic: 'contract-events',
      block: { number: 7, hash, timestamp: 70 },
      transactionHash: sha256('transaction'),
      logIndex: 3,
      contract: fakeErc721,
      event: 'Staked',
      signature: 'Staked(address,int8)',
      values: [fakeErc721, '-1'],
    },
  ])
  expect(familiesOf(['contract-events']).map(({ name }) => name)).toEqual(['contract'])
})

describe('a webhook', () => {
  test('has told what the history has in the end, whatever was taken back, refused or lost on the way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const random = createRandom(seed)
        const addresses = random.chance(0.3) ? [fakeErc721] : null
        const opened = await openWorld(seed, addresses)
        const { world, chain, clock, deliver, index } = opened
        await chain.mine(6)
        await index()
        const start = chain.blocks.length - 1
        await deliver()
        world.answer = () => {
          if (random.chance(0.6)) return { sent: OK, isRead: true }
          // The receiver has read it, and its answer is lost; or it has not.
          const sent = random.pick<Sent>([
            answered(500),
            answered(429, 3_000),
            answered(400),
            { status: 'failed', why: 'it cannot be reached' },
          ])
          return { sent, isRead: random.chance(0.5) }
        }
        for (let step = 0; step < 15; step++) {
          const depth = 1 + random.int(3)
          if (random.chance(0.3)) await chain.fork(depth, depth + random.int(3))
          else await chain.mine(random.int(4))
          if (random.chance(0.8)) await index()
          await deliver()
          await clock.sleep(random.int(20_000))
        }
        world.answer = () => ({ sent: OK, isRead: true })
        await index()
        for (let rounds = 0; rounds < 40; rounds++) {
          await clock.sleep(3_600_000)
          await deliver()
        }
        const told = [...world.told].flatMap(([text, number]) => (number > start ? [text] : []))
        expect(told.toSorted()).toEqual(await opened.truth(start))
      }),
      { numRuns: 8 },
    )
  })

  test('has told what was committed since it was added, whenever the first delivery is made', async () => {
    const { world, webhook, chain, index, ports, managing, truth } = await openWorld(4)
    await chain.mine(6)
    await index()
    const added = await addWebhook(managing, { ...webhook, owner: 'ann' }, ports.feed)
    await chain.mine(12)
    await chain.fork(2, 4)
    await index()
    while ((await deliverNext(ports, added)) === 'more');
    const told = [...world.told.keys()]
    expect(told.length).toBeGreaterThan(5)
    expect(told.toSorted()).toEqual(await truth(5))
  })

  test('is sent the same delivery again, signed anew, and nothing behind it before it is taken', async () => {
    const { world, chain, clock, deliver, index, webhook, webhooks } = await openWorld(3)
    await chain.mine(4)
    await index()
    await deliver()
    await chain.mine(20)
    await index()
    world.answer = () => ({ sent: answered(503), isRead: false })
    await deliver()
    expect(await webhooks.progress(webhook.id)).toMatchObject({
      failures: 1,
      lastError: 'it answered HTTP 503',
    })
    // Not before its time.
    await deliver()
    expect(world.headers).toHaveLength(1)
    await clock.sleep(1_000)
    await deliver()
    const [first, second] = world.headers
    expect(second?.['webhook-id']).toBe(first?.['webhook-id'])
    expect(second?.['webhook-signature']).not.toBe(first?.['webhook-signature'])
    world.answer = () => ({ sent: OK, isRead: true })
    await clock.sleep(2_000)
    await deliver()
    expect(world.headers.length).toBeGreaterThan(3)
    expect(await webhooks.progress(webhook.id)).toMatchObject({ failures: 0, lastError: null })
  })

  test('takes back what a receiver may have read whose answer was lost, where the history is another by then', async () => {
    const opened = await openWorld(3)
    const { world, chain, clock, deliver, index } = opened
    await chain.mine(4)
    await index()
    await deliver()
    const start = chain.blocks.length
    world.answer = () => ({ sent: { status: 'failed', why: 'lost' }, isRead: true })
    while (world.sent.length === 0) {
      await chain.mine(1)
      await index()
      await deliver()
    }
    // The receiver stands before this block, so that the feed has nothing to take back.
    await chain.fork(1, 2)
    await index()
    world.answer = () => ({ sent: OK, isRead: true })
    await clock.sleep(3_600_000)
    await deliver()
    const [first, second] = world.sent
    expect([first?.type, second?.type]).toEqual(['appended', 'retracted'])
    expect(second?.block.number).toBeLessThan(first?.block.number ?? 0)
    expect([...world.told.keys()].toSorted()).toEqual(await opened.truth(start - 1))
  })

  test('waits as long as the receiver says, and is paused where that one is gone', async () => {
    const { world, chain, clock, deliver, index, webhook, webhooks, managing } = await openWorld(3)
    await chain.mine(4)
    await index()
    await deliver()
    await chain.mine(20)
    await index()
    world.answer = () => ({ sent: answered(429, 60_000), isRead: false })
    await deliver()
    await clock.sleep(59_000)
    expect(await deliver()).toBe('waiting')
    expect(world.headers).toHaveLength(1)
    await clock.sleep(1_000)
    world.answer = () => ({ sent: answered(410), isRead: false })
    await deliver()
    await clock.sleep(86_400_000)
    expect(await deliver()).toBe('waiting')
    expect(world.headers).toHaveLength(2)
    expect(await webhooks.progress(webhook.id)).toMatchObject({ isPaused: true })
    world.answer = () => ({ sent: OK, isRead: true })
    await resumeWebhook(managing, webhook.id, 'operator', false)
    await deliver()
    expect(world.sent.length).toBeGreaterThan(0)
  })

  test('is paused after some days of failures, and never left out of anything', async () => {
    const { world, chain, clock, deliver, index, webhook, webhooks } = await openWorld(3)
    await chain.mine(4)
    await index()
    await deliver()
    await chain.mine(20)
    await index()
    world.answer = () => ({ sent: { status: 'forbidden', why: 'inside' }, isRead: false })
    let tries = 0
    while (!(await webhooks.progress(webhook.id))?.isPaused) {
      if (tries++ > 100) throw new Error('it goes on for ever')
      await deliver()
      await clock.sleep(3_600_000)
    }
    expect(tries).toBeGreaterThan(70)
    expect(world.told.size).toBe(0)
  })
})
