import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { expect, test } from 'vitest'
import { crossOrigin } from '#api/http/methods.ts'
import { mount } from '#api/http/route.ts'
import { createTurns } from '#api/turns.ts'
import { eventually } from '../fakes/eventually.ts'
import { openRig } from './api-rig.ts'

const unlimited = { spend: async () => undefined }

test('a route of one person alone is read by pages of its own site only', async () => {
  const app = express()
  app.use(crossOrigin)
  const get: express.RequestHandler = (_req, res) => void res.json({})
  const ports = { limiter: unlimited, turns: createTurns() }
  mount(app, { path: '/mine', get, origins: 'same' }, ports)
  mount(app, { path: '/all', get }, ports)
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const method of ['GET', 'OPTIONS']) {
    const headersOf = async (path: string) =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { method })).headers
    const mine = await headersOf('/mine')
    expect([...mine.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(mine.get('cross-origin-resource-policy')).toBe('same-origin')
    expect((await headersOf('/all')).get('access-control-allow-origin')).toBe('*')
  }
  server.close()
})

test('what is one person’s is read by pages that are named, and by the same pages alone', async () => {
  const app = express()
  app.use(crossOrigin)
  const get: express.RequestHandler = (_req, res) => void res.json({})
  const ports = { limiter: unlimited, turns: createTurns(), pages: ['https://app.example'] }
  mount(app, { path: '/mine', get, origins: 'same' }, ports)
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const readableBy = async (headers: Record<string, string>) => {
    const answer = await fetch(`http://127.0.0.1:${port}/mine`, { headers })
    expect(answer.headers.get('vary')).toBe('origin')
    return answer.headers.get('access-control-allow-origin')
  }
  expect(await readableBy({ origin: 'https://app.example' })).toBe('https://app.example')
  expect(await readableBy({ origin: 'https://app.example.evil' })).toBeNull()
  expect(await readableBy({})).toBeNull()
  server.close()
})

test('only the route that serves a page may load scripts, and only in development', async () => {
  await using rig = await openRig({ blocks: 2, api: { development: true } })
  const policy = async (path: string) =>
    (await rig.get(path)).headers.get('content-security-policy')
  expect(await policy('/graphql?query={__typename}')).toContain('script-src')
  for (const path of ['/v1/pools', '/live', '/none']) {
    expect(await policy(path)).not.toContain('script-src')
    expect(await policy(path)).toContain("default-src 'none'")
  }
  await using production = await openRig({ blocks: 2 })
  const { headers } = await production.get('/graphql?query={__typename}')
  expect(headers.get('content-security-policy')).not.toContain('script-src')
})

test('work begins in its turn, after its body is read; probes take no turn', async () => {
  const app = express()
  const steps: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const turns = {
    async take(): Promise<void> {
      steps.push('asked')
      await promise
    },
  }
  const answer: express.RequestHandler = (_req, res) => {
    steps.push('worked')
    res.json({})
  }
  const body: express.RequestHandler = (_req, _res, next) => {
    steps.push('read')
    next()
  }
  mount(app, { path: '/work', post: [body, answer] }, { limiter: unlimited, turns })
  mount(
    app,
    { path: '/live', get: (_req, res) => void res.json({}) },
    { limiter: unlimited, turns },
  )
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const work = fetch(`${url}/work`, { method: 'POST' })
  await eventually(() => expect(steps).toContain('asked'))
  expect((await fetch(`${url}/live`)).status).toBe(200)
  expect(steps).toEqual(['read', 'asked'])
  resolve()
  expect((await work).status).toBe(200)
  expect(steps).toEqual(['read', 'asked', 'worked'])
  server.close()
})
