import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { QuoteInput, QuoteOutcome, SimulateInput } from '#core/dex/quote.ts'
import type { Quoter } from '#core/dex/quoter.ts'
import { AppError, invalidField } from '#core/errors.ts'
import { addressOf } from '../fakes/encode.ts'
import { sampleExactOut, sampleQuote, sampleTokens } from '../fakes/sample-quote.ts'
import { eventually } from '../fakes/eventually.ts'
import { fakeToken, openRig, openSockets, type Rig, type RigOptions } from './api-rig.ts'
import { subscribe } from './subscribe.ts'

const { sold, bought } = sampleTokens
const block = sampleQuote.block
const amounts = { amountIn: '5', amountOut: '6' }

const refusals = [
  {
    status: 'unknown-token',
    field: 'tokenOut',
    reason: 'tokenOut: no token there',
    block,
  },
  { status: 'no-route', reason: 'no pools lead there', block },
  {
    status: 'insufficient-liquidity',
    reason: 'too much',
    largest: { amountIn: 5n, amountOut: 6n },
    block,
  },
  { status: 'busy', reason: 'ask again in a moment', block: null },
  { status: 'unavailable', reason: 'nothing is indexed yet', block: null },
] as const satisfies readonly QuoteOutcome[]

/** A quoter that answers what it is told to, and remembers what it was asked. */
const quoter = {
  quote: vi.fn<(input: QuoteInput) => Promise<QuoteOutcome>>(),
  simulate: vi.fn<(input: SimulateInput) => Promise<QuoteOutcome>>(),
  quotableNow: vi.fn<Quoter['quotableNow']>(),
}
beforeEach(() => {
  quoter.quote.mockReset().mockResolvedValue(sampleQuote)
  quoter.simulate.mockReset().mockResolvedValue(sampleQuote)
  quoter.quotableNow.mockReset()
})

const sockets = openSockets()
const rigs: Rig[] = []
async function start(options: RigOptions = {}): Promise<Rig> {
  const rig = await openRig({ blocks: 5, overrides: () => ({ quoter }), ...options })
  rigs.push(rig)
  return rig
}
const stopAll = async () => {
  for (const rig of rigs.splice(0)) await rig[Symbol.asyncDispose]()
  await eventually(() => expect(openSockets()).toEqual(sockets))
}

const plain = `/v1/quotes?tokenIn=${sold}&tokenOut=${bought}&amount=300000000`
const wanted = { tokenIn: sold, tokenOut: bought, exact: 'in', amountRaw: 300_000_000n }

