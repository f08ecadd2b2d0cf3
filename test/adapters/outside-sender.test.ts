import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPublicAddress } from '#adapters/http/addresses.ts'
import { createOutsideFetcher } from '#adapters/http/outside-fetcher.ts'
import { createOutsideSender } from '#adapters/http/outside-sender.ts'
import { webhookSigner } from '#adapters/node/webhook-signer.ts'

const requests: {
  readonly url: string
  readonly body: string
  readonly headers: IncomingHttpHeaders
}[] = []
/** What is waited for before an answer to `/wait`. */
let onWait = async (): Promise<void> => undefined
let server: Server
let host: string
beforeAll(async () => {
  server = createServer((req, res) => {
    const parts: Buffer[] = []
    req.on('data', (part: Buffer) => parts.push(part))
    req.on('end', () => {
      requests.push({
        url: String(req.url),
        body: Buffer.concat(parts).toString(),
        headers: req.headers,
      })
      const document = documents[req.url ?? '']
      if (document) document(res)
      else if (req.url === '/redirect')
        res.writeHead(302, { location: `http://${host}/inside` }).end()
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

const redirect =
  (location: string) =>
  (res: ServerResponse): void =>
    void res.writeHead(302, { location }).end()
const answering =
  (code: number) =>
  (res: ServerResponse): void =>
    void res.writeHead(code).end('{}')

/** Documents by path, good and bad. */
const documents: Readonly<Record<string, (res: ServerResponse) => void>> = {
  '/json': (res) => void res.end('{"name":"ü"}'),
  '/to-json': redirect('/json'),
  '/redirect-inside': redirect('http://127.0.0.1:1/'),
  '/redirect-file': redirect('file:///etc/passwd'),
  '/redirect-name': redirect('http://rebound.example/'),
  '/loop': redirect('/loop'),
  '/large': (res) => void res.end('x'.repeat(2_000)),
  '/endless': (res) => {
    const timer = setInterval(() => res.write('x'.repeat(400)), 5)
    res.on('close', () => clearInterval(timer))
  },
  '/binary': (res) => void res.end(Buffer.from([0xff, 0xfe, 0x00])),
  '/forbidden': answering(403),
  '/gone': answering(404),
  '/broken': answering(500),
  '/trickle': (res) => void res.write('{'),
  '/switch': (res) =>
    void res.socket?.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
  '/wait': (res) => void onWait().then(() => res.end('{}')),
}

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

  test('has failed where it is answered with another protocol', async () => {
    expect(await post(`http://${host}/switch`, createOutsideSender([host]))).toEqual({
      status: 'failed',
      why: 'it ended without an answer',
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

describe('what is fetched from the outside', () => {
  // No answer that comes is taken for one that does not, however busy the machine is.
  const limits = { bytesMax: 1_000, timeoutMs: 20_000 }
  const fetcher = (allowed: readonly string[], more: object = {}) =>
    createOutsideFetcher(allowed, () => performance.now(), { limits: { ...limits, ...more } })
  const get = (path: string, more: object = {}) =>
    fetcher([host], more).get(`http://${host}${path}`)

  test('is text, and follows redirects that stay where it may go', async () => {
    expect(await get('/json')).toEqual({ status: 'fetched', text: '{"name":"ü"}' })
    expect(await get('/to-json')).toEqual({ status: 'fetched', text: '{"name":"ü"}' })
    expect(requests.at(-1)?.headers['accept-encoding']).toBe('identity')
  })

  test.each([
    ['/redirect-inside', 'refused', 'it leads to an address that is not public'],
    ['/redirect-file', 'refused', 'it takes an http or https URL'],
    ['/loop', 'refused', 'it leads on more than 3 times'],
    ['/large', 'refused', 'it has more than 1000 bytes'],
    ['/endless', 'refused', 'it has more than 1000 bytes'],
    ['/binary', 'refused', 'it is not text in UTF-8'],
    ['/forbidden', 'refused', 'it answered HTTP 403'],
    ['/gone', 'missing', 'it answered HTTP 404'],
    ['/broken', 'failed', 'it answered HTTP 500'],
    ['/switch', 'failed', 'it ended without an answer'],
  ])('%s is %s: %s', async (path, status, why) => {
    expect(await get(path)).toMatchObject({ status, why })
  })

  test('has failed where its end does not come in time', async () => {
    expect(await get('/trickle', { timeoutMs: 300 })).toMatchObject({
      status: 'failed',
      why: 'no whole answer within 0.3 s',
    })
  })

  test('is asked for again when its server says', async () => {
    expect(await get('/later')).toMatchObject({ status: 'failed', retryAfterMs: 7_000 })
  })

  test.each([
    'http://127.0.0.1:1/',
    'http://169.254.169.254/latest/',
    'https://[::1]/',
    'file:///etc/passwd',
  ])('is never at %s', async (url) => {
    const before = requests.length
    expect(await fetcher([]).get(url)).toMatchObject({ status: 'refused' })
    expect(requests).toHaveLength(before)
  })

  test('is never at a name that leads inside, be it behind a redirect', async () => {
    const inside = createOutsideFetcher([host], () => performance.now(), {
      limits,
      resolve: (_name, done) => done(null, [{ address: '10.0.0.1', family: 4 }]),
    })
    const refused = { status: 'refused', why: 'it leads to an address that is not public' }
    expect(await inside.get('http://rebound.example/')).toEqual(refused)
    expect(await inside.get(`http://${host}/redirect-name`)).toEqual(refused)
  })

  test('is asked of any number of hosts that fail, of which the newest are remembered', async () => {
    const asked: string[] = []
    const own = createOutsideFetcher([], () => 0, {
      limits: { failuresMax: 2, hostsMax: 3 },
      resolve(name, done) {
        asked.push(name)
        done(new Error('no such name'), [])
      },
    })
    const statusAt = async (name: string) => (await own.get(`https://${name}.example/`)).status
    for (const name of ['a', 'b', 'c', 'd', 'a', 'd', 'a', 'd', 'a'])
      expect(await statusAt(name)).toBe('failed')
    // `a` was forgotten after its first failure, `d` was not.
    expect(asked.map((name) => name[0]).join('')).toBe('abcdada')
  })

  test('is asked of one host by so many at a time, and not of one that does not answer', async () => {
    let [now, most] = [0, 0]
    onWait = async () => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setTimeout(resolve, 20))
      now--
    }
    let nowMs = 0
    const own = createOutsideFetcher([host], () => nowMs, {
      limits: { ...limits, ofHostMax: 2, failuresMax: 3, pauseMs: 1_000 },
    })
    await Promise.all(Array.from({ length: 6 }, () => own.get(`http://${host}/wait`)))
    expect(most).toBe(2)
    for (let index = 0; index < 3; index++) await own.get(`http://${host}/broken`)
    const before = requests.length
    expect(await own.get(`http://${host}/json`)).toMatchObject({
      status: 'failed',
      retryAfterMs: 1_000,
    })
    expect(requests).toHaveLength(before)
    nowMs = 1_000
    expect(await own.get(`http://${host}/json`)).toMatchObject({ status: 'fetched' })
    // What one part of it does not answer says nothing of the others.
    for (let index = 0; index < 3; index++) await own.get(`http://${host}/broken`, 'one')
    expect(await own.get(`http://${host}/json`, 'one')).toMatchObject({ status: 'failed' })
    expect(await own.get(`http://${host}/json`, 'two')).toMatchObject({ status: 'fetched' })
    expect(await own.get(`http://${host}/json`)).toMatchObject({ status: 'fetched' })
  })
})
