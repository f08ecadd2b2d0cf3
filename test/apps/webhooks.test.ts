import type { ChildProcess } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { webhookSigner } from '#adapters/node/webhook-signer.ts'
import { createFakeChain, fakeErc721 } from '../fakes/fake-chain.ts'
import { eventually } from '../fakes/eventually.ts'
import { startFakeNode } from '../fakes/fake-node.ts'
import { freePort, temporaryFolder } from '../servers/programs.ts'
import { reportOf, runCli, spawnCli } from './run-cli.ts'

type Delivery = { readonly headers: Readonly<Record<string, unknown>>; readonly body: string }
const folder = temporaryFolder('webhooks')
const deliveries: Delivery[] = []
let receiver: Server
let config: string
let status = 204
let metricsPort: number
let delivering: ChildProcess | undefined
const chain = createFakeChain(4, { maxLogs: 6 })
let node: Awaited<ReturnType<typeof startFakeNode>>

beforeAll(async () => {
  receiver = createServer((req, res) => {
    const parts: Buffer[] = []
    req.on('data', (part: Buffer) => parts.push(part))
    req.on('end', () => {
      deliveries.push({ headers: req.headers, body: Buffer.concat(parts).toString() })
      res.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  await chain.mine(20)
  node = await startFakeNode({ blocks: () => chain.blocks })
  config = join(folder.path, 'halyard.json')
  metricsPort = await freePort()
  writeFileSync(
    config,
    JSON.stringify({
      chain: { id: 31_337, rpc: [node.url], finality: 3 },
      store: 'sqlite:./halyard.db',
      sources: [{ kind: 'erc721', address: fakeErc721, startBlock: 0 }],
      webhooks: { allowed: [host()], metricsPort },
    }),
  )
})
afterAll(async () => {
  delivering?.kill('SIGKILL')
  receiver.closeAllConnections()
  receiver.close()
  await node?.close()
  folder.remove()
})

const host = (): string => `127.0.0.1:${(receiver.address() as AddressInfo).port}`
const index = async (): Promise<void> => {
  const { code, stderr } = await runCli('backfill', '--config', config)
  expect(code, stderr).toBe(0)
}

test('a webhook is added, tried, told of what is committed from then on, watched by its operator, and removed', async () => {
  await index()
  const add = (topic: string, url: string) =>
    runCli('webhooks', 'add', '--config', config, '--topics', topic, '--url', url)
  const inside = await add('swaps', 'https://169.254.169.254/latest')
  expect(inside.code).toBe(2)
  expect(inside.stderr).toContain('url: it leads to an address that is not public')
  const added = await add('nft-transfers', `http://${host()}/hook`)
  expect(added.code, added.stderr).toBe(0)
  const { id, secret } = reportOf(added) as { id: string; secret: string }
  status = 500
  const refused = await runCli('webhooks', 'test', id, '--config', config)
  expect(refused.code).toBe(69)
  expect(refused.stderr).toContain('it answered HTTP 500')
  status = 204
  deliveries.length = 0
  const { child, done } = spawnCli(['webhooks', 'deliver', '--config', config])
  delivering = child
  // It begins with what comes behind its first look.
  await eventually(async () => {
    const report = reportOf(await runCli('webhooks', 'list', '--config', config))
    expect(report.block).toBe(chain.blocks.length - 1)
    expect(report).not.toHaveProperty('secret')
  })
  await chain.mine(8)
  await index()
  await eventually(async () => expect(deliveries.length).toBeGreaterThan(0))
  const at = (path: string) => fetch(`http://127.0.0.1:${metricsPort}${path}`)
  expect((await at('/ready')).status).toBe(200)
  await eventually(async () => {
    const text = await (await at('/metrics')).text()
    expect(text).toMatch(/^halyard_webhooks\{state="active"\} 1$/m)
    expect(text).toMatch(/^halyard_webhook_rounds_total\{outcome="done"\} [1-9]/m)
  })
  child.kill('SIGTERM')
  expect((await done).code).toBe(130)
  const [delivery] = deliveries
  const { headers, body } = delivery as Delivery
  const content = JSON.parse(body)
  expect(content).toMatchObject({ type: 'appended', webhook: id, chainId: 31_337 })
  expect(content.events[0]).toMatchObject({ topic: 'nft-transfers', collection: fakeErc721 })
  expect(headers['webhook-id']).toBe(content.id)
  const timestamp = String(headers['webhook-timestamp'])
  expect(headers['webhook-signature']).toBe(
    webhookSigner.sign({ secret, id: content.id, timestamp, body }),
  )
  expect((await runCli('webhooks', 'remove', id, '--config', config)).code).toBe(0)
  const gone = await runCli('webhooks', 'remove', id, '--config', config)
  expect(gone.stderr).toContain('webhook: there is none of that id')
}, 120_000)
