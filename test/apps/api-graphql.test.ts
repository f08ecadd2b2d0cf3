import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { AppError } from '#core/errors.ts'
import { addressOf } from '../fakes/encode.ts'
import { fakeErc1155, fakeErc721, fakeListedPool } from '../fakes/fake-chain.ts'
import { createRandom } from '../fakes/random.ts'
import { eventually } from '../fakes/eventually.ts'
import { fakeToken, openRig, openSockets, type Rig, type RigOptions } from './api-rig.ts'

const SWAP =
  '{ pool { address swapCount } block { number hash timestamp } logIndex amount0 amount1 }'

const rigs: Rig[] = []
const sockets = openSockets()
async function start(options: RigOptions): Promise<Rig> {
  const rig = await openRig(options)
  rigs.push(rig)
  return rig
}
const stopAll = async () => {
  for (const rig of rigs.splice(0)) await rig[Symbol.asyncDispose]()
  await eventually(() => expect(openSockets()).toEqual(sockets))
}

const TOKEN = '{ address symbol name decimals unknownBecause }'
const inGraphql = (token: any) => ({
  ...token,
  unknownBecause: token.unknownBecause?.toUpperCase() ?? null,
})

describe('GraphQL', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await start({ blocks: 120 })
  })
  afterAll(stopAll)

  async function data(query: string, variables?: object): Promise<any> {
    const { data: answer, errors } = await rig.query(query, variables)
    expect(errors).toBeUndefined()
    return answer
  }

  test('a pool has all that REST tells of it, under the same names', async () => {
    const { items } = await rig.json('/v1/pools')
    const { pools } = await data(`{ pools { nodes {
      address protocol factory token0 ${TOKEN} token1 ${TOKEN}
      feePips feePipsOfToken1 tickSpacing curve hooks hookFlags feeMode createdBlock createdAt reserve0 reserve1 sqrtPriceX96 tick liquidity
      price { token0InToken1 token1InToken0 } rawPriceOfToken0InToken1 swapCount lastTradeAt
      quotable { status reason explanation }
    } } }`)
    expect(pools.nodes).toEqual(
      items.map((item: any) => ({
        ...item,
        protocol: item.protocol === 'uniswap-v2' ? 'UNISWAP_V2' : 'UNISWAP_V3',
        token0: inGraphql(item.token0),
        token1: inGraphql(item.token1),
        feeMode: inCapitals(item.feeMode),
        quotable: {
          ...item.quotable,
          status: inCapitals(item.quotable.status),
          reason: inCapitals(item.quotable.reason),
        },
      })),
    )
  })

  const inCapitals = (word: string | null) => word && word.replaceAll('-', '_').toUpperCase()

  test('swaps, candles, volumes and holdings are those of REST', async () => {
    const at = `/v1/pools/${fakeListedPool}`
    const { pool, swaps, candles, holdings } = await data(
      `query ($pool: Address!, $collection: Address!) {
        pool(address: $pool) {
          volumes(period: DAY) { start volume0 volume1 fees0 fees1 trades }
          candles(interval: FIVE_MINUTES, limit: 9) { start open high low close priceUnit volume0 volume1 trades }
          swaps(first: 9) { nodes { transactionHash logIndex sender recipient amount0 amount1 } }
        }
        swaps(pool: $pool, first: 9) { nodes { transactionHash logIndex sender recipient amount0 amount1 } }
        candles(pool: $pool, interval: FIVE_MINUTES, limit: 9, fillGaps: true) { start open trades }
        holdings(collection: $collection, first: 9) { nodes { collection tokenId owner standard amount shortfall } }
      }`,
      { pool: fakeListedPool, collection: fakeErc1155 },
    )
    const rest = await rig.json(`${at}/swaps?limit=9`)
    const names = ['transactionHash', 'logIndex', 'sender', 'recipient', 'amount0', 'amount1']
    const short = rest.items.map((item: any) =>
      Object.fromEntries(names.map((name) => [name, item[name]])),
    )
    expect(swaps.nodes).toEqual(short)
    expect(pool.swaps.nodes).toEqual(short)
    expect(pool.candles).toEqual(
      (await rig.json(`${at}/candles?interval=5m&limit=9`)).items.map((item: any) => ({
        ...item,
        priceUnit: 'TOKENS',
      })),
    )
    expect(candles).toEqual(
      (await rig.json(`${at}/candles?interval=5m&limit=9&fill=true`)).items.map(
        ({ start: from, open, trades }: any) => ({ start: from, open, trades }),
      ),
    )
    const [volume] = (await rig.json(`${at}/volumes`)).items
    delete volume.period
    expect(pool.volumes).toEqual([volume])
    const held = (await rig.json(`/v1/collections/${fakeErc1155}/holdings?limit=9`)).items
    expect(holdings.nodes).toEqual(held.map((item: any) => ({ ...item, standard: 'ERC1155' })))
  })

  test('a swap leads to its pool, and a token to what it says of itself', async () => {
    const { swaps } = await data(`{ swaps(first: 30) { nodes { protocol tick sqrtPriceX96
      pool { address protocol token0 { address symbol } } } } }`)
    expect(swaps.nodes).toHaveLength(30)
    for (const swap of swaps.nodes) {
      expect(swap.pool.protocol).toBe(swap.protocol)
      expect(swap.tick === null).toBe(swap.protocol === 'UNISWAP_V2')
      expect(swap.pool.token0.symbol).toBe(fakeToken(swap.pool.token0.address).symbol)
    }
  })

  test('a list is walked forward and backward over the same places', async () => {
    const list = async (args: string): Promise<any> =>
      (
        await data(`{ swaps(${args}) { edges { cursor node { block { number } logIndex } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`)
      ).swaps
    const all = await list('first: 60')
    const forward: any[] = []
    for (let after = ''; ;) {
      const page = await list(`first: 7${after}`)
      forward.push(...page.edges)
      expect(page.pageInfo.hasPreviousPage).toBe(after !== '')
      expect(page.pageInfo.endCursor).toBe(page.edges.at(-1).cursor)
      if (forward.length >= 49) break
      after = `, after: "${page.pageInfo.endCursor}"`
    }
    expect(forward).toEqual(all.edges.slice(0, forward.length))
    const backward: any[] = []
    for (let before = `, before: "${all.edges[30].cursor}"`; ;) {
      const page = await list(`last: 7${before}`)
      backward.unshift(...page.edges)
      expect(page.pageInfo.hasNextPage).toBe(true)
      if (!page.pageInfo.hasPreviousPage) break
      before = `, before: "${page.pageInfo.startCursor}"`
    }
    expect(backward).toEqual(all.edges.slice(0, 30))
    const end = await list('last: 1')
    expect(end.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
  })

  test('pools are walked both ways, too, all of them or those of a token', async () => {
    const token = (await rig.json('/v1/pools')).items[1].token0.address
    for (const filter of ['', `, token: "${token}"`]) {
      const list = async (args: string): Promise<any> =>
        (await data(`{ pools(${args}${filter}) { edges { cursor node { address } } } }`)).pools
          .edges
      const all = await list('first: 100')
      expect(await list('last: 100')).toEqual(all)
      expect(await list(`last: 2, before: "${all.at(-1).cursor}"`)).toEqual(all.slice(-3, -1))
      expect(await list(`first: 2, after: "${all[0].cursor}"`)).toEqual(all.slice(1, 3))
    }
  })

  test('_meta tells what the answer stands on', async () => {
    const { _meta } = await data(
      '{ _meta { block { number hash timestamp } lag lagSeconds finalized digest coverage { from to } proofLevel proof { level from to } } }',
    )
    const { block, item } = await rig.json('/v1/status')
    expect(_meta).toEqual({
      block,
      lag: 0,
      lagSeconds: 0,
      finalized: item.finalized,
      digest: item.digest,
      coverage: item.coverage,
      proofLevel: 'RECEIPTS',
      proof: [{ level: 'RECEIPTS', from: 0, to: block.number }],
    })
  })

  test('the lag is null while the chain cannot be asked', async () => {
    const { newest } = rig
    rig.newest = undefined
    expect((await data('{ meta: _meta { lag lagSeconds } }')).meta).toEqual({
      lag: null,
      lagSeconds: 5,
    })
    rig.newest = { number: 130, hash: `0x${'0'.repeat(64)}` }
    expect((await data('{ meta: _meta { lag lagSeconds } }')).meta).toEqual({
      lag: 11,
      lagSeconds: 5,
    })
    rig.newest = newest
  })

  test('an unknown pool is null', async () => {
    expect(await data(`{ pool(address: "${addressOf(0xdead)}") { address } }`)).toEqual({
      pool: null,
    })
  })

  test.each([
    ['first 0', '{ swaps(first: 0) { nodes { logIndex } } }', 'first'],
    ['first 501', '{ swaps(first: 501) { nodes { logIndex } } }', 'first'],
    ['last 501', '{ swaps(last: 501) { nodes { logIndex } } }', 'last'],
    ['pools first 501', '{ pools(first: 501) { nodes { address } } }', 'first'],
    [
      'holdings first -1',
      `{ holdings(first: -1, owner: "${addressOf(1)}") { nodes { amount } } }`,
      'first',
    ],
    ['first and last', '{ swaps(first: 1, last: 1) { nodes { logIndex } } }', 'last'],
    ['after with last', '{ swaps(last: 1, after: "x") { nodes { logIndex } } }', 'last'],
    ['before with first', '{ swaps(first: 1, before: "x") { nodes { logIndex } } }', 'before'],
    ['a made-up cursor', '{ swaps(after: "x") { nodes { logIndex } } }', 'after'],
    [
      'an inverted range',
      '{ swaps(fromBlock: 9, toBlock: 8) { nodes { logIndex } } }',
      'fromBlock',
    ],
    ['a negative block', '{ swaps(fromBlock: -1) { nodes { logIndex } } }', 'fromBlock'],
    [
      '1501 candles',
      `{ candles(pool: "${fakeListedPool}", interval: ONE_DAY, limit: 1501) { start } }`,
      'limit',
    ],
    [
      'inverted times',
      `{ candles(pool: "${fakeListedPool}", interval: ONE_DAY, from: 9, to: 8) { start } }`,
      'from',
    ],
    ['holdings of nobody', '{ holdings { nodes { amount } } }', 'collection'],
    [
      'a token without its collection',
      `{ holdings(owner: "${addressOf(1)}", tokenId: "1") { nodes { amount } } }`,
      'tokenId',
    ],
    [
      'a token id above 2^256',
      `{ holdings(collection: "${fakeErc721}", tokenId: "${2n ** 256n}") { nodes { amount } } }`,
      'tokenId',
    ],
    [
      'volumes without end',
      `{ pool(address: "${fakeListedPool}") { volumes(period: DAY, last: 501) { start } } }`,
      'last',
    ],
  ])('refuses %s', async (_name, query, argument) => {
    const { errors } = await rig.query(query)
    expect(errors).toHaveLength(1)
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument })
    expect(errors?.[0]?.message).toContain(argument)
  })

  test('page sizes are looked at as values, wherever they come from', async () => {
    const { errors } = await rig.query(
      'query ($n: Int) { swaps(first: $n) { nodes { logIndex } } }',
      { n: 501 },
    )
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
  })

  test.each([
    ['an address', 'query ($a: Address!) { pool(address: $a) { address } }', { a: '0x12' }],
    [
      'an address that is a number',
      'query ($a: Address!) { pool(address: $a) { address } }',
      { a: 12 },
    ],
    ['a number', 'query ($n: Int!) { swaps(first: $n) { nodes { logIndex } } }', { n: 'x' }],
    [
      'a big number',
      'query ($n: BigInt) { holdings(tokenId: $n) { nodes { amount } } }',
      { n: '1.5' },
    ],
    ['a literal', '{ pool(address: "0x12") { address } }', {}],
  ])('refuses %s of another kind', async (_name, query, variables) => {
    const { errors } = await rig.query(query, variables)
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
  })

  test('candles and trades of a pool that is not indexed are refused as such', async () => {
    const nowhere = addressOf(0xdead)
    for (const query of [
      `{ candles(pool: "${nowhere}", interval: ONE_DAY) { start } }`,
      `{ swaps(pool: "${nowhere}") { nodes { logIndex } } }`,
      `{ holdings(collection: "${nowhere}") { nodes { amount } } }`,
    ]) {
      const { errors } = await rig.query(query)
      expect(errors?.[0]?.extensions.code).toBe('NOT_INDEXED')
      expect(errors?.[0]?.message).toContain(`${nowhere} is not indexed`)
    }
    for (const path of ['', '/swaps', '/candles', '/volumes']) {
      const response = await rig.get(`/v1/pools/${nowhere}${path}`)
      expect([response.status, (await response.json()).code]).toEqual([404, 'NOT_INDEXED'])
    }
  })

  test('lists within lists may not multiply without end, and aliases are no way round', async () => {
    const nested = '{ pools { nodes { candles(interval: ONE_MINUTE, limit: 1500) { start } } } }'
    expect((await rig.query(nested)).errors?.[0]?.extensions.code).toBe('QUERY_TOO_COSTLY')
    const aliases = Array.from(
      { length: 21 },
      (_, n) => `a${n}: swaps(first: 500) { nodes { logIndex } }`,
    )
    const { errors } = await rig.query(`{ ${aliases.join(' ')} }`)
    expect(errors?.[0]?.message).toContain('10000 rows')
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COSTLY', argument: 'first' })
  })

  test('a query may not be deeper or longer than any sensible one', async () => {
    const deep = (levels: number): string =>
      levels === 0 ? 'address' : `swaps(first: 1) { nodes { pool { ${deep(levels - 1)} } } }`
    const { errors } = await rig.query(`{ pool(address: "${fakeListedPool}") { ${deep(5)} } }`)
    expect(errors?.[0]?.message).toContain('fields deep')
    const spread = await rig.query(
      `{ pool(address: "${fakeListedPool}") { ...A } } fragment A on Pool { ${deep(4)} ...B } fragment B on Pool { ${deep(5)} }`,
    )
    expect(spread.errors?.[0]?.message).toContain('fields deep')
    const cycle = await rig.query(
      '{ pools { nodes { ...A } } } fragment A on Pool { address ...A }',
    )
    expect(cycle.errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
    const long = await rig.query(`{ ${'__typename '.repeat(2_001)} }`)
    expect(long.errors?.[0]?.extensions.code).toBe('GRAPHQL_PARSE_FAILED')
    expect(
      (
        await rig.query(
          '{ __schema { types { fields { type { ofType { ofType { ofType { name } } } } } } } }',
        )
      ).errors,
    ).toBeUndefined()
  })

  const post = (body: string, type = 'application/json') =>
    rig.get('/graphql', { method: 'POST', body, headers: { 'content-type': type } })

  test('a query may come by GET, a mutation may not', async () => {
    const query = async (text: string) => rig.get(`/graphql?query=${encodeURIComponent(text)}`)
    const answer = await query('{ _meta { block { number } } }')
    expect(await answer.json()).toEqual({ data: { _meta: { block: { number: 119 } } } })
    expect((await query('mutation { x }')).status).toBe(405)
    expect((await rig.get('/graphql?query={__typename}&variables=no')).status).toBe(400)
    expect(await (await rig.get('/graphql')).json()).toMatchObject({
      errors: [{ message: /query/ }],
    })
    for (const method of ['PUT', 'DELETE', 'HEAD'])
      expect((await rig.get('/graphql', { method })).status, method).toBe(405)
    const options = await rig.get('/graphql', { method: 'OPTIONS' })
    expect(options.headers.get('access-control-allow-methods')).toBe('GET, POST, OPTIONS')
  })

  test.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    'text/plain',
    'application/json; charset=utf-7',
  ])('an operation as %s is refused', async (type) => {
    const response = await post('query=%7B__typename%7D', type)
    expect(response.status).toBe(415)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
  })

  test.each([
    ['no JSON', '{'],
    ['a list', '[{"query":"{__typename}"}]'],
    ['a text', '"{__typename}"'],
    ['an empty object', '{}'],
    ['nothing', ''],
    ['a query that is no text', '{"query":{"a":1}}'],
    ['an unknown member', '{"query":"{__typename}","admin":true}'],
    ['variables that are a list', '{"query":"{__typename}","variables":[1]}'],
  ])('%s is a bad request', async (_name, body) => {
    expect((await post(body)).status).toBe(400)
  })

  test('a body has a limit, in size and in depth', async () => {
    expect((await post(JSON.stringify({ query: ' '.repeat(100_001) }))).status).toBe(413)
    const chunked = await rig.get('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([JSON.stringify({ query: ' '.repeat(200_000) })]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(chunked.status).toBe(413)
    const nested = `{"query":"{__typename}","variables":{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}}`
    expect(await (await post(nested)).json()).toEqual({ data: { __typename: 'Query' } })
  })

  test('the same question at the same block is answered alike', async () => {
    const query = `{ _meta { block { number } } swaps(first: 50) { edges { node ${SWAP} } } }`
    const first = await (await post(JSON.stringify({ query }))).text()
    const again = await post(JSON.stringify({ query }))
    expect(await again.text()).toBe(first)
    expect(again.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const other = await rig.query(query.replace('50', '49'))
    expect(other.data.swaps.edges).toHaveLength(49)
  })

  test('GraphiQL is not there but in development', async () => {
    const response = await rig.get('/graphql', { headers: { accept: 'text/html' } })
    expect(response.status).not.toBe(200)
    expect(await response.text()).not.toContain('<html')
  })
})

