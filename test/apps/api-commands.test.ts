import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { command } from '#api/http/command.ts'
import type { KnownPrincipal, PrincipalResolver } from '#core/access/ports.ts'
import { AppError } from '#core/errors.ts'
import { bigint, field, int, resource, text } from '#resources/resource.ts'
import { faultsAgainst } from '../tools/json-schema.ts'
import { openRig, type Rig } from './api-rig.ts'

/** A command made for these tests: it pays something, and counts how often it did. */
type Payment = { readonly by: string; readonly number: number; readonly amount: bigint }

const payment = resource<Payment>('Payment', 'Made for a test.', {
  by: field(text, ({ by }) => by),
  number: field(int, ({ number }) => number),
  amount: field(bigint, ({ amount }) => amount),
})

/** Whoever says a name is believed. */
const believing: PrincipalResolver = {
  async resolve(authorization) {
    if (authorization === undefined) return { kind: 'anonymous' }
    const [, kind, id] = /^Bearer (key|person):(\w+)$/.exec(authorization) ?? []
    if (!kind || !id)
      throw new AppError('unauthenticated', 'this key is not known', { audience: 'client' })
    return { kind: kind as KnownPrincipal['kind'], id, scopes: [] }
  },
}

const key = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'
const alice = 'Bearer key:alice'

