import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import express from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { catalogueOf } from '#core/catalogue.ts'
import type { Address } from '#core/chain.ts'
import { LOOKED_AT_MAX } from '#core/history/list-documents.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { addressOf } from '../fakes/encode.ts'
import { fakeErc1155, provenOf, seal } from '../fakes/fake-chain.ts'
import { createRandom } from '../fakes/random.ts'
import type { Act } from '../oracle/acts.ts'
import { boundAnswer } from '#api/http/admit.ts'
import { principalOf } from '#api/principal.ts'
import { createSubscriptions } from '#api/subscriptions.ts'
import { createTurns } from '#api/turns.ts'
import { hasRedis, startRedis } from '../servers/redis.ts'
import { fakeToken, openRig, type Rig, rigSources } from './api-rig.ts'

const open = (url: string): Socket => connect(Number(new URL(url).port), '127.0.0.1')

/** What comes back for bytes until the server closes. */
async function exchange(url: string, bytes: string): Promise<string> {
  const socket = open(url)
  let text = ''
  socket.on('data', (data: Buffer) => (text += data.toString()))
  socket.write(bytes)
  await once(socket, 'close')
  return text
}

describe('requests that are none', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await openRig({ blocks: 2 })
  })
  afterAll(() => rig[Symbol.asyncDispose]())

  test.each([
    ['no Host', 'GET /live HTTP/1.1'],
    ['an empty Host', 'GET /graphql?query={__typename} HTTP/1.1\r\nHost:'],
    ['a Host with spaces', 'GET /graphql?query={__typename} HTTP/1.1\r\nHost: a b'],
    ['a Host with a path', 'GET /graphql?query={__typename} HTTP/1.1\r\nHost: a/b'],
    ['a Host with an open bracket', 'GET /graphql?query={__typename} HTTP/1.1\r\nHost: [::1'],
    ['a Host with a port beyond all', 'GET /graphql?query={__typename} HTTP/1.1\r\nHost: a:99999'],
    ['a path that is none', 'OPTIONS * HTTP/1.1\r\nHost: a'],
    ['another protocol', 'hello'],
    ['headers that are none', 'GET /live HTTP/1.1\r\nHost: a\r\nno header'],
  ])('%s is a 400 in the form of all problems, without a stack', async (_name, head) => {
    const answer = await exchange(rig.url, `${head}\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toMatch(/content-type: application\/problem\+json/i)
    const { code, status } = JSON.parse(answer.slice(answer.indexOf('{"type"')))
    expect([code, status]).toEqual(['BAD_REQUEST', 400])
    expect(answer).not.toMatch(/at .*\.[tj]s|node_modules/)
    expect(rig.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('headers beyond reason are a 431 in the form of all problems', async () => {
    const answer = await exchange(rig.url, `GET / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
    expect(answer).toContain('application/problem+json')
    expect(answer).toContain('"code":"HEADERS_TOO_LARGE"')
  })

  test('every other problem has a code, too', async () => {
    for (const [path, init, code] of [
      ['/none', {}, 'NOT_FOUND'],
      ['/v1/pools?limit=0', {}, 'BAD_USER_INPUT'],
      ['/v1/pools', { method: 'DELETE' }, 'METHOD_NOT_ALLOWED'],
      ['/graphql', { method: 'POST', body: 'x' }, 'UNSUPPORTED_MEDIA_TYPE'],
    ] as const)
      expect(await (await rig.get(path, init)).json()).toMatchObject({ code })
  })
})

