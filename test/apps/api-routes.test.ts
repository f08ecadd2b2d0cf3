import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { expect, test } from 'vitest'
import { crossOrigin } from '#api/http/methods.ts'
import { mount } from '#api/http/route.ts'
import { unlimited } from '#api/rate-limit.ts'
import { createTurns } from '#api/turns.ts'
import { openRig } from './api-rig.ts'

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