describe('GraphQL in development', () => {
  afterAll(stopAll)

  test('serves GraphiQL, which loads nothing from elsewhere, with a query that works', async () => {
    const rig = await start({ blocks: 30, api: { development: true } })
    const response = await rig.get('/graphql', { headers: { accept: 'text/html' } })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-security-policy')).toContain("connect-src 'self'")
    const page = await response.text()
    expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)="(https?:)?\/\//)
    const options =
      /renderYogaGraphiQL\(\s*window\.document\.querySelector\('#root'\),\s*(\{.*\}),\s*\);/.exec(
        page,
      )
    const { defaultQuery } = JSON.parse(options?.[1] ?? '{}')
    const { data, errors } = await rig.query(defaultQuery)
    expect(errors).toBeUndefined()
    expect(data.swaps.edges).toHaveLength(5)
  })
})

describe('GraphQL when things fail', () => {
  afterEach(stopAll)

  test('a chain that cannot be asked costs the names of tokens, not the answer', async () => {
    const rig = await start({ blocks: 20, overrides: () => ({ tokens: undefined as never }) })
    const { data, errors } = await rig.query(
      '{ pools(first: 1) { nodes { address token0 { symbol decimals unknownBecause } price { token0InToken1 } } } }',
    )
    expect(errors).toBeUndefined()
    expect(data.pools.nodes[0]).toMatchObject({
      token0: { symbol: null, decimals: null, unknownBecause: 'UNAVAILABLE' },
      price: null,
    })
  })

  test('candles whose units are not known for want of a node are unavailable, never in other units', async () => {
    const rig = await start({ blocks: 20, overrides: () => ({ tokens: undefined as never }) })
    const { errors } = await rig.query(
      `{ candles(pool: "${fakeListedPool}", interval: ONE_DAY) { close priceUnit } }`,
    )
    expect(errors).toMatchObject([
      { message: /decimals of token 0x\w+ are not known yet/, extensions: { code: 'UNAVAILABLE' } },
    ])
    const answer = await rig.get(`/v1/pools/${fakeListedPool}/candles`)
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ detail: /decimals of token 0x\w+ are not known/ })
  })

  test('a bug is masked, and found in the log by its id', async () => {
    const tokens = { read: () => Promise.reject(new Error('the password is hunter2')) }
    const rig = await start({ blocks: 20, overrides: () => ({ tokens }) })
    const { data, errors } = await rig.query(
      '{ pools(first: 1) { nodes { address token0 { symbol } } } }',
    )
    expect(data.pools.nodes[0].token0).toEqual({ symbol: null })
    expect(JSON.stringify(errors)).not.toContain('hunter2')
    const [error] = errors ?? []
    expect(error?.extensions.code).toBe('INTERNAL_SERVER_ERROR')
    const line = rig.lines.find(({ fields }) => fields.requestId === error?.extensions.requestId)
    expect(line).toMatchObject({ level: 'error', fields: { err: { message: /hunter2/ } } })
  })

  test('a store that cannot be read is unavailable, and where it is is for the log', async () => {
    const rig = await start({
      overrides: (path) => {
        const store = openSqliteChainStore(path)
        const failing = () =>
          Promise.reject(
            new AppError('unavailable', `store: ${path}: disk I/O error`, {
              details: { field: 'store' },
            }),
          )
        return { store: { ...store, heads: { ...store.heads, latest: failing } } }
      },
    })
    for (const path of ['/graphql?query={_meta{digest}}', '/v1/pools', '/ready']) {
      const response = await rig.get(path)
      const text = await response.text()
      expect([response.status, response.headers.get('retry-after')], path).toEqual([503, '1'])
      expect(text).toContain('the store cannot be used now')
      expect(text).not.toContain(rig.path)
      const id = response.headers.get('x-request-id')
      const line = rig.lines.find(({ fields }) => fields.requestId === id && 'reason' in fields)
      expect(line).toMatchObject({ level: 'warn', fields: { reason: /disk I\/O error/ } })
    }
    expect((await rig.get('/live')).status).toBe(200)
    expect(await (await fetch(`${rig.metricsUrl}/metrics`)).text()).toContain('process_cpu')
  })
})

