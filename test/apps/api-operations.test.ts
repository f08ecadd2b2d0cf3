import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { fakeListedPool } from '../fakes/fake-chain.ts'
import { headsOfOtherVersion } from '../fakes/other-version.ts'
import { eventually } from '../fakes/eventually.ts'
import { openRig, openSockets, type Rig, type RigOptions } from './api-rig.ts'

const rigs: Rig[] = []
const sockets = openSockets()
async function start(options: RigOptions): Promise<Rig> {
  const rig = await openRig(options)
  rigs.push(rig)
  return rig
}
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig[Symbol.asyncDispose]()
  await eventually(() => expect(openSockets()).toEqual(sockets))
})

const metricsOf = async (rig: Rig): Promise<string> => {
  const response = await fetch(`${rig.metricsUrl}/metrics`)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  return response.text()
}

describe('readiness', () => {
  const ready = async (rig: Rig) => {
    const response = await rig.get('/ready')
    return { status: response.status, answer: await response.json() }
  }

  test('a head that the chain has another block for is no lag of 0, by its hash', async () => {
    let hashes = new Map<number, `0x${string}`>()
    const rig = await start({
      blocks: 20,
      overrides: () => ({ hashAt: async (height: number) => hashes.get(height) }),
    })
    const other = `0x${'ab'.repeat(32)}` as const
    const { number } = rig.newest as { number: number }
    const at = (height: number) => rig.chain.blocks[height]?.header.hash as `0x${string}`
    hashes = new Map(rig.chain.blocks.map(({ header }) => [header.number, header.hash]))

    rig.newest = { number, hash: other }
    expect((await ready(rig)).answer).toMatchObject({ lag: 1 })
    rig.newest = { number: number + 2, hash: other }
    expect((await ready(rig)).answer).toMatchObject({ lag: 2 })
    hashes.set(number, other)
    expect((await ready(rig)).answer).toMatchObject({ lag: 3 })
    // An endpoint that is behind.
    rig.newest = { number: number - 1, hash: at(number - 1) }
    expect((await ready(rig)).answer).toMatchObject({ lag: 0 })

    // Another chain of the same id, of any height.
    for (const height of [0, 5, number, number + 7]) {
      rig.newest = { number: height, hash: other }
      hashes = new Map(rig.chain.blocks.map(({ header }) => [header.number, other]))
      const { status, answer } = await ready(rig)
      expect([height, status]).toEqual([height, 503])
      expect(answer.detail).toMatch(/another chain.*same id.*fresh store/)
      expect((await rig.query('{ _meta { lag } }')).data).toEqual({ _meta: { lag: null } })
    }
  })

  test('holds while the newest indexed block is the chain’s, however old it is', async () => {
    const rig = await start({ blocks: 10 })
    rig.nowMs += 3_600_000
    expect(await ready(rig)).toMatchObject({ status: 200, answer: { lag: 0, lagSeconds: 0 } })
  })

  test('holds while the newest indexed block is young, and ends when it is not', async () => {
    const rig = await start({ blocks: 10 })
    rig.newest = { number: 12, hash: `0x${'1'.repeat(64)}` }
    expect(await ready(rig)).toMatchObject({ status: 200, answer: { lag: 3, lagSeconds: 5 } })
    rig.nowMs += 55_000
    expect((await ready(rig)).status).toBe(200)
    rig.nowMs += 1_000
    const { status, answer } = await ready(rig)
    expect(status).toBe(503)
    expect(answer.detail).toBe('block 9 is 61 s old, more than 60 s; the chain is at 12')
  })

  test('goes by age alone while the chain cannot be asked', async () => {
    const rig = await start({ blocks: 10, api: { lagSecondsMax: 30 } })
    rig.newest = undefined
    expect(await ready(rig)).toMatchObject({ status: 200, answer: { lag: null } })
    rig.nowMs += 60_000
    expect(await ready(rig)).toMatchObject({ status: 503, answer: { title: 'Too far behind' } })
  })
})

describe('a store that another version indexed in part', () => {
  test('is answered as far as it is the same, with a stable code for the rest, and is not ready', async () => {
    const rig = await start({
      blocks: 12,
      overrides(path) {
        const store = openSqliteChainStore(path)
        return { store: { ...store, heads: headsOfOtherVersion(store.heads, 'trades', 1) } }
      },
    })
    expect((await rig.json('/v1/pools')).items).not.toEqual([])
    expect((await rig.json(`/v1/pools/${fakeListedPool}/swaps`)).items).not.toEqual([])
    const refused = await rig.get(`/v1/pools/${fakeListedPool}/candles?interval=1m`)
    expect(refused.status).toBe(503)
    const problem = await refused.json()
    expect(problem).toMatchObject({ code: 'OTHER_VERSION' })
    expect(problem.detail).toMatch(/indexed by another version of the service/)
    const { errors } = await rig.query(
      `{ pool(address: "${fakeListedPool}") { candles(interval: ONE_MINUTE) { trades } } }`,
    )
    expect(errors?.[0]?.extensions.code).toBe('OTHER_VERSION')
    const ready = await rig.get('/ready')
    expect(ready.status).toBe(503)
    const answer = await ready.json()
    expect(answer).toMatchObject({ code: 'OTHER_VERSION', title: 'Of another version' })
    expect(answer.detail).toMatch(/trades: version 1 stored, version \d+ here/)
    expect((await rig.get('/v1/status')).status).toBe(200)
  })

  test('does not depend on what is left out, and that is never told as nothing', async () => {
    const rig = await start({ blocks: 4, keepsActivity: false })
    expect((await rig.get('/ready')).status).toBe(200)
    const refused = await rig.get(`/v1/accounts/${fakeListedPool}/activity`)
    const problem = await refused.json()
    expect([refused.status, problem]).toMatchObject([404, { code: 'NOT_INDEXED' }])
    expect(problem.detail).toMatch(/not indexed; .*chain\.activity true and `halyard derive`/)
    const { errors } = await rig.query(
      `{ activity(account: "${fakeListedPool}") { nodes { kind } } }`,
    )
    expect(errors?.[0]?.extensions.code).toBe('NOT_INDEXED')
  })
})