test('a page of what went through somebody’s hands ends where enough was looked at, and goes on', async () => {
  await using rig = await openRig({ blocks: 2 })
  const [ann, bob] = [addressOf(0xa11), addressOf(0xb0b)]
  const tokens = Array.from({ length: LOOKED_AT_MAX + 1_500 }, (_, index) => ({
    tokenId: BigInt(index),
    amount: 1n,
  }))
  const move = (from: Address, to: Address, some: typeof tokens): Act => ({
    act: 'transfer1155',
    collection: fakeErc1155,
    operator: ann,
    from,
    to,
    isBatch: true,
    tokens: some,
  })
  const acts = [move(addressOf(0), ann, tokens), move(ann, bob, tokens.slice(0, -3))]
  const block = await seal(createRandom(5), { number: 2 }, rig.chain.blocks.at(-1), acts)
  const store = openSqliteChainStore(rig.path)
  const catalogue = catalogueOf({ keepsActivity: true })
  const ports = { ...commitPorts(store, systemClock, 31_337), catalogue, sha256, newId }
  const writer = createChainAppender(ports, 31_337, rigSources)
  await writer.open()
  await writer.take([provenOf(block)])
  await writer.commit({ number: 2, hash: block.header.hash })
  store.close()
  const held = tokens.slice(-3).map(({ tokenId }) => `${tokenId}`)
  const idsOf = (items: { tokenId: string }[]) => items.map(({ tokenId }) => tokenId)

  const path = `/v1/accounts/${ann}/holdings?limit=9`
  const first = await rig.json(path)
  expect(first.items).toEqual([])
  const next = await rig.json(`${path}&after=${first.nextCursor}`)
  expect([idsOf(next.items), next.nextCursor]).toEqual([held, null])

  const list = (args: string) =>
    `holdings(owner: "${ann}", first: 9${args}) { nodes { tokenId } pageInfo { hasNextPage endCursor } }`
  const { data } = await rig.query(`{ ${list('')} }`)
  const { nodes, pageInfo } = data.holdings
  expect([nodes, pageInfo.hasNextPage]).toEqual([[], true])
  const rest = await rig.query(`{ ${list(`, after: "${pageInfo.endCursor}"`)} }`)
  expect(idsOf(rest.data.holdings.nodes)).toEqual(held)
  const often = Array.from({ length: 10 }, (_, index) => `a${index}: ${list('')}`)
  const { errors } = await rig.query(`{ ${often.join(' ')} }`)
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COSTLY' })
})

test('one connection has one answer under way, however many requests it sends ahead', async () => {
  let now = 0
  let most = 0
  const tokens = {
    async read(addresses: readonly `0x${string}`[]) {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setTimeout(resolve, 5))
      now--
      return addresses.map(fakeToken)
    },
  }
  await using rig = await openRig({ blocks: 5, overrides: () => ({ tokens }) })
  const request = (n: number, last: boolean) =>
    `GET /v1/pools?limit=${n} HTTP/1.1\r\nHost: a\r\n${last ? 'Connection: close\r\n' : ''}\r\n`
  const all = Array.from({ length: 40 }, (_, n) => request(n + 1, n === 39)).join('')
  const answer = await exchange(rig.url, all)
  expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(40)
  expect(most).toBe(1)
})

test('a client that does not read its answer is left after a while', async () => {
  const app = express()
  app.use(boundAnswer(200))
  app.get('/', (_req, res) => void res.end('x'.repeat(50_000_000)))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')]))[0]
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(accepted as Socket, 'close')
  socket.destroy()
  server.close()
})

describe('the rate limit', () => {
  test('counts by client, costs more for quotes, spares probes, and says when to come again', async () => {
    await using rig = await openRig({
      blocks: 2,
      api: { ratePerSecond: 1, rateBurst: 25, proxies: 1 },
    })
    const from = (client: string, path: string) =>
      rig.get(path, { headers: { 'x-forwarded-for': `8.8.8.8, ${client}` } })
    for (let n = 0; n < 24; n++) expect((await from('10.0.0.1', '/v1/pools')).status).toBe(200)
    const quote = await from('10.0.0.1', '/v1/quotes?tokenIn=x')
    expect(quote.status).toBe(429)
    expect(Number(quote.headers.get('retry-after'))).toBeGreaterThan(1)
    expect(await quote.json()).toMatchObject({ code: 'RATE_LIMITED', status: 429 })
    await from('10.0.0.1', '/v1/pools')
    expect((await from('10.0.0.1', '/v1/pools')).status).toBe(429)
    expect((await from('10.0.0.1', '/live')).status).toBe(200)
    expect((await from('10.0.0.2', '/v1/pools')).status).toBe(200)
  })

  test.skipIf(!hasRedis)('is one for all processes that share a Redis', async () => {
    const redis = await startRedis()
    {
      const api = { ratePerSecond: 0.001, rateBurst: 5, redis: redis.url }
      await using one = await openRig({ blocks: 2, api })
      await using two = await openRig({ blocks: 2, api })
      for (const rig of [one, two, one, two, one])
        expect((await rig.get('/v1/pools')).status).toBe(200)
      for (const rig of [one, two]) expect((await rig.get('/v1/pools')).status).toBe(429)
    }
    await redis.stop()
  })

  test.each([
    ['127.0.0.1', undefined, 0, '127.0.0.1'],
    ['127.0.0.1', '9.9.9.9', 0, '127.0.0.1'],
    ['127.0.0.1', '6.6.6.6, 9.9.9.9', 1, '9.9.9.9'],
    ['127.0.0.1', '6.6.6.6, 9.9.9.9, 10.0.0.1', 2, '9.9.9.9'],
    ['127.0.0.1', undefined, 1, '127.0.0.1'],
    ['::ffff:1.2.3.4', undefined, 0, '1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', undefined, 0, '2001:db8:1:2::/64'],
    ['2001:db8::1', undefined, 0, '2001:db8:0:0::/64'],
    [undefined, undefined, 0, 'unknown'],
  ])('%s, forwarded %s behind %i proxies, is %s', (remote, forwarded, proxies, principal) => {
    expect(principalOf(remote, forwarded, proxies)).toBe(principal)
  })
})

