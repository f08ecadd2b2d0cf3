import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../fakes/eventually.ts'
import type { Rig, RigOptions } from './api-rig.ts'
import { fakeToken, openRig, openSockets } from './api-rig.ts'
import { fakeErc1155, fakeErc721, fakeListedPool } from '../fakes/fake-chain.ts'
import { addressOf } from '../fakes/encode.ts'

const PAGE = 7

/** Every answer of the list, page by page. */
async function walk(rig: Rig, path: string): Promise<any[]> {
  const items: any[] = []
  let after: string | null = null
  do {
    const { searchParams } = new URL(path, 'http://x')
    const url: string = `${path}${searchParams.size > 0 ? '&' : '?'}limit=${PAGE}${after ? `&after=${after}` : ''}`
    const page: any = await rig.json(url)
    items.push(...page.items)
    after = page.nextCursor
  } while (after)
  return items
}

describe('the REST API', () => {
  let rig: Rig
  const sockets = openSockets()
  beforeAll(async () => {
    rig = await openRig({ blocks: 150 })
  })
  afterAll(async () => {
    await rig[Symbol.asyncDispose]()
    await eventually(() => expect(openSockets()).toEqual(sockets))
  })

  const problemOf = async (path: string, init?: RequestInit) => {
    const response = await rig.get(path, init)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    const problem: any = await response.json()
    expect(problem).toMatchObject({
      status: response.status,
      type: expect.stringMatching(/^urn:halyard:problem:/),
      title: expect.any(String),
      detail: expect.any(String),
      instance: path.split('?')[0],
      requestId: response.headers.get('x-request-id'),
    })
    return problem
  }

  test('every answer names its block', async () => {
    const { header } = rig.chain.blocks.at(-1) as (typeof rig.chain.blocks)[0]
    const block = { number: header.number, hash: header.hash, timestamp: header.timestamp }
    for (const path of [
      '/v1/pools',
      `/v1/pools/${fakeListedPool}`,
      `/v1/pools/${fakeListedPool}/swaps`,
      `/v1/pools/${fakeListedPool}/candles`,
      `/v1/pools/${fakeListedPool}/volumes`,
      `/v1/collections/${fakeErc721}/holders`,
      `/v1/collections/${fakeErc1155}/holdings`,
      `/v1/accounts/${addressOf(0xa1)}/holdings`,
      '/v1/status',
    ]) {
      const answer = await rig.json(path)
      expect(answer.block, path).toEqual(block)
      const shape = Object.keys(answer).toSorted()
      expect([
        ['block', 'item'],
        ['block', 'items', 'nextCursor'],
      ]).toContainEqual(shape)
    }
  })

  test('pools are listed by address, page by page, each with its tokens’ own words', async () => {
    const pools = await walk(rig, '/v1/pools')
    expect(pools.length).toBeGreaterThan(PAGE)
    const sorted = pools.toSorted((a, b) => (a.address < b.address ? -1 : 1))
    expect(pools).toEqual(sorted)
    for (const pool of pools) {
      expect(pool.token0).toEqual(fakeToken(pool.token0.address))
      const known = pool.token0.decimals !== null && pool.token1.decimals !== null
      const priced = pool.sqrtPriceX96 !== null || (pool.reserve0 ?? '0') !== '0'
      expect(pool.price === null).toBe(!(known && priced))
      const { item } = await rig.json(`/v1/pools/${pool.address}`)
      expect(item).toEqual(pool)
    }
    const byToken = await walk(rig, `/v1/pools?token=${pools[1].token1.address}`)
    expect(byToken).toEqual(
      pools.filter(({ token0, token1 }) =>
        [token0.address, token1.address].includes(pools[1].token1.address),
      ),
    )
  })

  test('prices and amounts are decimal strings in whole tokens', async () => {
    const { item } = await rig.json(`/v1/pools/${fakeListedPool}`)
    const { token0, token1, reserve0, reserve1, price } = item
    const expected =
      Number(reserve1) / 10 ** token1.decimals / (Number(reserve0) / 10 ** token0.decimals)
    expect(Number(price.token0InToken1)).toBeCloseTo(expected, 10)
    expect(Number(price.token0InToken1) * Number(price.token1InToken0)).toBeCloseTo(1, 12)
    expect(reserve0).toMatch(/^\d+$/)
  })

  test('an address may be written in any case', async () => {
    const upper = `0x${fakeErc721.slice(2).toUpperCase()}`
    const { items } = await rig.json(`/v1/collections/${upper}/holdings`)
    expect(items[0].collection).toBe(fakeErc721)
  })

  test('swaps come newest first, or oldest first, or of a range of blocks', async () => {
    const path = `/v1/pools/${fakeListedPool}/swaps`
    const newestFirst = await walk(rig, path)
    expect(newestFirst.length).toBeGreaterThan(2 * PAGE)
    const places = newestFirst.map(({ block, logIndex }) => block.number * 1_000 + logIndex)
    expect(places).toEqual(places.toSorted((a, b) => b - a))
    expect(await walk(rig, `${path}?order=asc`)).toEqual(newestFirst.toReversed())
    const [from, to] = [40, 90]
    expect(await walk(rig, `${path}?fromBlock=${from}&toBlock=${to}`)).toEqual(
      newestFirst.filter(({ block }) => block.number >= from && block.number <= to),
    )
    const [swap] = newestFirst
    expect(swap).toMatchObject({
      pool: fakeListedPool,
      protocol: 'uniswap-v2',
      transactionHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      amount0: expect.stringMatching(/^-?\d+$/),
      sqrtPriceX96: null,
      tick: null,
    })
    const { header } = rig.chain.blocks[swap.block.number] as (typeof rig.chain.blocks)[0]
    expect(swap.block).toEqual({
      number: header.number,
      hash: header.hash,
      timestamp: header.timestamp,
    })
  })

  test('candles and volumes add up to the trades', async () => {
    const path = `/v1/pools/${fakeListedPool}`
    const swaps = await walk(rig, `${path}/swaps`)
    for (const interval of ['1m', '5m', '1h', '1d']) {
      const { items, nextCursor } = await rig.json(`${path}/candles?interval=${interval}`)
      expect(nextCursor).toBeNull()
      expect(items.reduce((sum: number, { trades }: any) => sum + trades, 0)).toBe(swaps.length)
      expect(items[0].priceUnit).toBe('tokens')
    }
    const minutes = await rig.json(`${path}/candles?interval=1m`)
    const filled = await rig.json(`${path}/candles?interval=1m&fill=true`)
    expect(filled.items.length).toBeGreaterThan(minutes.items.length)
    expect(filled.items.filter(({ trades }: any) => trades > 0)).toEqual(minutes.items)
    const { start } = minutes.items[3]
    const some = await rig.json(`${path}/candles?interval=1m&from=${start}&to=${start + 1}`)
    expect(some.items).toEqual([minutes.items[3]])
    const { items: days } = await rig.json(`${path}/volumes?period=day`)
    expect(days.reduce((sum: number, { trades }: any) => sum + trades, 0)).toBe(swaps.length)
    expect((await rig.json(`${path}/volumes?period=hour&limit=1`)).items).toHaveLength(1)
  })

  test('candles of a token without decimals say that their prices are raw', async () => {
    const pools = await walk(rig, '/v1/pools')
    const raw = pools.find(
      ({ token0, token1, swapCount }) =>
        swapCount > 0 && (token0.decimals === null || token1.decimals === null),
    )
    const { items } = await rig.json(`/v1/pools/${raw.address}/candles`)
    expect(items[0].priceUnit).toBe('raw')
  })

  test('holdings are told by collection, by account and by token, and holders add them up', async () => {
    const all = await walk(rig, `/v1/collections/${fakeErc1155}/holdings`)
    const holders = await walk(rig, `/v1/collections/${fakeErc1155}/holders`)
    expect(holders.length).toBeGreaterThan(2)
    for (const holder of holders) {
      const of = all.filter(({ owner }) => owner === holder.owner)
      expect(holder.tokenCount).toBe(of.length)
      expect(BigInt(holder.amount)).toBe(of.reduce((sum, { amount }) => sum + BigInt(amount), 0n))
      const mine = await walk(rig, `/v1/accounts/${holder.owner}/holdings`)
      expect(mine.filter(({ collection }) => collection === fakeErc1155)).toEqual(of)
      expect(
        await walk(rig, `/v1/accounts/${holder.owner}/holdings?collection=${fakeErc1155}`),
      ).toEqual(of)
    }
    const [one] = all
    expect(
      await walk(rig, `/v1/collections/${fakeErc1155}/holdings?tokenId=${one.tokenId}`),
    ).toEqual(all.filter(({ tokenId }) => tokenId === one.tokenId))
    const single = `/v1/collections/${fakeErc1155}/holdings?tokenId=${one.tokenId}&owner=${one.owner}`
    expect(await walk(rig, single)).toEqual([one])
  })

  test('the status tells the lag, the finalized block, the digest and what is covered', async () => {
    const { item } = await rig.json('/v1/status')
    expect(item).toEqual({
      chainId: 31_337,
      lag: 0,
      chainAgeSeconds: null,
      lagSeconds: 0,
      finalized: 146,
      digest: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      coverage: [{ from: 0, to: 149 }],
      proofLevel: 'receipts',
      proof: [{ from: 0, to: 149, level: 'receipts' }],
    })
  })

  const path = `/v1/pools/${fakeListedPool}/swaps`
  test.each([
    ['an unknown parameter', '/v1/pools?colour=red', 'colour'],
    ['an unknown parameter with a name of Object', '/v1/pools?__proto__=1', '__proto__'],
    ['a repeated parameter', '/v1/pools?limit=1&limit=2', 'limit'],
    ['a parameter of the path in the query', `${path}?address=${fakeListedPool}`, 'address'],
    ['an array in PHP’s way', '/v1/pools?limit[]=1', 'limit[]'],
    ['a bad address', '/v1/pools/0x12', 'address'],
    ['a bad token', '/v1/pools?token=USDC', 'token'],
    ['limit 0', '/v1/pools?limit=0', 'limit'],
    ['limit 501', '/v1/pools?limit=501', 'limit'],
    ['limit 1501 for candles', `/v1/pools/${fakeListedPool}/candles?limit=1501`, 'limit'],
    ['limit abc', '/v1/pools?limit=abc', 'limit'],
    ['limit 1e1', '/v1/pools?limit=1e1', 'limit'],
    ['limit -1', '/v1/pools?limit=-1', 'limit'],
    ['an empty limit', '/v1/pools?limit=', 'limit'],
    ['a made-up cursor', '/v1/pools?after=abc', 'after'],
    ['the cursor of another list', `${path}?after=${btoa('0'.repeat(40))}`, 'after'],
    ['an inverted range of blocks', `${path}?fromBlock=9&toBlock=8`, 'fromBlock'],
    ['a block that is none', `${path}?fromBlock=0x10`, 'fromBlock'],
    ['an inverted range of time', `/v1/pools/${fakeListedPool}/candles?from=9&to=8`, 'from'],
    ['another order', `${path}?order=up`, 'order'],
    ['another interval', `/v1/pools/${fakeListedPool}/candles?interval=2h`, 'interval'],
    ['another period', `/v1/pools/${fakeListedPool}/volumes?period=week`, 'period'],
    ['a flag that is none', `/v1/pools/${fakeListedPool}/candles?fill=yes`, 'fill'],
    [
      'a token id above 2^256',
      `/v1/collections/${fakeErc721}/holdings?tokenId=${2n ** 256n}`,
      'tokenId',
    ],
    [
      'a token id without its collection',
      `/v1/accounts/${addressOf(1)}/holdings?tokenId=1`,
      'tokenId',
    ],
    ['a parameter where there are none', '/v1/status?verbose=1', 'verbose'],
  ])('refuses %s', async (_name, refused, field) => {
    const problem = await problemOf(refused)
    expect(problem.status).toBe(400)
    expect(problem.errors.map((error: any) => error.field)).toContain(field)
  })

  test('all faults of a request are told at once', async () => {
    const { errors } = await problemOf('/v1/pools?limit=0&after=zz&x=1')
    expect(errors.map(({ field }: any) => field).toSorted()).toEqual(['after', 'limit', 'x'])
  })

  test('an unknown pool is not found, nor is an unknown path', async () => {
    const unknown = addressOf(0xdead)
    for (const at of ['', '/swaps', '/candles', '/volumes'])
      expect((await problemOf(`/v1/pools/${unknown}${at}`)).status).toBe(404)
    expect((await problemOf('/v2/pools')).status).toBe(404)
    expect((await problemOf('/v1')).status).toBe(404)
    expect((await problemOf('/v1/pools/%E0%A4%A')).status).toBe(400)
  })

  test('only GET, HEAD and OPTIONS are answered', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const problem = await problemOf('/v1/pools', { method, body: '{}' })
      expect(problem.status).toBe(405)
    }
    const refused = await rig.get('/v1/pools', { method: 'POST' })
    expect(refused.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    const head = await rig.get('/v1/pools', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100)
    const options = await rig.get('/v1/pools', { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
  })

  test('an answer that only its block settles may be asked for again by its tag', async () => {
    const first = await rig.get(path)
    const etag = first.headers.get('etag') as string
    expect(first.headers.get('cache-control')).toBe('no-cache')
    const again = await rig.get(path, { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const status = await rig.get('/v1/status', { headers: { 'if-none-match': etag } })
    expect([status.status, status.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(status.headers.get('etag')).toBeNull()
  })

  test('headers keep browsers from guessing, framing and running anything', async () => {
    const { headers } = await rig.get('/v1/pools')
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('access-control-allow-origin')).toBe('*')
  })

  test('large answers are compressed for who asks', async () => {
    const { headers } = await rig.get('/v1/pools', { headers: { 'accept-encoding': 'gzip' } })
    expect(headers.get('content-encoding')).toBe('gzip')
  })

  test('a request keeps the id that it came with, unless that is strange', async () => {
    const kept = await rig.get('/live', { headers: { 'x-request-id': 'abc-1' } })
    expect(kept.headers.get('x-request-id')).toBe('abc-1')
    const strange = await rig.get('/live', { headers: { 'x-request-id': 'a b "c"' } })
    expect(strange.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('one line a request is logged, without its query', async () => {
    const { length } = rig.lines
    await rig.json(`${path}?limit=3`)
    await expect.poll(() => rig.lines.length).toBe(length + 1)
    expect(rig.lines.at(-1)).toMatchObject({ level: 'info', message: 'request' })
    expect(rig.lines.at(-1)?.fields).toMatchObject({ method: 'GET', path, status: 200 })
    expect(JSON.stringify(rig.lines.at(-1))).not.toContain('limit')
  })
})

describe('the REST API while the chain goes on', () => {
  const rigs: Rig[] = []
  const start = async (options: RigOptions) => {
    const rig = await openRig(options)
    rigs.push(rig)
    return rig
  }
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig[Symbol.asyncDispose]()
  })

  test('pages of swaps survive new blocks: nothing twice, nothing missing', async () => {
    const rig = await start({ seed: 2, blocks: 80 })
    const path = `/v1/pools/${fakeListedPool}/swaps`
    const before = await walk(rig, path)
    const pages: any[] = []
    let after = ''
    for (;;) {
      const page: any = await rig.json(`${path}?limit=3${after}`)
      pages.push(...page.items)
      if (!page.nextCursor) break
      after = `&after=${page.nextCursor}`
      await rig.append(2)
    }
    expect(pages).toEqual(before)
  })

  test('pages of swaps go on behind their place after a reorg', async () => {
    const rig = await start({ seed: 3, blocks: 80 })
    const path = `/v1/pools/${fakeListedPool}/swaps`
    // Until the newest trade is in a block that can still be replaced.
    let first: any
    do {
      await rig.append(1)
      first = await rig.json(`${path}?limit=1`)
    } while (first.items[0].block.number !== rig.chain.blocks.length - 1)
    const [last] = first.items
    await rig.append(1)
    await rig.reorg(2, 4)
    const rest: any[] = []
    for (let after = first.nextCursor; after;) {
      const page: any = await rig.json(`${path}?limit=3&after=${after}`)
      rest.push(...page.items)
      after = page.nextCursor
    }
    const now = await walk(rig, path)
    const place = ({ block, logIndex }: any) => block.number * 1_000 + logIndex
    expect(rest).toEqual(now.filter((swap) => place(swap) < place(last)))
    expect(JSON.stringify(now)).not.toContain(last.block.hash)
  })

  test('an answer is not kept beyond its block', async () => {
    const rig = await start({ seed: 4, blocks: 40 })
    const path = `/v1/pools/${fakeListedPool}/swaps`
    const before = await rig.get(path)
    await rig.reorg(2, 2)
    const etag = before.headers.get('etag') as string
    const after = await rig.get(path, { headers: { 'if-none-match': etag } })
    expect(after.status).toBe(200)
    expect((await after.json()).block.hash).toBe(rig.chain.blocks.at(-1)?.header.hash)
  })

  test('before anything is indexed the API says so, and goes on by itself', async () => {
    const rig = await start({ late: true })
    for (const path of ['/v1/pools', '/v1/status', '/ready', `/v1/pools/${fakeListedPool}/swaps`]) {
      const response = await rig.get(path)
      expect(response.status, path).toBe(503)
      expect(response.headers.get('retry-after')).toBe('1')
      expect(await response.json()).toMatchObject({
        detail: expect.stringMatching(/nothing is indexed/),
      })
    }
    expect((await rig.get('/live')).status).toBe(200)
    const { errors } = await rig.query('{ pools { nodes { address } } }')
    expect(errors?.[0]?.extensions.code).toBe('UNAVAILABLE')
    expect((await rig.query('{ __schema { queryType { name } } }')).errors).toBeUndefined()
    await rig.append(5)
    rig.nowMs = (rig.chain.blocks.at(-1)?.header.timestamp ?? 0) * 1_000
    expect((await rig.json('/v1/status')).block.number).toBe(4)
    expect((await rig.get('/ready')).status).toBe(200)
  })

  test('what should not happen is told without its cause, which is in the log', async () => {
    const tokens = {
      read: () => Promise.reject(new Error('the password is hunter2')),
    }
    const rig = await start({ blocks: 10, overrides: () => ({ tokens }) })
    const response = await rig.get('/v1/pools')
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('hunter2')
    const requestId = response.headers.get('x-request-id')
    expect(JSON.parse(text)).toMatchObject({ type: 'urn:halyard:problem:internal', requestId })
    const line = rig.lines.find(({ fields }) => fields.requestId === requestId)
    expect(line).toMatchObject({ level: 'error', fields: { err: { message: /hunter2/ } } })
  })
})
