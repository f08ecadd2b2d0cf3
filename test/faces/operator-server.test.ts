import { connect } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startOperatorServer } from '#faces/operator-server.ts'
import type { Listener } from '#faces/listen.ts'

const address = { host: '127.0.0.1', port: 0, field: 'indexer.metricsPort' }

describe('the server for operators', () => {
  let server: Listener
  const failures: string[] = []
  const get = (path: string, method = 'GET') => fetch(`${server.url}${path}`, { method })

  beforeAll(async () => {
    server = await startOperatorServer(
      {
        '/live': () => ({ status: 200, body: { status: 'live' } }),
        '/metrics': async () => ({ contentType: 'text/plain; version=1', text: 'up 1\n' }),
        '/late': () => Promise.reject(new Error('secret reason')),
        '/broken': () => {
          throw new Error('secret reason')
        },
      },
      address,
      (error, path) => failures.push(`${path}: ${(error as Error).message}`),
    )
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('gives JSON and metrics, which no cache keeps', async () => {
    const live = await get('/live')
    expect([live.status, await live.json()]).toEqual([200, { status: 'live' }])
    const metrics = await get('/metrics')
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=1')
    expect(metrics.headers.get('cache-control')).toBe('no-store')
    expect(await metrics.text()).toBe('up 1\n')
    const head = await get('/metrics', 'HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('serves nothing else, and answers no other method', async () => {
    for (const path of ['/', '/metrics/', '/constructor', '/__proto__'])
      expect((await get(path)).status).toBe(404)
    const posted = await get('/live', 'POST')
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('answers 500 without the reason where an answer fails, and tells the operator', async () => {
    for (const path of ['/late', '/broken']) {
      const answer = await get(path)
      expect([answer.status, await answer.text()]).toEqual([500, '{}'])
    }
    expect(failures).toEqual(['/late: secret reason', '/broken: secret reason'])
  })

  test('names the setting of a port that is taken', async () => {
    const port = Number(new URL(server.url).port)
    await expect(
      startOperatorServer({}, { ...address, port }, () => undefined),
    ).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/^indexer\.metricsPort: .*EADDRINUSE.*name another port$/),
    })
  })

  test('ends at once, whoever is still connected', async () => {
    const own = await startOperatorServer(
      { '/never': () => new Promise<never>(() => {}) },
      address,
      () => undefined,
    )
    const { port } = new URL(own.url)
    const client = connect(Number(port), '127.0.0.1')
    await once(client, 'connect')
    client.write('GET /never HTTP/1.1\r\nhost: x\r\n\r\n')
    // A connection that is cut before its request was read ends with a reset.
    client.on('error', () => undefined)
    const closed = new Promise((resolve) => client.once('close', resolve))
    const startedAt = performance.now()
    await own[Symbol.asyncDispose]()
    await closed
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})