describe('turns', () => {
  test('go round among principals, one in each turn of the event loop', async () => {
    const steps: (() => void)[] = []
    const turns = createTurns((run) => void steps.push(run))
    const order: string[] = []
    const asked = ['a', 'a', 'a', 'b', 'c', 'b'].map((principal) =>
      turns.take(principal).then(() => order.push(principal)),
    )
    for (let turn = 1; turn <= asked.length; turn++) {
      steps.shift()?.()
      await Promise.resolve()
      expect(order).toHaveLength(turn)
    }
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a'])
    await Promise.all(asked)
  })

  test('are refused to one that has too many waiting, and given to another', async () => {
    const turns = createTurns(() => undefined)
    for (let n = 0; n < 200; n++) void turns.take('a')
    await expect(turns.take('a')).rejects.toMatchObject({ details: { reason: 'busy' } })
    const other = turns.take('b')
    expect(await Promise.race([other, Promise.resolve('waits')])).toBe('waits')
  })
})

test('subscriptions have places by client, and some in all', async () => {
  const subscriptions = createSubscriptions()
  async function* forever(signal: AbortSignal) {
    while (!signal.aborted) yield await Promise.resolve(1)
  }
  const begin = (principal: string) => subscriptions.open(principal, forever).next()
  for (let client = 0; client < 5; client++) {
    for (let n = 0; n < 20; n++) await begin(`client ${client}`)
    await expect(begin(`client ${client}`)).rejects.toThrow(
      client < 4 ? '20 subscriptions of this client' : '100 subscriptions',
    )
  }
  subscriptions.end()
})

/** Asks for /live again and again on a thread of its own, so that nothing but the server delays it. */
const prober = `
const { parentPort, workerData } = require('node:worker_threads')
const waits = []
parentPort.on('message', () => { parentPort.postMessage(waits); parentPort.close(); isOver = true })
let isOver = false
const ask = async () => {
  while (!isOver) {
    const startedAt = performance.now()
    await (await fetch(workerData + '/live')).text()
    waits.push(performance.now() - startedAt)
  }
}
fetch(workerData + '/live').then(() => {
  parentPort.postMessage('begun')
  return ask()
})
`

test('probes are answered between costly requests, not after all of them', async () => {
  await using rig = await openRig({ blocks: 20 })
  const worker = new Worker(prober, { eval: true, workerData: rig.url })
  await once(worker, 'message')
  const query = '{ swaps(first: 500) { nodes { pool { address } amount0 amount1 sender } } }'
  await rig.query(query)
  await Promise.all(
    Array.from({ length: 100 }, (_, n) => rig.query(query.replace('500', String(400 + n)))),
  )
  const told = once(worker, 'message')
  worker.postMessage('end')
  const [waits] = (await told) as [number[]]
  await worker.terminate()
  waits.sort((a, b) => a - b)
  const p99 = waits[Math.floor(waits.length * 0.99)] ?? 0
  process.stdout.write(
    `/live beside 100 costly queries: ${waits.length} times, p99 ${p99.toFixed(1)} ms, ` +
      `the longest ${waits.at(-1)?.toFixed(1)} ms\n`,
  )
  expect(waits.length).toBeGreaterThan(20)
})
