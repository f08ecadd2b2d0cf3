import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addressOf } from '../fakes/encode.ts'
import { openRig, type Rig } from './api-rig.ts'

/** What the API says of a request that is wrong: the field, what it takes, and an example. */
let rig: Rig
beforeAll(async () => {
  rig = await openRig({ blocks: 12 })
})
afterAll(() => rig[Symbol.asyncDispose]())

const [one, two] = [addressOf(1), addressOf(2)]
const pool = `/v1/pools/${one}`
const wrongChecksum = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD'
const rightChecksum = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
const quote = `/v1/quotes?tokenIn=${one}&tokenOut=${two}&amount=5`

type Fault = { readonly field: string; readonly message: string }

async function faultsOf(path: string, body?: object): Promise<Fault[]> {
  const response = await rig.get(path, {
    ...(body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  const { errors, detail } = await response.json()
  expect([response.status, path]).toEqual([400, path])
  expect(detail).toBe(errors.map(({ field, message }: Fault) => `${field}: ${message}`).join('; '))
  return errors
}

/** Words of the library that judges requests, which nobody has to know. */
const OF_THE_LIBRARY = /invalid input|expected|received|undefined|NaN|null\b/i

describe('REST says of a parameter that is wrong what it takes, with an example', () => {
  test.each([
    ['/v1/quotes', 'tokenIn', /^missing; it takes an address \(.*\), for example 0x\w{40}$/],
    ['/v1/quotes', 'amount', /^missing; it takes a whole number of raw units/],
    ['/v1/pools/abc', 'address', /^it takes an address .*, for example 0x\w{40}; here is "abc"$/],
    ['/v1/pools?limit=0', 'limit', /^it takes a whole number from 1 to 500, .*; here is (0|"0")$/],
    ['/v1/pools?limit=many', 'limit', /^it takes a whole number from 1 to 500, .* is "many"$/],
    ['/v1/pools?token=x', 'token', /^it takes an address/],
    ['/v1/pools?after=x', 'after', /^not a cursor of this list; take nextCursor/],
    ['/v1/pools?colour=red', 'colour', /^no such parameter; there are token, limit, after, chain$/],
    ['/v1/status?a=1', 'a', /^no such parameter; there is chain$/],
    ['/v1/pools?limit=1&limit=2', 'limit', /^given more than once; give it once$/],
    [`${pool}/swaps?order=up`, 'order', /^it takes desc or asc, for example desc; here is "up"$/],
    [`${pool}/swaps?fromBlock=-1`, 'fromBlock', /^it takes the number of a block, for example/],
    [`${pool}/candles?interval=2h`, 'interval', /^it takes 1m, 5m, 1h or 1d, for example 1m/],
    [`${pool}/candles?fill=yes`, 'fill', /^it takes true or false, for example true/],
    [`${pool}/volumes?period=week`, 'period', /^it takes hour or day, for example hour/],
    [`${pool}/volumes?from=now`, 'from', /^it takes a time in whole seconds since 1970/],
    [`/v1/collections/${one}/holdings?tokenId=x`, 'tokenId', /^it takes a whole number in dec/],
    [`${quote}&amount=6`, 'amount', /^given more than once/],
    [`${quote}0.5`, 'amount', /^it takes a whole number of raw units .*; here is "50.5"$/],
    [`${quote}&exact=both`, 'exact', /^it takes in or out, for example in; here is "both"$/],
    [`${quote}&maxHops=9`, 'maxHops', /^it takes a whole number from 1 to 4, .*; here is 9$/],
    [`${quote}&maxHops=x`, 'maxHops', /^it takes a whole number from 1 to 4, .*; here is "x"$/],
    [`${quote}&slippageBps=1e3`, 'slippageBps', /^it takes a whole number from 0 to 10000/],
    [`${quote}&at=latest`, 'at', /^it takes the number of a block, .*; here is "latest"$/],
    [`${quote}&state=old`, 'state', /^it takes live or indexed, for example live/],
  ])('%s: %s', async (path, field, message) => {
    const faults = await faultsOf(path)
    const found = faults.find((fault) => fault.field === field)
    expect(found?.message).toMatch(message)
    for (const fault of faults) expect(fault.message).not.toMatch(OF_THE_LIBRARY)
  })

  test.each([
    [{}, 'legs', /^missing; it takes a list of 1 to 20 legs, for example \[\{ "amount": /],
    [{ legs: [] }, 'legs', /^it takes a list of 1 to 20 legs, .*; here is a list$/],
    [{ legs: [5] }, 'legs[0]', /^it takes an object; here is 5$/],
    [{ legs: [{}] }, 'legs[0].amount', /^missing; it takes a whole number of raw units/],
    [{ legs: [{ amount: 5 }] }, 'legs[0].amount', /^it takes a whole number .*; here is 5$/],
    [{ legs: [{ pools: 'a' }] }, 'legs[0].pools', /^it takes a list of 1 to 4 pools, .* is "a"$/],
    [{ legs: [{ pools: ['a'] }] }, 'legs[0].pools[0]', /^it takes the address of a pool, or/],
    [{ colour: 1 }, 'colour', /^no such parameter; there are exact, legs, tokenOut, /],
    [{ at: 'now' }, 'at', /^it takes the number of a block/],
  ])('a body %j: %s', async (body, field, message) => {
    const faults = await faultsOf('/v1/swaps/simulate', body)
    expect(faults.find((fault) => fault.field === field)?.message).toMatch(message)
    for (const fault of faults) expect(fault.message).not.toMatch(OF_THE_LIBRARY)
  })

  test('and names the field once, also where the fault is found while the answer is made', async () => {
    const [inverted] = await faultsOf(`${pool}/swaps?fromBlock=5&toBlock=2`)
    expect(inverted).toEqual({
      field: 'fromBlock',
      message: '5 is above toBlock, 2; swap the two',
    })
    const [same] = await faultsOf(`/v1/quotes?tokenIn=${one}&tokenOut=${one}&amount=5`)
    expect(same).toEqual({
      field: 'tokenOut',
      message: 'the same token as tokenIn; name another one',
    })
  })
})

describe('an address with a wrong checksum', () => {
  test('is refused by REST with the right one, in a path, a query and a body', async () => {
    for (const [path, body] of [
      [`/v1/pools/${wrongChecksum}`],
      [`/v1/quotes?tokenIn=${wrongChecksum}&tokenOut=${two}&amount=5`],
      ['/v1/swaps/simulate', { legs: [{ amount: '5', tokenIn: one, pools: [wrongChecksum] }] }],
    ] as const) {
      const [fault] = await faultsOf(path, body)
      expect(fault?.message).toContain(`it would be ${rightChecksum}`)
    }
    expect((await rig.get(`/v1/pools/${rightChecksum}`)).status).toBe(404)
    expect((await rig.get(`/v1/pools/0x${rightChecksum.slice(2).toUpperCase()}`)).status).toBe(404)
  })

  test('is refused by GraphQL, in a query and in variables', async () => {
    const literal = await rig.query(`{ pool(address: "${wrongChecksum}") { address } }`)
    const variable = await rig.query('query ($a: Address!) { pool(address: $a) { address } }', {
      a: wrongChecksum,
    })
    for (const { errors } of [literal, variable]) {
      expect(errors?.[0]?.message).toContain(`it would be ${rightChecksum}`)
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
    }
    const right = await rig.query(`{ pool(address: "${rightChecksum}") { address } }`)
    expect(right).toEqual({ data: { pool: null } })
  })
})

describe('GraphQL says of an argument that is wrong its name, what it takes, and an example', () => {
  test.each([
    ['{ pool(address: "x") { address } }', 'address', /^address: it takes an address .*"x"$/],
    ['{ pool(address: 5) { address } }', 'address', /^address: it takes an address .* is 5$/],
    [
      '{ pools(first: 0) { nodes { address } } }',
      'first',
      /^first: it takes a whole number from 1/,
    ],
    ['{ pools(after: "x") { nodes { address } } }', 'after', /^after: not a cursor of this list; /],
    [
      `{ candles(pool: "${one}", interval: ONE_DAY, from: -1) { start } }`,
      'from',
      /^from: it takes a time in whole seconds since 1970 \(UTC\), for example \d+; here is -1$/,
    ],
    [
      `{ quote(input: { tokenIn: "${one}", tokenOut: "${two}", amount: 5 }) { __typename } }`,
      'input.amount',
      /^input\.amount: it takes a whole number as decimal digits in quotes, .*; here is 5$/,
    ],
    [
      `{ quote(input: { tokenIn: "${one}", tokenOut: "${two}", amount: "0" }) { __typename } }`,
      'amount',
      /^amount: it takes a whole number of raw units .*; here is 0$/,
    ],
    [
      `{ holdings(collection: "${one}", tokenId: "-1") { nodes { amount } } }`,
      'tokenId',
      /^tokenId: it takes a whole number in decimal digits, from 0/,
    ],
    [
      '{ swaps(fromBlock: -1) { nodes { logIndex } } }',
      'fromBlock',
      /^fromBlock: it takes the num/,
    ],
  ])('%s', async (query, argument, message) => {
    const { errors } = await rig.query(query)
    expect(errors?.[0]?.message).toMatch(message)
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument })
  })

  test('of a variable, too', async () => {
    const { errors } = await rig.query(
      'query ($i: QuoteInput!) { quote(input: $i) { __typename } }',
      { i: { tokenIn: one, tokenOut: two, amount: 5 } },
    )
    expect(errors?.[0]?.message).toMatch(/"\$i".*"i\.amount".*it takes a whole number as decimal/)
  })
})