describe('GET /v1/quotes', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await start()
  })
  afterAll(stopAll)

  test('gives the quote with its block, amounts as decimal strings and prices in whole tokens', async () => {
    const response = await rig.get(plain)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('etag')).toBeNull()
    const answer = await response.json()
    expect(quoter.quote).toHaveBeenCalledExactlyOnceWith(wanted)
    expect(answer.block).toEqual(block)
    expect(answer.item).toMatchObject({
      status: 'filled',
      stateSource: 'live',
      tokenIn: fakeToken(sold),
      tokenOut: fakeToken(bought),
      amountIn: '300000000',
      amountOut: '20000000000',
      amountInConsumed: '300000000',
      minimumReceived: '19900000000',
      maximumSent: null,
      // 3 of a token with 8 decimals for 2 of one with 10.
      executionPrice: {
        raw: '66.6666666666666666',
        tokens: '0.666666666666666666',
        tokensInverse: '1.5',
      },
      gas: '250000',
      gasCost: '5000000',
      taxOutBps: null,
      transaction: { to: addressOf(0x70), data: '0xabcdef', value: '0' },
      confirmation: { status: 'confirmed', by: 'router', gas: '243210' },
      warnings: sampleQuote.warnings,
    })
    const [leg] = answer.item.legs
    expect(leg).toMatchObject({ shareBps: 6_666, amountIn: '200000000', amountOut: '13000000000' })
    expect(leg.hops.map(({ pool }: any) => [pool.protocol, pool.feePips])).toEqual([
      ['uniswap-v3', 500],
      ['uniswap-v4', 100],
    ])
    expect(answer.item.alternatives).toEqual([
      expect.objectContaining({ amountOut: '19000000000', loss: '997000000' }),
    ])
  })

  test('passes on everything that is asked for', async () => {
    const recipient = addressOf(0xa)
    await rig.json(
      `${plain}&exact=out&maxHops=4&maxParts=1&slippageBps=0&at=7&state=indexed&deadlineSeconds=60&alternatives=10` +
        `&recipient=${recipient.toUpperCase().replace('0X', '0x')}`,
    )
    expect(quoter.quote).toHaveBeenCalledExactlyOnceWith({
      ...wanted,
      exact: 'out',
      maxHops: 4,
      maxParts: 1,
      slippageBps: 0,
      at: 7,
      state: 'indexed',
      deadlineSeconds: 60,
      alternatives: 10,
      recipient,
    })
  })

  test('an exact output has a maximum sent instead of a minimum received', async () => {
    quoter.quote.mockResolvedValue(sampleExactOut)
    const { item } = await rig.json(`${plain}&exact=out`)
    expect(item).toMatchObject({ exact: 'out', minimumReceived: null, maximumSent: '301500000' })
  })

  test('a difference is told with both numbers, and so is why something is unconfirmed', async () => {
    const quoted = { amountIn: 5n, amountOut: 6n }
    quoter.quote.mockResolvedValueOnce({
      ...sampleQuote,
      confirmation: { status: 'differs', by: 'pools', quoted, executed: quoted, gas: 9n },
    })
    const { item } = await rig.json(plain)
    expect(item.confirmation).toEqual({
      status: 'differs',
      by: 'pools',
      quoted: amounts,
      executed: amounts,
      gas: '9',
      cause: null,
      reason: null,
    })
  })

  test('what is wrong with a node is for the log, not for clients, however it is worded', async () => {
    for (const reason of [
      'chain.rpc: no endpoint gives an answer (http://10.0.0.7:8545: ECONNREFUSED)',
      'http://10.0.0.7:8545 refused, as chain.rpc has it',
    ]) {
      const failure = new AppError('unavailable', reason, { details: { field: 'chain.rpc' } })
      quoter.quote.mockResolvedValueOnce({
        ...sampleQuote,
        confirmation: { status: 'unconfirmed', cause: 'not-tried', by: null, reason, failure },
      })
      const { item } = await rig.json(plain)
      expect(item.confirmation.reason).toBe('the chain cannot be asked now')
      quoter.quote.mockResolvedValueOnce({ status: 'unavailable', reason, failure, block: null })
      const text = await (await rig.get(plain)).text()
      expect(text).not.toContain('10.0.0.7')
      const logged = expect.objectContaining({ level: 'warn', fields: { reason } })
      expect(rig.lines.filter((line) => logged.asymmetricMatch(line))).toHaveLength(2)
    }
  })

  test('a failure that clients may read is passed on, also where it begins with the name of a setting', async () => {
    const reason = 'store of value: not a token'
    const failure = new AppError('unavailable', reason, { audience: 'client' })
    quoter.quote.mockResolvedValueOnce({ status: 'unavailable', reason, failure, block: null })
    expect(await (await rig.get(plain)).json()).toMatchObject({ detail: reason })
  })

  test.each(refusals)('a refusal, $status, is a problem with its reason', async (refusal) => {
    quoter.quote.mockResolvedValue(refusal)
    const response = await rig.get(plain)
    const status = ['unavailable', 'busy'].includes(refusal.status) ? 503 : 422
    expect(response.status).toBe(status)
    expect(response.headers.get('retry-after')).toBe(status === 503 ? '1' : null)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    const problem = await response.json()
    expect(problem).toMatchObject({
      type: `urn:halyard:problem:${refusal.status}`,
      status,
      detail: refusal.reason,
      refusal: { status: refusal.status, reason: refusal.reason, block: refusal.block },
    })
    expect(problem.refusal.largest).toEqual('largest' in refusal ? amounts : null)
    expect(problem.errors?.[0].field).toBe('field' in refusal ? 'tokenOut' : undefined)
  })

  const without = (name: string) => plain.replace(new RegExp(`${name}=[^&]*&?`), '')
  test.each([
    ['no amount', without('amount'), 'amount'],
    ['no token', without('tokenIn'), 'tokenIn'],
    ['a token that is no address', plain.replace(sold, 'WETH'), 'tokenIn'],
    ['the same token twice', plain.replace(bought, sold), 'tokenOut'],
    ['the same token twice, once in capitals', plain.replace(bought, upper(sold)), 'tokenOut'],
    ['an amount of 0', plain.replace('300000000', '0'), 'amount'],
    ['a negative amount', plain.replace('300000000', '-5'), 'amount'],
    ['a fractional amount', plain.replace('300000000', '1.5'), 'amount'],
    ['an amount with an exponent', plain.replace('300000000', '1e18'), 'amount'],
    ['a hexadecimal amount', plain.replace('300000000', '0x10'), 'amount'],
    ['an amount above all counting', plain.replace('300000000', `${2n ** 255n}`), 'amount'],
    ['an amount of 10,000 digits', plain.replace('300000000', '9'.repeat(10_000)), 'amount'],
    ['another side', `${plain}&exact=both`, 'exact'],
    ['0 hops', `${plain}&maxHops=0`, 'maxHops'],
    ['5 hops', `${plain}&maxHops=5`, 'maxHops'],
    ['0 parts', `${plain}&maxParts=0`, 'maxParts'],
    ['21 parts', `${plain}&maxParts=21`, 'maxParts'],
    ['half a part', `${plain}&maxParts=0.5`, 'maxParts'],
    ['slippage above 100 %', `${plain}&slippageBps=10001`, 'slippageBps'],
    ['negative slippage', `${plain}&slippageBps=-1`, 'slippageBps'],
    ['a block that is none', `${plain}&at=latest`, 'at'],
    ['another state', `${plain}&state=guessed`, 'state'],
    ['a recipient that is no address', `${plain}&recipient=me`, 'recipient'],
    ['no time at all', `${plain}&deadlineSeconds=0`, 'deadlineSeconds'],
    ['11 alternatives', `${plain}&alternatives=11`, 'alternatives'],
    ['an unknown parameter', `${plain}&colour=red`, 'colour'],
    ['a repeated parameter', `${plain}&amount=5`, 'amount'],
  ])('refuses %s', async (_name, path, field) => {
    const response = await rig.get(path)
    expect(response.status).toBe(400)
    const { errors } = await response.json()
    expect(errors.map((error: any) => error.field)).toContain(field)
    expect(quoter.quote).not.toHaveBeenCalled()
  })

  test('all faults are told at once', async () => {
    const { errors } = await (
      await rig.get('/v1/quotes?tokenIn=x&amount=0&maxHops=9&slippageBps=a')
    ).json()
    expect(errors.map(({ field }: any) => field).toSorted()).toEqual([
      'amount',
      'maxHops',
      'slippageBps',
      'tokenIn',
      'tokenOut',
    ])
  })

  test('what only the quoter knows to be wrong names its field, too', async () => {
    quoter.quote.mockRejectedValue(invalidField('at', 'block 9 is not indexed'))
    const response = await rig.get(`${plain}&at=9`)
    expect(response.status).toBe(400)
    expect((await response.json()).errors).toEqual([
      { field: 'at', message: 'block 9 is not indexed' },
    ])
  })

  test('answers HEAD, and no POST', async () => {
    const head = await rig.get(plain, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const post = await rig.get(plain, { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })
})

const upper = (address: string): string => `0x${address.slice(2).toUpperCase()}`

describe('POST /v1/swaps/simulate', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await start()
  })
  afterAll(stopAll)

  const path = '/v1/swaps/simulate'
  const poolV4 = `0x${'4D'.repeat(32)}`
  const leg = { amount: '300', tokenIn: sold, pools: [addressOf(0x22), poolV4] }
  const body = { legs: [leg] }
  const post = (value: unknown, init: RequestInit = {}): Promise<Response> =>
    rig.get(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof value === 'string' ? value : JSON.stringify(value),
      ...init,
    })

  test('simulates a route that is given', async () => {
    const response = await post({ ...body, exact: 'out', slippageBps: 10, at: 3 })
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const answer = await response.json()
    expect([answer.block, answer.item.amountOut]).toEqual([block, '20000000000'])
    expect(quoter.simulate).toHaveBeenCalledExactlyOnceWith({
      exact: 'out',
      legs: [{ amountRaw: 300n, tokenIn: sold, pools: [addressOf(0x22), poolV4.toLowerCase()] }],
      slippageBps: 10,
      at: 3,
    })
  })

  test.each(refusals)('a refusal, $status, is a problem with its reason', async (refusal) => {
    quoter.simulate.mockResolvedValue(refusal)
    const response = await post(body)
    expect(response.status).toBe(['unavailable', 'busy'].includes(refusal.status) ? 503 : 422)
    expect((await response.json()).refusal).toMatchObject({ status: refusal.status })
  })

  test.each([
    ['no legs', { legs: [] }, 'legs'],
    ['no list of legs', {}, 'legs'],
    ['21 legs', { legs: Array.from({ length: 21 }, () => leg) }, 'legs'],
    ['a leg that is none', { legs: [5] }, 'legs[0]'],
    ['a leg without pools', { legs: [leg, { ...leg, pools: [] }] }, 'legs[1].pools'],
    [
      'a leg of 5 pools',
      { legs: [{ ...leg, pools: Array.from({ length: 5 }, () => poolV4) }] },
      'legs[0].pools',
    ],
    ['a pool that is none', { legs: [{ ...leg, pools: ['0x12'] }] }, 'legs[0].pools[0]'],
    ['an amount that is a number', { legs: [{ ...leg, amount: 300 }] }, 'legs[0].amount'],
    ['an amount of 0', { legs: [{ ...leg, amount: '0' }] }, 'legs[0].amount'],
    ['a negative amount', { legs: [{ ...leg, amount: '-1' }] }, 'legs[0].amount'],
    ['an absurd amount', { legs: [{ ...leg, amount: `${2n ** 256n}` }] }, 'legs[0].amount'],
    ['a token that is none', { legs: [{ ...leg, tokenIn: 'USDC' }] }, 'legs[0].tokenIn'],
    ['an unknown member of a leg', { legs: [{ ...leg, share: 1 }] }, 'legs[0].share'],
    ['an unknown member', { ...body, router: sold }, 'router'],
    ['a member with a name of Object', `{"__proto__":{},"legs":[]}`, '__proto__'],
    ['slippage as text', { ...body, slippageBps: '50' }, 'slippageBps'],
    ['slippage above 100 %', { ...body, slippageBps: 10_001 }, 'slippageBps'],
    ['a fractional block', { ...body, at: 1.5 }, 'at'],
    ['a list', [], ''],
  ])('refuses %s', async (_name, value, field) => {
    const response = await post(value)
    expect(response.status).toBe(400)
    const { errors } = await response.json()
    expect(errors.map((error: any) => error.field)).toContain(field)
    expect(quoter.simulate).not.toHaveBeenCalled()
  })

  test('refuses what is not JSON, and more than a route can be', async () => {
    expect((await post('{')).status).toBe(400)
    expect((await post(`{"legs":"${'x'.repeat(40_000)}"}`)).status).toBe(413)
    const form = await post('a=b', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect([form.status, form.headers.get('accept')]).toEqual([415, 'application/json'])
  })

  test('answers nothing but POST', async () => {
    for (const method of ['GET', 'HEAD', 'PUT']) {
      const response = await rig.get(path, { method })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
    }
    expect((await rig.get(path, { method: 'OPTIONS' })).status).toBe(204)
  })
})

