import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createAnswerBudget } from '#api/answer-budget.ts'
import { endpoint } from '#api/http/endpoint.ts'
import { limit } from '#api/http/parameters.ts'
import { hasReason } from '#core/errors.ts'
import { field, resource, text } from '#resources/resource.ts'
import { openRig } from './api-rig.ts'

const MIB = 1024 * 1024
const PATIENT = { timeout: 10_000 }

/** An endpoint made for these tests: it answers with as many bytes as it is asked for. */
const padding = resource<string>('Padding', undefined, { bytes: field(text, (of) => of) })
const pad = endpoint({
  path: '/v1/padding/:size',
  id: 'pad',
  summary: 'Pads.',
  parameters: { size: limit(1, 1e9) },
  returns: { item: padding },
  answer: async (_ports, _view, { size }) => ({ item: 'x'.repeat(size), isLive: true }),
})

test('an answer beyond what one may be is refused by a stable code, whatever is asked for', async () => {
  await using rig = await openRig({ blocks: 1, routes: [pad] })
  expect((await rig.get(`/v1/padding/${7 * MIB}`)).status).toBe(200)
  const response = await rig.get(`/v1/padding/${8 * MIB}`)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    code: 'ANSWER_TOO_LARGE',
    detail: expect.stringContaining('ask for smaller pages'),
  })
})

/**
 * Asks without ever reading the answers. Several times, since the system takes the first ones into buffers of its own:
 * some megabytes for a connection within one machine.
 */
async function askOnly(url: string, path: string, client: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.pause()
  const request = `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${client}\r\n\r\n`
  socket.write(request.repeat(8))
  return socket
}

test('clients that do not read hold a bounded share; others, and small answers, go on', async () => {
  await using rig = await openRig({ blocks: 1, routes: [pad], api: { proxies: 1 } })
  const from = (client: string, path: string) =>
    rig.get(path, { headers: { 'x-forwarded-for': client } })
  const sockets: Socket[] = []
  const code = async (client: string) => {
    const response = await from(client, `/v1/padding/${7 * MIB}`)
    await response.arrayBuffer()
    return response.status
  }
  for (let n = 0; n < 2; n++)
    sockets.push(await askOnly(rig.url, `/v1/padding/${7 * MIB}`, '10.0.0.1'))
  await expect.poll(() => code('10.0.0.1'), PATIENT).toBe(503)
  const refused = await from('10.0.0.1', `/v1/padding/${7 * MIB}`)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await refused.json()).toMatchObject({
    code: 'BUSY',
    type: 'urn:halyard:problem:busy',
    detail: expect.stringContaining('read those'),
  })
  expect((await from('10.0.0.1', '/v1/status')).status).toBe(200)
  expect((await from('10.0.0.1', '/live')).status).toBe(200)
  expect(await code('10.0.0.2')).toBe(200)
  // Whoever leaves gives back what it held.
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => code('10.0.0.1'), PATIENT).toBe(200)
})

describe('the budget of answers', () => {
  const isBusy = (hold: () => void): boolean => {
    try {
      hold()
      return false
    } catch (error) {
      if (hasReason(error, 'busy')) return true
      throw error
    }
  }

  test('is one for all clients together', () => {
    const budget = createAnswerBudget()
    const answers = Array.from({ length: 8 }, () => new EventEmitter())
    for (const [n, answer] of answers.entries()) budget.hold(`client ${n}`, 8 * MIB, answer)
    const another = new EventEmitter()
    expect(isBusy(() => budget.hold('late', MIB, another))).toBe(true)
    expect(isBusy(() => budget.hold('late', 10_000, another))).toBe(false)
    answers[0]?.emit('close')
    expect(isBusy(() => budget.hold('late', MIB, another))).toBe(false)
  })

  test('counts what was refused as nothing, and what is closed no more', () => {
    const budget = createAnswerBudget()
    for (let n = 0; n < 100; n++) {
      const answer = new EventEmitter()
      budget.hold('one', 16 * MIB, answer)
      expect(isBusy(() => budget.hold('one', MIB, new EventEmitter()))).toBe(true)
      answer.emit('close')
    }
  })
})

test('a GraphQL answer counts as well', async () => {
  await using rig = await openRig({ blocks: 1, routes: [pad], api: { proxies: 1 } })
  const from = (client: string, path: string) =>
    rig.get(path, { headers: { 'x-forwarded-for': client } })
  const sockets = await Promise.all(
    [7 * MIB, 8 * MIB - 1_000, MIB - 20_000].map((size) =>
      askOnly(rig.url, `/v1/padding/${size}`, '10.0.0.1'),
    ),
  )
  const schema = `{ __schema { types { name description fields { name description
    args { name description } } } } }`
  const ask = async (client: string) => {
    const response = await from(client, `/graphql?query=${encodeURIComponent(schema)}`)
    const { errors } = await response.json()
    return [response.status, errors?.[0].extensions.code]
  }
  await expect.poll(() => ask('10.0.0.1'), PATIENT).toEqual([503, 'BUSY'])
  expect(await ask('10.0.0.2')).toEqual([200, undefined])
  for (const socket of sockets) socket.destroy()
})
