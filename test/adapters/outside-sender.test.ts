import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPublicAddress } from '#adapters/http/addresses.ts'
import { createOutsideSender } from '#adapters/http/outside-sender.ts'
import { webhookSigner } from '#adapters/node/webhook-signer.ts'

const requests: { readonly url: string; readonly body: string }[] = []
let server: Server
let host: string
beforeAll(async () => {
  server = createServer((req, res) => {
    const parts: Buffer[] = []
    req.on('data', (part: Buffer) => parts.push(part))
    req.on('end', () => {
      requests.push({ url: String(req.url), body: Buffer.concat(parts).toString() })
      if (req.url === '/redirect') res.writeHead(302, { location: `http://${host}/inside` }).end()
      else if (req.url === '/later') res.writeHead(429, { 'retry-after': '7' }).end()
      else res.writeHead(200).end('x'.repeat(100_000))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const post = (url: string, sender = createOutsideSender([])) =>
  sender.post({ url, headers: { 'webhook-id': '1' }, body: '{}' })

describe('what is sent to the outside', () => {
  test.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.0.0.1/',
    'https://0/',
    'https://10.1.2.3/',
    'https://172.31.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://224.0.0.1/',
    'https://[::1]/',
    'https://[::]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
  ])('never goes to %s', async (url) => {
    expect(createOutsideSender([]).faultOf(url)).toBe('it leads to an address that is not public')
    expect(await post(url)).toMatchObject({ status: 'forbidden' })
  })

  test.each([
    ['http://example.org/', 'it takes an https URL'],
    ['ftp://example.org/', 'it takes an https URL'],
    ['https://me:secret@example.org/', 'it holds a user or a password'],
    ['example.org', 'not a URL'],
  ])('never goes to %s: %s', (url, why) => {
    expect(createOutsideSender([]).faultOf(url)).toBe(why)
  })

  test('never goes to a name that leads inside, be it with one of its addresses', async () => {
    for (const addresses of [['127.0.0.1'], ['8.8.8.8', '169.254.169.254'], ['::ffff:10.0.0.1']]) {
      const sender = createOutsideSender([], (_name, done) =>
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        ),
      )
      expect(sender.faultOf('https://inside.example/')).toBeNull()
      expect(await post('https://inside.example/', sender)).toEqual({
        status: 'forbidden',
        why: 'it leads to an address that is not public',
      })
    }
    // By the system's own way from names to addresses too.
    expect(await post('https://localhost/')).toMatchObject({ status: 'forbidden' })
  })

  test('goes where the operator allows it, and not on to where that leads', async () => {
    const sender = createOutsideSender([host])
    requests.length = 0
    expect(await post(`http://${host}/hook`, sender)).toEqual({
      status: 'answered',
      code: 200,
      retryAfterMs: null,
    })
    expect(await post(`http://${host}/later`, sender)).toMatchObject({
      code: 429,
      retryAfterMs: 7_000,
    })
    expect(await post(`http://${host}/redirect`, sender)).toMatchObject({ code: 302 })
    expect(requests.map(({ url }) => url)).toEqual(['/hook', '/later', '/redirect'])
    expect(requests[0]?.body).toBe('{}')
    expect(await post('http://127.0.0.1:1/', sender)).toMatchObject({ status: 'forbidden' })
  })

  test('that nobody takes has failed, without a word of the other side', async () => {
    const sender = createOutsideSender(['127.0.0.1:9'])
    expect(await post('http://127.0.0.1:9/', sender)).toEqual({
      status: 'failed',
      why: 'it cannot be reached (ECONNREFUSED)',
    })
  })

  test('is signed as the Standard Webhooks specification has it', () => {
    const secret = webhookSigner.newSecret()
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const of = { secret, id: 'msg_1', timestamp: '1614265330', body: '{"test": 1}' }
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
    const mac = createHmac('sha256', key).update('msg_1.1614265330.{"test": 1}').digest('base64')
    expect(webhookSigner.sign(of)).toBe(`v1,${mac}`)
  })
})

test.each([
  ['8.8.8.8', true],
  ['172.32.0.1', true],
  ['2606:4700:4700::1111', true],
  ['2001:db8::1', false],
  ['2001::1', false],
  ['fc00::1', false],
  ['255.255.255.255', false],
  ['localhost', false],
])('%s is public: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic)
})