const RESULT = `
  __typename
  ... on Quote {
    block { number hash } stateSource exact tokenIn { address symbol decimals } tokenOut { address }
    amountIn amountOut amountInConsumed minimumReceived maximumSent slippageBps
    executionPrice { raw tokens tokensInverse } midPrice { raw tokens } priceImpactBps lpFeeBps taxInBps taxOutBps
    gas gasCost
    legs { shareBps amountIn amountOut hops { pool { id protocol feePips tickSpacing origin token0 { symbol } }
      tokenIn { address } tokenOut { symbol } amountIn amountOut feeAmount ticksCrossed } }
    alternatives { pools { id } amountIn amountOut gas loss }
    transaction { to data value }
    confirmation { status reason gas quoted { amountIn amountOut } executed { amountIn amountOut } }
    warnings { code message }
  }
  ... on QuoteRefusal { status reason field largest { amountIn amountOut } block { number hash } }`
const QUOTE = `query ($input: QuoteInput!) { quote(input: $input) { ${RESULT} } }`
const SIMULATE = `query ($input: SimulateSwapInput!) { simulateSwap(input: $input) { ${RESULT} } }`
const input = { tokenIn: sold, tokenOut: bought, amount: '300000000' }

describe('GraphQL quotes', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await start()
  })
  afterAll(stopAll)

  test('give what REST gives', async () => {
    const { data, errors } = await rig.query(QUOTE, { input })
    expect(errors).toBeUndefined()
    expect(quoter.quote).toHaveBeenCalledExactlyOnceWith(wanted)
    const { item } = await rig.json(plain)
    const { quote } = data
    expect(quote).toMatchObject({
      __typename: 'Quote',
      block,
      stateSource: 'LIVE',
      exact: 'IN',
      tokenIn: { address: sold, symbol: 'T8', decimals: 8 },
      tokenOut: { address: bought },
      executionPrice: item.executionPrice,
      midPrice: { raw: '70', tokens: '0.7' },
      transaction: item.transaction,
      confirmation: {
        status: 'CONFIRMED',
        reason: null,
        gas: '243210',
        quoted: null,
        executed: null,
      },
      warnings: [{ code: 'TAX_UNKNOWN', message: expect.any(String) }],
    })
    const names = ['amountIn', 'amountOut', 'amountInConsumed', 'minimumReceived', 'maximumSent']
    for (const name of [...names, 'slippageBps', 'priceImpactBps', 'lpFeeBps', 'gas', 'gasCost'])
      expect(quote[name], name).toEqual(item[name])
    expect(quote.legs[0].hops.map(({ pool }: any) => pool.protocol)).toEqual([
      'UNISWAP_V3',
      'UNISWAP_V4',
    ])
    expect(quote.alternatives[0].loss).toBe(item.alternatives[0].loss)
  })

  test('are never answered from the cache of the head', async () => {
    await rig.query(QUOTE, { input })
    await rig.query(QUOTE, { input })
    expect(quoter.quote).toHaveBeenCalledTimes(2)
  })

  test('whether a pool is quoted now is told by GraphQL and REST alike, beside what the history says', async () => {
    quoter.quotableNow.mockResolvedValue({ status: 'no', reason: 'other-design' })
    const [{ address, quotable }] = (await rig.json('/v1/pools?limit=1')).items
    const { item } = await rig.json(`/v1/pools/${address}/quotable`)
    expect(quoter.quotableNow).toHaveBeenCalledExactlyOnceWith(address)
    expect(item).toEqual({
      status: 'no',
      reason: 'other-design',
      explanation: expect.stringContaining('do not quote'),
    })
    const fields = '{ status reason explanation }'
    const { data } = await rig.query(
      `query($pool: Address!) { pool(address: $pool) { quotable ${fields} quotableNow ${fields} } }`,
      { pool: address },
    )
    const inCapitals = (word: string | null) => word && word.replace('-', '_').toUpperCase()
    expect(data.pool.quotableNow).toEqual({ ...item, status: 'NO', reason: 'OTHER_DESIGN' })
    expect(data.pool.quotable).toEqual({
      ...quotable,
      status: inCapitals(quotable.status),
      reason: inCapitals(quotable.reason),
    })
  })

  test('take every option, and null for one that is not given', async () => {
    await rig.query(QUOTE, {
      input: {
        ...input,
        exact: 'OUT',
        maxHops: 1,
        maxParts: null,
        slippageBps: 10_000,
        at: 4,
        state: 'LIVE',
        alternatives: 2,
        recipient: upper(addressOf(0xa)),
        deadlineSeconds: 1,
      },
    })
    expect(quoter.quote).toHaveBeenCalledExactlyOnceWith({
      ...wanted,
      exact: 'out',
      maxHops: 1,
      slippageBps: 10_000,
      at: 4,
      state: 'live',
      alternatives: 2,
      recipient: addressOf(0xa),
      deadlineSeconds: 1,
    })
  })

  test('simulate a route that is given', async () => {
    const pools = [addressOf(0x22)]
    const { data, errors } = await rig.query(SIMULATE, {
      input: { legs: [{ amount: '300', tokenIn: sold, pools }] },
    })
    expect(errors).toBeUndefined()
    expect(data.simulateSwap.amountOut).toBe('20000000000')
    expect(quoter.simulate).toHaveBeenCalledExactlyOnceWith({
      exact: 'in',
      legs: [{ amountRaw: 300n, tokenIn: sold, pools }],
    })
  })

  test.each(refusals)('a refusal, $status, is a value', async (refusal) => {
    quoter.quote.mockResolvedValue(refusal)
    const { data, errors } = await rig.query(QUOTE, { input })
    expect(errors).toBeUndefined()
    expect(data.quote).toEqual({
      __typename: 'QuoteRefusal',
      status: refusal.status.toUpperCase().replace('-', '_'),
      reason: refusal.reason,
      field: 'field' in refusal ? refusal.field : null,
      largest: 'largest' in refusal ? amounts : null,
      block: refusal.block,
    })
  })

  test.each([
    ['the same token twice', { tokenOut: sold }, 'tokenOut'],
    ['an amount of 0', { amount: '0' }, 'amount'],
    ['a negative amount', { amount: '-1' }, 'amount'],
    ['an absurd amount', { amount: `${2n ** 255n}` }, 'amount'],
    ['5 hops', { maxHops: 5 }, 'maxHops'],
    ['0 hops', { maxHops: 0 }, 'maxHops'],
    ['21 parts', { maxParts: 21 }, 'maxParts'],
    ['slippage above 100 %', { slippageBps: 10_001 }, 'slippageBps'],
    ['negative slippage', { slippageBps: -1 }, 'slippageBps'],
    ['a negative block', { at: -1 }, 'at'],
    ['11 alternatives', { alternatives: 11 }, 'alternatives'],
    ['no time at all', { deadlineSeconds: 0 }, 'deadlineSeconds'],
  ])('refuse %s by the name of the field', async (_name, other, field) => {
    const { errors } = await rig.query(QUOTE, { input: { ...input, ...other } })
    expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', argument: field })
    expect(quoter.quote).not.toHaveBeenCalled()
  })

  test.each([
    ['a fractional amount', { amount: '1.5' }],
    ['an amount that is a number', { amount: 5 }],
    ['a token that is none', { tokenIn: 'WETH' }],
    ['an unknown field', { colour: 'red' }],
  ])('refuse %s before anything is executed', async (_name, other) => {
    const { errors } = await rig.query(QUOTE, { input: { ...input, ...other } })
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
    expect(quoter.quote).not.toHaveBeenCalled()
  })

  test('refuse routes that are none', async () => {
    const leg = { amount: '300', tokenIn: sold, pools: ['0x12'] }
    for (const [legs, field] of [
      [[], 'legs'],
      [[leg], 'legs[0].pools[0]'],
      [[{ ...leg, pools: [] }], 'legs[0].pools'],
    ] as const) {
      const { errors } = await rig.query(SIMULATE, { input: { legs } })
      expect(errors?.[0]?.extensions.argument).toBe(field)
    }
    expect(quoter.simulate).not.toHaveBeenCalled()
  })

  test('are not answered by the hundred in one request', async () => {
    const many = Array.from({ length: 21 }, (_, n) => `q${n}: quote(input: $input) { __typename }`)
    const { errors } = await rig.query(`query ($input: QuoteInput!) { ${many.join(' ')} }`, {
      input,
    })
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('more than 20 quotes'),
      extensions: { code: 'QUERY_TOO_COSTLY' },
    })
    expect(quoter.quote.mock.calls.length).toBeLessThanOrEqual(20)
  })

  test('are there before anything is indexed', async () => {
    const empty = await start({ late: true, blocks: 0 })
    const { data, errors } = await empty.query(QUOTE, { input })
    expect(errors).toBeUndefined()
    expect(data.quote.amountOut).toBe('20000000000')
  })
})