/** A store for readers that lets something happen before each read. */
function interrupted(path: string, happen: () => Promise<void>) {
  const store = openSqliteChainStore(path)
  const before =
    <A extends unknown[], R>(read: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await happen()
      return read(...args)
    }
  const { tree, events } = store
  return {
    ...store,
    tree: {
      read: before(tree.read),
      readPrevious: before(tree.readPrevious),
      versions: before(tree.versions),
      scan: before(tree.scan),
    },
    events: { list: before(events.list) },
  }
}

describe('an answer while blocks are being committed', () => {
  afterEach(stopAll)

  const BLOCKS = 20
  const QUERY = `query ($pool: Address!) {
    meta: _meta { block { number hash } coverage { from to } digest }
    first: swaps(first: 5) { nodes ${SWAP} }
    pools(first: 50) { nodes { address reserve0 tick liquidity swapCount lastTradeAt price { token0InToken1 }
      swaps(first: 2) { nodes ${SWAP} } candles(interval: ONE_MINUTE, limit: 3) { start close trades } volumes(period: DAY) { trades } } }
    pool(address: $pool) { reserve0 swapCount volumes(period: DAY) { trades volume0 } }
    candles(pool: $pool, interval: ONE_DAY) { close trades }
    holdings(collection: "${fakeErc721}", first: 50) { nodes { tokenId owner amount } }
    last: swaps(last: 5) { nodes ${SWAP} }
  }`
  const variables = { pool: fakeListedPool }

  test('every field of it is as of the one block that it names', async () => {
    /** What a quiet API answers at each block. */
    const answers = new Map<string, unknown>()
    const quiet = await start({ seed: 11, blocks: BLOCKS, maxLogs: 30 })
    for (let block = 0; block < 140; block++) {
      const { data } = await quiet.query(QUERY, variables)
      answers.set(data.meta.block.hash, data)
      await quiet.append(1)
    }

    const random = createRandom(7)
    let left = 0
    const happen = async (): Promise<void> => {
      if (left === 0 || !random.chance(0.5)) return
      left--
      // At first nothing of a view is swept while it is read; later on most views are, and answers begin again.
      await rig.append(1, rig.chain.blocks.length < 80 ? 12 : 3)
    }
    const rig = await start({
      seed: 11,
      blocks: BLOCKS,
      maxLogs: 30,
      overrides: (path) => ({ store: interrupted(path, happen) }),
    })
    let moved = 0
    while (rig.chain.blocks.length < 130) {
      const from = rig.chain.blocks.length
      left = 6
      const { data, errors } = await rig.query(QUERY, variables)
      left = 0
      expect(errors).toBeUndefined()
      expect(data).toEqual(answers.get(data.meta.block.hash))
      if (rig.chain.blocks.length > from) moved++
      // An answer of the newest head is kept, and reads nothing when it is asked for again.
      else await rig.append(1)
    }
    expect(moved).toBeGreaterThan(10)
  }, 120_000)

  test('one whose branch was left and swept meanwhile is begun again on the other', async () => {
    for (let seed = 20; seed < 30; seed++) {
      let left = 0
      const rig = await start({
        seed,
        blocks: BLOCKS,
        maxLogs: 30,
        overrides: (path) => ({
          store: interrupted(path, async () => {
            if (left > 0 && --left === 0) await rig.reorg(2, 6)
          }),
        }),
      })
      left = 1 + (seed % 4)
      const { data, errors } = await rig.query(QUERY, variables)
      expect(errors).toBeUndefined()
      const { hash } = data.meta.block
      expect(rig.chain.blocks.map(({ header }) => header.hash)).toContain(hash)
      expect(data).toEqual((await rig.query(QUERY, variables)).data)
    }
  })

  test('REST begins again, too', async () => {
    for (let seed = 30; seed < 36; seed++) {
      let left = 0
      const rig = await start({
        seed,
        blocks: BLOCKS,
        maxLogs: 30,
        overrides: (path) => ({
          store: interrupted(path, async () => {
            if (left > 0 && --left === 0) await rig.reorg(2, 6)
          }),
        }),
      })
      // The pool is read first, then its swaps.
      left = 2
      const path = `/v1/pools/${fakeListedPool}/swaps`
      const answer = await rig.json(path)
      expect(answer.block.hash).toBe(rig.chain.blocks.at(-1)?.header.hash)
      expect(answer).toEqual(await rig.json(`${path}?limit=50`))
    }
  })

  test('one that is overtaken again and again is given up, to be asked for again', async () => {
    let isOn = false
    const rig = await start({
      seed: 12,
      blocks: BLOCKS,
      overrides: (path) => ({
        store: interrupted(path, async () => {
          if (isOn) await rig.append(6, 0)
        }),
      }),
    })
    isOn = true
    const response = await rig.get('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query:
          '{ pools(first: 10) { nodes { address swaps { nodes { logIndex } } reserve0 candles(interval: ONE_MINUTE) { close } } } }',
      }),
    })
    const { errors }: any = await response.json()
    isOn = false
    expect(errors[0]).toMatchObject({ message: /ask again/, extensions: { code: 'UNAVAILABLE' } })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect((await rig.query('{ pools { nodes { address } } }')).errors).toBeUndefined()
  })
})
