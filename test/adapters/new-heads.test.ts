import { expect, onTestFinished, test } from 'vitest'
import { createRpcNewHeads, type NewHeadsOptions } from '#adapters/rpc/new-heads.ts'
import { eventually } from '../fakes/eventually.ts'
import { freePort } from '../servers/programs.ts'
import { startWsNode, type WsNode } from '../tools/ws-node.ts'

/** As good as never. */
const LONG_MS = 600_000
const GOING_ON = { aborted: false }

function openHeads(urls: readonly string[], options: NewHeadsOptions = {}) {
  const heads = createRpcNewHeads(urls, { retryMsFirst: 10, ...options })
  onTestFinished(() => heads.close())
  return heads
}

const subscribed = (node: WsNode, times = 1): Promise<void> =>
  eventually(() => expect(node.subscriptions()).toBe(times))

test('who waits for a block goes on as soon as it is told of, also where nobody waited then', async () => {
  await using node = await startWsNode()
  const heads = openHeads([node.url])
  await subscribed(node)
  const waiting = heads.wait(LONG_MS, GOING_ON)
  node.announce()
  await waiting
  node.announce()
  // Told before it is waited for, sooner or later.
  await new Promise((resolve) => setTimeout(resolve, 50))
  await heads.wait(LONG_MS, GOING_ON)
  await heads.wait(1, GOING_ON)
  const stop = new AbortController()
  const stopped = heads.wait(LONG_MS, stop.signal)
  stop.abort()
  await stopped
})

test('an endpoint that is silent is left for the next one, and come back to', async () => {
  await using silent = await startWsNode()
  await using other = await startWsNode()
  const heads = openHeads([silent.url, other.url], { silenceMsFirst: 200, silenceMsMin: 200 })
  await subscribed(other)
  // Whoever waits looks for what came while nobody told of it.
  await heads.wait(LONG_MS, GOING_ON)
  await eventually(() => expect(silent.subscriptions()).toBeGreaterThan(1))
})

test('a connection that drops is made anew, and wakes who waits', async () => {
  await using node = await startWsNode()
  const heads = openHeads([node.url])
  for (let times = 1; times <= 3; times++) {
    await subscribed(node, times)
    const waiting = heads.wait(LONG_MS, GOING_ON)
    node.cut()
    await waiting
  }
  await subscribed(node, 4)
  const waiting = heads.wait(LONG_MS, GOING_ON)
  node.announce()
  await waiting
})

test('an endpoint that refuses, or is not there, is told of once, without its key, and tried again', async () => {
  await using node = await startWsNode()
  node.refuse = true
  const told: string[] = []
  const nobody = `ws://ann:secret@127.0.0.1:${await freePort()}/a-key-0123456789`
  const heads = openHeads([`${node.url}/a-key-0123456789`, nobody], {
    warn: (message) => told.push(message),
  })
  await eventually(() => expect(node.subscriptions()).toBeGreaterThan(3))
  expect(told).toHaveLength(2)
  expect(told[0]).toMatch(/^ws:.*: new blocks are not told of \(it refuses eth_subscribe\)/)
  expect(told.join()).not.toMatch(/a-key|secret/)
  node.refuse = false
  const before = node.subscriptions()
  await eventually(() => expect(node.subscriptions()).toBeGreaterThan(before))
  node.announce()
  await heads.wait(LONG_MS, GOING_ON)
})

test('a user and password in the URL are sent as such', async () => {
  await using node = await startWsNode()
  openHeads([node.url.replace('ws://', 'ws://ann:s%40cret@')])
  await subscribed(node)
  expect(node.authorization()).toBe(`Basic ${Buffer.from('ann:s@cret').toString('base64')}`)
})