describe('a command', () => {
  let rig: Rig
  let done: Payment[]
  let act: (payment: Payment) => Promise<void>

  beforeEach(async () => {
    done = []
    act = async () => undefined
    const pay = command({
      path: '/v1/accounts/:name/payments',
      id: 'pay',
      summary: 'Pays.',
      parameters: { name: z.string().regex(/^[a-z]+$/, 'not a name') },
      body: z.strictObject({
        amount: z.string().regex(/^\d+$/, 'not a whole number').transform(BigInt),
        note: z.string().optional(),
      }),
      returns: payment,
      example: { parameters: { name: 'shop' }, body: { amount: '5' } },
      async run(_ports, principal, { name, body: { amount } }) {
        const made = { by: `${principal.kind} ${principal.id}`, number: done.length + 1, amount }
        if (name === 'closed')
          throw new AppError('conflict', 'this account is closed', { audience: 'client' })
        await act(made)
        done.push(made)
        return made
      },
    })
    rig = await openRig({
      blocks: 2,
      routes: [pay],
      overrides: () => ({ principals: believing }),
    })
  })
  afterEach(() => rig[Symbol.asyncDispose]())

  type Sent = {
    readonly to?: string
    readonly body?: unknown
    readonly headers?: Record<string, string | undefined>
  }

  async function send({ to = 'shop', body = { amount: '5' }, headers = {} }: Sent = {}) {
    const all = {
      'content-type': 'application/json',
      authorization: alice,
      'idempotency-key': key,
      ...headers,
    }
    const response = await rig.get(`/v1/accounts/${to}/payments`, {
      method: 'POST',
      headers: Object.fromEntries(
        Object.entries(all).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, value]],
        ),
      ),
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    const answer = await response.text()
    return { status: response.status, headers: response.headers, answer, json: JSON.parse(answer) }
  }

  test('is done for who asks, with what was asked', async () => {
    const { status, headers, json } = await send()
    expect(status).toBe(200)
    expect(json).toEqual({ item: { by: 'key alice', number: 1, amount: '5' } })
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('etag')).toBeNull()
  })

  test('is done once, however often it is sent, and answered to the byte alike', async () => {
    const first = await send()
    for (const body of [{ amount: '5' }, '{ "amount" :\n "5" }']) {
      const again = await send({ body })
      expect([again.status, again.answer]).toEqual([first.status, first.answer])
    }
    // The form of the key that structured headers ask for is the same key.
    expect((await send({ headers: { 'idempotency-key': `"${key}"` } })).answer).toBe(first.answer)
    expect(done).toHaveLength(1)
  })

  test('with a new key is done again', async () => {
    await send()
    expect((await send({ headers: { 'idempotency-key': `${key}-2` } })).json.item.number).toBe(2)
  })

  test('with a key of another request is refused: another body, another path', async () => {
    await send()
    for (const other of [
      { body: { amount: '6' } },
      { body: { amount: '5', note: 'x' } },
      { to: 'bar' },
    ]) {
      const { status, json } = await send(other)
      expect([status, json.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
      expect(json.detail).toContain('make a new one')
    }
    expect(done).toHaveLength(1)
  })

  test('without a key, or with one that is none, is refused before anything is done', async () => {
    const { status, json } = await send({ headers: { 'idempotency-key': undefined } })
    expect([status, json.code]).toEqual([400, 'IDEMPOTENCY_KEY_MISSING'])
    expect(json.errors[0].field).toBe('idempotency-key')
    for (const bad of [
      'short',
      'x'.repeat(129),
      'with space in the key',
      `${key},${key}`,
      `"${key}`,
    ]) {
      const refused = await send({ headers: { 'idempotency-key': bad } })
      expect([refused.status, refused.json.code], bad).toEqual([400, 'IDEMPOTENCY_KEY_MALFORMED'])
    }
    expect(done).toEqual([])
  })

  test('of nobody, or of who proves nothing, is refused', async () => {
    for (const authorization of [undefined, 'Bearer nonsense']) {
      const { status, json, headers } = await send({ headers: { authorization } })
      expect([status, json.code]).toEqual([401, 'UNAUTHENTICATED'])
      expect(headers.get('www-authenticate')).toBe('Bearer')
    }
    expect(done).toEqual([])
  })

  test('tells all that is wrong with its body, and leaves the key as good as new', async () => {
    const { status, json } = await send({ body: { amount: 'five', colour: 'red' } })
    expect(status).toBe(400)
    expect(json.errors).toEqual([
      { field: 'amount', message: 'not a whole number' },
      { field: 'colour', message: 'no such parameter; there are amount, note' },
    ])
    expect((await send()).status).toBe(200)
  })

  test('one person’s answer never reaches another, by whatever key or name', async () => {
    const mine = await send()
    const others = ['Bearer key:bob', 'Bearer person:alice', 'Bearer key:alice2', 'Bearer key:alic']
    for (const authorization of others) {
      const theirs = await send({ headers: { authorization } })
      expect(theirs.json.item.by).toBe(authorization.slice('Bearer '.length).replace(':', ' '))
      expect(theirs.answer).not.toBe(mine.answer)
    }
    // Nor is it where answers to anybody are kept.
    const read = await rig.get('/v1/accounts/shop/payments')
    expect(read.status).toBe(405)
    expect(done).toHaveLength(1 + others.length)
  })

  test('that is under way is not begun again', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    act = () => {
      begun.resolve()
      return promise
    }
    const first = send()
    await begun.promise
    const { status, json } = await send()
    expect([status, json.code]).toEqual([409, 'IDEMPOTENCY_KEY_IN_USE'])
    expect((await send({ body: { amount: '6' } })).json.code).toBe('IDEMPOTENCY_KEY_REUSED')
    resolve()
    expect((await send()).answer).toBe((await first).answer)
    expect(done).toHaveLength(1)
  })

  test('that is refused for good stays refused, to the byte', async () => {
    const first = await send({ to: 'closed' })
    expect([first.status, first.json.detail]).toEqual([409, 'this account is closed'])
    const again = await send({ to: 'closed' })
    expect([again.status, again.answer]).toEqual([409, first.answer])
    expect(again.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  })

  test('that failed for a while may be sent again with its key', async () => {
    for (const failure of [new AppError('unavailable', 'the store is away'), new Error('a bug')]) {
      act = () => Promise.reject(failure)
      expect((await send()).status).toBeGreaterThanOrEqual(500)
    }
    act = async () => undefined
    expect((await send()).json.item.number).toBe(1)
  })

  test('may not be read by pages of other sites', async () => {
    const { headers } = await send()
    expect(headers.get('access-control-allow-origin')).toBeNull()
    expect(headers.get('vary')).toContain('authorization')
  })

  test('is in the reference, with its key, its body and who may send it', async () => {
    const document = await rig.json('/v1/openapi.json')
    const { post } = document.paths['/v1/accounts/{name}/payments']
    expect(post.security).toEqual([{ bearer: [] }])
    expect(document.components.securitySchemes.bearer).toEqual({ type: 'http', scheme: 'bearer' })
    const byName = new Map(post.parameters.map((each: any) => [each.name, each]))
    expect(byName.get('name')).toMatchObject({ in: 'path', required: true, example: 'shop' })
    const header = byName.get('idempotency-key') as any
    expect(header).toMatchObject({ in: 'header', required: true })
    const { example } = post.requestBody.content['application/json']
    const answer = await send({ body: example, headers: { 'idempotency-key': header.example } })
    const { schema } = post.responses[200].content['application/json']
    expect(faultsAgainst(schema, answer.json, document.components.schemas)).toEqual([])
    expect(Object.keys(post.responses)).toEqual(['200', '400', '401', '409', '422', '429', '503'])
  })
})

test('a service that knows nobody takes no command, and says so to who shows a key', async () => {
  const ping = command({
    path: '/v1/ping',
    id: 'ping',
    summary: 'Pings.',
    parameters: {},
    body: z.strictObject({}),
    returns: payment,
    example: { body: {} },
    run: () => Promise.reject(new Error('nobody gets here')),
  })
  await using rig = await openRig({ blocks: 1, routes: [ping] })
  for (const authorization of [undefined, 'Bearer x']) {
    const response = await rig.get('/v1/ping', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': key,
        ...(authorization !== undefined && { authorization }),
      },
      body: '{}',
    })
    expect(response.status).toBe(401)
  }
})
