import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeListedPool } from '../fakes/fake-chain.ts'
import { openRig, type Rig } from './api-rig.ts'

const run = promisify(execFile)

describe('GraphQL under attack', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await openRig({ blocks: 20 })
  })
  afterAll(() => rig[Symbol.asyncDispose]())

  const post = (body: object) =>
    rig.get('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  const aliased = (count: number, field: string) =>
    `{ ${Array.from({ length: count }, (_, n) => `a${n}: ${field}`).join(' ')} }`
  const candle = 'start open high low close volume0 volume1 trades'
  const fields = 'address protocol factory feePips tickSpacing createdBlock reserve0 reserve1'

  test.each([
    ['rows by an alias each', { query: aliased(21, 'swaps(first: 500) { nodes { logIndex } }') }],
    [
      'rows by variables',
      {
        query: `query($n: Int) ${aliased(21, 'swaps(first: $n) { nodes { logIndex } }')}`,
        variables: { n: 500 },
      },
    ],
    [
      'rows by the defaults of variables',
      { query: `query($n: Int = 500) ${aliased(21, 'swaps(first: $n) { nodes { logIndex } }')}` },
    ],
    [
      'lists in lists',
      { query: '{ pools(first: 500) { nodes { swaps(first: 500) { nodes { logIndex } } } } }' },
    ],
    [
      'lists in lists by fragments',
      {
        query:
          '{ ...A } fragment A on Query { pools(first: 500) { ...B } } fragment B on PoolConnection { edges { node { ...C } } } fragment C on Pool { swaps(last: 500) { edges { node { logIndex } } } }',
      },
    ],
    [
      'values of few rows by fragments that double',
      {
        query: `{ pools(first: 500) { nodes { ...A } } } fragment A on Pool { ...B ...B } fragment B on Pool { ...C ...C } fragment C on Pool { ...D ...D } fragment D on Pool { ${fields} ${fields} }`,
      },
    ],
    [
      'candles beyond reason',
      {
        query: aliased(
          6,
          `candles(pool: "${fakeListedPool}", interval: ONE_MINUTE, limit: 1500) { ${candle} }`,
        ),
      },
    ],
    ['the schema over and over', { query: aliased(3, '__schema { types { name } }') }],
    [
      'fields by fragments that double and double',
      {
        query: `{ ...F0 } ${Array.from({ length: 30 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`).join(' ')} fragment F30 on Query { __typename }`,
      },
    ],
    [
      'variables without end',
      {
        query: `query(${Array.from({ length: 101 }, (_, n) => `$v${n}: Int`).join(' ')}) { __typename }`,
      },
    ],
  ])('%s are refused before anything is read, by a stable code', async (_name, body) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    const { errors, data } = await response.json()
    expect(data ?? null).toBeNull()
    expect(errors[0].extensions.code).toBe('QUERY_TOO_COSTLY')
    const other = await rig.get('/live')
    expect(other.status).toBe(200)
  })

  test('a query that is too deep is refused by a stable code', async () => {
    const deep = `{ pools { nodes { ${'swaps(first: 1) { nodes { pool { '.repeat(5)} address ${'} } } '.repeat(5)} } } }`
    const response = await post({ query: deep })
    expect(response.status).toBe(400)
    expect((await response.json()).errors[0].extensions.code).toBe('QUERY_TOO_DEEP')
  })

  test('tools may read the schema with everything in it', async () => {
    const query = getIntrospectionQuery({
      descriptions: true,
      inputValueDeprecation: true,
      schemaDescription: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
    })
    const { data, errors } = await rig.query(query)
    expect(errors).toBeUndefined()
    expect(data['__schema'].types.length).toBeGreaterThan(20)
  })

  test('the largest pages with all of their fields are within the limits', async () => {
    const swap =
      'pool { address token0 { symbol } } protocol block { number hash timestamp } transactionHash logIndex sender recipient amount0 amount1 sqrtPriceX96 liquidity tick'
    for (const query of [
      `{ swaps(first: 500) { edges { cursor node { ${swap} } } pageInfo { endCursor } } }`,
      `{ pools(first: 500) { nodes { ${fields} token0 { symbol name decimals } price { token0InToken1 } } } }`,
      `{ candles(pool: "${fakeListedPool}", interval: ONE_MINUTE, limit: 1500) { ${candle} } }`,
      '{ holdings(owner: "0x0000000000000000000000000000000000000001", first: 500) { nodes { collection tokenId amount } } }',
    ])
      expect((await rig.query(query)).errors, query).toBeUndefined()
  })
})

test('documents that all differ, valid or not, do not fill the memory', async () => {
  const { stdout } = await run(process.execPath, [
    '--max-old-space-size=160',
    'test/apps/attack/many-documents.ts',
  ])
  expect(JSON.parse(stdout)).toMatchObject({ refused: 2_500 })
}, 240_000)