const UPDATES = `subscription Updates($input: QuoteInput!) { quoteUpdates(input: $input) { __typename
  ... on Quote { block { number } amountOut tokenOut { symbol } } ... on QuoteRefusal { status } } }`

/** The quotes of a subscription. */
async function watch(rig: Rig, variables: object, accept?: string) {
  const stream = await subscribe(rig, UPDATES, variables, accept)
  const values = () => stream.events.map(({ data }) => data?.data?.quoteUpdates).filter(Boolean)
  return { ...stream, values }
}

describe('quoteUpdates', () => {
  afterEach(stopAll)

  const POLL_MS = 10
  const startPolling = () => start({ pollMs: POLL_MS })
  const at = (number: number, amountOut = sampleQuote.amountOut): QuoteOutcome => ({
    ...sampleQuote,
    amountOut,
    block: { number, hash: `0x${number.toString(16).padStart(64, '0')}` },
  })
  /** The chain has a new block, at which the quote is this. */
  const mine = (rig: Rig, outcome: QuoteOutcome) => {
    quoter.quote.mockResolvedValue(outcome)
    rig.newest = outcome.block ?? undefined
  }
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

  test('tells the quote now, and again at a block that changes it', async () => {
    const rig = await startPolling()
    mine(rig, at(10))
    const updates = await watch(rig, { input })
    expect(updates.response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    await eventually(() => expect(updates.values()).toHaveLength(1))
    expect(updates.values()[0]).toEqual({
      __typename: 'Quote',
      block: { number: 10 },
      amountOut: '20000000000',
      tokenOut: { symbol: 'T10' },
    })
    mine(rig, at(11))
    await eventually(() => expect(quoter.quote).toHaveBeenCalledTimes(2))
    mine(rig, at(12, 5n))
    await eventually(() => expect(updates.values()).toHaveLength(2))
    expect(updates.values()[1]).toMatchObject({ block: { number: 12 }, amountOut: '5' })
    mine(rig, { status: 'no-route', reason: 'gone', block: at(13).block })
    await eventually(() => expect(updates.values()).toHaveLength(3))
    expect(updates.values()[2]).toEqual({ __typename: 'QuoteRefusal', status: 'NO_ROUTE' })
    await updates.leave()
  })

  test('asks once a block, and looks at the index as well as at the chain', async () => {
    const rig = await startPolling()
    const updates = await watch(rig, { input })
    await eventually(() => expect(updates.values()).toHaveLength(1))
    await pause(10 * POLL_MS)
    expect(quoter.quote).toHaveBeenCalledTimes(1)
    // The same block by way of the index: the same quote, told once.
    quoter.quote.mockResolvedValue({ ...sampleQuote, stateSource: 'indexed', warnings: [] })
    await rig.append(1)
    await eventually(() => expect(quoter.quote).toHaveBeenCalledTimes(2))
    await pause(5 * POLL_MS)
    expect(updates.values()).toHaveLength(1)
    await updates.leave()
  })

  test('ends its work when the client leaves', async () => {
    const rig = await startPolling()
    const updates = await watch(rig, { input })
    await eventually(() => expect(updates.values()).toHaveLength(1))
    await updates.leave()
    const { calls } = quoter.quote.mock
    let number = 50
    await eventually(async () => {
      const { length } = calls
      mine(rig, at((number += 1), 1n))
      await pause(10 * POLL_MS)
      expect(calls).toHaveLength(length)
    })
  })

  test('is completed when the server stops, which does not wait for it', async () => {
    const rig = await startPolling()
    const updates = await watch(rig, { input })
    await eventually(() => expect(updates.values()).toHaveLength(1))
    const startedAt = performance.now()
    await stopAll()
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await updates.done
    expect(updates.events.at(-1)?.event).toBe('complete')
  })

  test('is refused beyond so many at once, and again possible when one has left', async () => {
    const rig = await startPolling()
    const open = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const updates = await watch(rig, { input })
        await eventually(() => expect(updates.values()).toHaveLength(1))
        return updates
      }),
    )
    const refused = await watch(rig, { input })
    await refused.done
    expect(refused.events[0]?.data.errors).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('20 subscriptions of this client are open'),
        extensions: { code: 'BUSY' },
      }),
    ])
    expect(refused.events.at(-1)?.event).toBe('complete')
    await open[0]?.leave()
    await eventually(async () => {
      const again = await watch(rig, { input })
      await eventually(() => expect(again.events).not.toHaveLength(0))
      await again.leave()
      expect(again.values()).toHaveLength(1)
    })
    await Promise.all(open.map((updates) => updates.leave()))
  })

  test.each([
    ['the same token twice', { tokenOut: sold }, 'tokenOut'],
    ['an amount of 0', { amount: '0' }, 'amount'],
    ['a past block, which does not change', { at: 3 }, 'at'],
  ])('refuses %s', async (_name, other, field) => {
    const rig = await startPolling()
    const updates = await watch(rig, { input: { ...input, ...other } })
    await updates.done
    const [event] = updates.events
    expect(event?.data.errors[0].extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: field,
    })
    expect(quoter.quote).not.toHaveBeenCalled()
  })

  test('what only the quoter knows to be wrong ends it', async () => {
    const rig = await startPolling()
    quoter.quote.mockRejectedValue(invalidField('amount', 'too odd'))
    const updates = await watch(rig, { input })
    await updates.done
    expect(updates.events[0]?.data.errors[0]).toMatchObject({
      message: 'amount: too odd',
      extensions: { code: 'BAD_USER_INPUT', argument: 'amount' },
    })
  })

  test('a bug in it is masked, and in the log', async () => {
    const rig = await startPolling()
    quoter.quote.mockRejectedValue(new Error('the password is hunter2'))
    const updates = await watch(rig, { input })
    await updates.done
    const [event] = updates.events
    expect(event?.data.errors[0].extensions.code).toBe('INTERNAL_SERVER_ERROR')
    expect(JSON.stringify(updates.events)).not.toContain('hunter2')
    expect(rig.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({
          err: expect.objectContaining({ message: expect.stringContaining('hunter2') }),
        }),
      }),
    )
  })

  test('needs a client that reads events, and costs nothing without one', async () => {
    const rig = await startPolling()
    const updates = await watch(rig, { input }, 'application/json')
    expect(updates.response.status).toBe(406)
    await pause(5 * POLL_MS)
    expect(quoter.quote).not.toHaveBeenCalled()
  })

  test('is also there for an EventSource, which can only GET', async () => {
    const rig = await startPolling()
    const query = new URLSearchParams({ query: UPDATES, variables: JSON.stringify({ input }) })
    const stop = new AbortController()
    const response = await rig.get(`/graphql?${query}`, {
      headers: { accept: 'text/event-stream' },
      signal: stop.signal,
    })
    const reader = response.body?.getReader()
    let text = ''
    while (!text.includes('event: next')) {
      const part = await reader?.read()
      text += new TextDecoder().decode(part?.value)
    }
    expect(text).toContain('"amountOut":"20000000000"')
    stop.abort()
  })
})