describe('metrics', () => {
  test('tell the head, the chain and the lag between them', async () => {
    const rig = await start({ blocks: 10 })
    rig.newest = { number: 12, hash: `0x${'1'.repeat(64)}` }
    const text = await metricsOf(rig)
    for (const [name, value] of [
      ['head_block', 9],
      ['chain_block', 12],
      ['lag_blocks', 3],
      ['lag_seconds', 5],
    ])
      expect(text).toContain(`\nhalyard_${name}{chain="31337"} ${value}\n`)
    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds'])
      expect(text).toContain(`\n${name} `)
    rig.newest = undefined
    expect(await metricsOf(rig)).not.toMatch(/^halyard_(chain_block|lag_blocks)\{/m)
  })

  test('name routes by their pattern and never by what was asked for', async () => {
    const rig = await start({ blocks: 10 })
    await rig.get(`/v1/pools/${fakeListedPool}/swaps?limit=1`)
    await rig.get('/v1/pools/0xbad')
    await rig.get('/wp-admin.php')
    await rig.get('/v1/pools', { method: 'PROPFIND' })
    const text = await metricsOf(rig)
    const count = (route: string, method: string, status: number) =>
      `http_request_duration_seconds_count{route="${route}",method="${method}",status="${status}"} 1`
    expect(text).toContain(count('/v1/pools/:address/swaps', 'GET', 200))
    expect(text).toContain(count('/v1/pools/:address', 'GET', 400))
    expect(text).toContain(count('unmatched', 'GET', 404))
    expect(text).toContain(count('/v1/pools', 'OTHER', 405))
    expect(text).not.toMatch(/0xbad|wp-admin|PROPFIND/)
  })

  test('name operations as clients do, but not without end', async () => {
    const rig = await start({ blocks: 10 })
    await rig.query('query Head { _meta { digest } }')
    await rig.query('{ swaps(first: 0) { nodes { logIndex } } }')
    for (let n = 0; n < 120; n++) await rig.query(`query N${n} { __typename }`)
    const text = await metricsOf(rig)
    const line = 'graphql_operation_duration_seconds_count'
    expect(text).toContain(`${line}{operation="Head",outcome="ok"} 1`)
    expect(text).toContain(`${line}{operation="anonymous",outcome="error"} 1`)
    expect(text).toContain(`${line}{operation="other",outcome="ok"} 21`)
    expect(text.match(new RegExp(line, 'g'))?.length).toBeLessThan(110)
  })

  test('are on a port of their own, and nothing else is', async () => {
    const rig = await start({ blocks: 1 })
    expect((await rig.get('/metrics')).status).toBe(404)
    expect((await fetch(`${rig.metricsUrl}/v1/pools`)).status).toBe(404)
    expect((await fetch(`${rig.metricsUrl}/metrics`, { method: 'POST' })).status).toBe(405)
  })
})

describe('the server', () => {
  test('finishes what is under way before it ends', async () => {
    const [underWay, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const tokens = {
      async read() {
        underWay.resolve()
        await gate.promise
        return []
      },
    }
    const rig = await openRig({ blocks: 5, overrides: () => ({ tokens }) })
    const answer = rig.get('/v1/pools')
    await underWay.promise
    const closing = rig[Symbol.asyncDispose]()
    await eventually(() => expect(rig.get('/live')).rejects.toThrow())
    gate.resolve()
    expect((await answer).status).toBe(200)
    await closing
  })

  test('keeps the connection after an answer that is no success, unless a body is left unread', async () => {
    const rig = await start({ blocks: 1 })
    for (const path of ['/none', '/v1/pools?limit=0', `/v1/pools/${fakeListedPool}`])
      expect((await rig.get(path)).headers.get('connection'), path).toBe('keep-alive')
    const unread = await rig.get('/v1/pools', { method: 'POST', body: 'x'.repeat(1_000_000) })
    expect([unread.status, unread.headers.get('connection')]).toEqual([405, 'close'])
  })

  test('refuses headers beyond reason', async () => {
    const rig = await start({ blocks: 1 })
    const { status } = await rig.get('/live', { headers: { 'x-long': 'a'.repeat(20_000) } })
    expect(status).toBe(431)
  })

  test('survives what is no HTTP', async () => {
    const rig = await start({ blocks: 1 })
    const socket = connect(Number(new URL(rig.url).port), '127.0.0.1')
    socket.end('hello\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400/)
    await once(socket, 'close')
    expect((await rig.get('/live')).status).toBe(200)
  })
})
