import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const APPLICATION_ID = '1100000000000000001'
export const CLIENT_SECRET = 'a secret of the application'
export const REDIRECT_URI = 'https://example.org/discord'

export const BOT_TOKEN = 'a token of the bot'
const BOT = { id: '1100000000000000002', username: 'halyard' }

type FakeRole = {
  readonly id: string
  readonly name: string
  position: number
  readonly managed: boolean
  /** Bits, as text. */
  permissions: string
}

/** A guild with its roles, and the roles of its members, of whom the bot is one. */
type FakeGuild = { roles: FakeRole[]; readonly members: Map<string, Set<string>> }

type User = { readonly id: string; readonly username: string }

/** Discord as far as this project asks it, on a port of this machine. */
export type FakeDiscord = AsyncDisposable & {
  readonly url: string
  /** Somebody opens the page that asks for leave, and agrees: what the browser comes back with. */
  agree(authorizeUrl: string, user: User): { readonly code: string; readonly state: string }
  /** Requests so far, as `METHOD /path`. */
  readonly requests: string[]
  /** Answers every request with this status while it is set. */
  outage: number | undefined
  readonly guilds: Map<string, FakeGuild>
  /** Changes of roles that are allowed in so many milliseconds; more get 429. */
  readonly limit: { count: number; windowMs: number }
  /** Forgets what was asked for until now. */
  fillBuckets(): void
  /** Answers of 429, 401 and 403 so far. */
  refusals: number
  readonly bot: User
  /** Commands that were registered last. */
  commands: readonly { readonly name: string }[]
  /** What requests of Discord are signed with: 32 bytes in hex. */
  readonly publicKey: string
  /** Headers of a request that Discord sends. */
  signed(timestamp: string, body: string): Record<string, string>
}

/** The section of a configuration that asks it, without guilds. */
export const settingsOf = ({ url, publicKey }: FakeDiscord) => ({
  applicationId: APPLICATION_ID,
  clientSecret: CLIENT_SECRET,
  redirectUri: REDIRECT_URI,
  apiUrl: url,
  authorizeUrl: 'https://discord.example/oauth2/authorize',
  publicKey,
  verifyUrl: null,
  botToken: null,
  roles: [],
  metricsHost: '127.0.0.1',
  metricsPort: null,
})

type Grant = {
  readonly user: User
  readonly challenge: string | null
  readonly redirectUri: string | null
}

export async function startFakeDiscord(): Promise<FakeDiscord> {
  const grants = new Map<string, Grant>()
  const tokens = new Map<string, User>()
  const requests: string[] = []
  const keys = generateKeyPairSync('ed25519')

  const server = createServer((req, res) => {
    void handle(req, res)
  })

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await bodyOf(req)
    const path = (req.url ?? '').replace(/^\/api/, '')
    requests.push(`${req.method} ${path}`)
    if (discord.outage !== undefined) answer(res, discord.outage, { message: 'away' })
    else if (path === '/oauth2/token') giveToken(res, new URLSearchParams(body))
    else if (path === '/oauth2/token/revoke') revoke(res, new URLSearchParams(body))
    else if (req.headers.authorization === `Bot ${BOT_TOKEN}`) answerBot(req, res, path, body)
    else if (path === '/users/@me') tellUser(res, req.headers.authorization)
    else answer(res, 404, { message: 'Unknown', code: 0 })
  }

  const isApplication = (form: URLSearchParams): boolean =>
    form.get('client_id') === APPLICATION_ID && form.get('client_secret') === CLIENT_SECRET

  function giveToken(res: ServerResponse, form: URLSearchParams): void {
    if (!isApplication(form)) return answer(res, 401, { error: 'invalid_client' })
    const code = form.get('code') ?? ''
    const grant = grants.get(code)
    grants.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isGood =
      grant?.challenge === challenge &&
      grant.redirectUri === form.get('redirect_uri') &&
      form.get('grant_type') === 'authorization_code'
    if (!grant || !isGood) return answer(res, 400, { error: 'invalid_grant' })
    const token = randomBytes(16).toString('hex')
    tokens.set(token, grant.user)
    answer(res, 200, { access_token: token, token_type: 'Bearer', scope: 'identify' })
  }

  function revoke(res: ServerResponse, form: URLSearchParams): void {
    tokens.delete(form.get('token') ?? '')
    answer(res, 200, {})
  }

  function tellUser(res: ServerResponse, authorization: string | undefined): void {
    const user = tokens.get(authorization?.replace(/^Bearer /, '') ?? '')
    if (user) answer(res, 200, { ...user, discriminator: '0' })
    else answer(res, 401, { message: '401: Unauthorized', code: 0 })
  }

  function answerBot(req: IncomingMessage, res: ServerResponse, path: string, body: string): void {
    if (path === '/users/@me') return answer(res, 200, BOT)
    if (path.startsWith(`/applications/${APPLICATION_ID}/`) && req.method === 'PUT') {
      discord.commands = JSON.parse(body) as { name: string }[]
      return answer(res, 200, discord.commands)
    }
    const [, kind, id = '', what, account = '', , role = ''] = path.split(/[/?]/)
    const guild = kind === 'guilds' ? discord.guilds.get(id) : undefined
    if (!guild?.members.has(BOT.id)) return refuse(res, 403, 50_001)
    if (what === 'roles') return answer(res, 200, guild.roles)
    if (req.method === 'GET' && account.length > 0 && !account.includes('='))
      return tellMember(res, guild, account)
    if (req.method === 'GET') return tellMembers(res, guild, path)
    changeRole(req, res, guild, account, role)
  }

  const memberJson = (guild: FakeGuild, account: string): object => ({
    user: { id: account },
    roles: [...(guild.members.get(account) ?? [])],
  })

  function tellMember(res: ServerResponse, guild: FakeGuild, account: string): void {
    if (guild.members.has(account)) answer(res, 200, memberJson(guild, account))
    else answer(res, 404, { message: 'Unknown Member', code: 10_007 })
  }

  function tellMembers(res: ServerResponse, guild: FakeGuild, path: string): void {
    const { searchParams } = new URL(path, 'http://localhost')
    const after = BigInt(searchParams.get('after') ?? '0')
    const found = [...guild.members.keys()]
      .filter((account) => BigInt(account) > after)
      .toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
      .slice(0, Number(searchParams.get('limit') ?? '1'))
    answer(
      res,
      200,
      found.map((account) => memberJson(guild, account)),
    )
  }

  let changes: number[] = []
  function changeRole(
    req: IncomingMessage,
    res: ServerResponse,
    guild: FakeGuild,
    account: string,
    id: string,
  ): void {
    const { count, windowMs } = discord.limit
    const now = performance.now()
    changes = changes.filter((at) => at > now - windowMs)
    const [oldest = now] = changes
    const resetAfter = (oldest + windowMs - now) / 1_000
    res.setHeader('x-ratelimit-bucket', 'roles')
    res.setHeader('x-ratelimit-reset-after', resetAfter.toFixed(3))
    if (changes.length >= count) {
      res.setHeader('x-ratelimit-remaining', '0').setHeader('retry-after', resetAfter.toFixed(3))
      return refuse(res, 429, 0)
    }
    changes.push(now)
    res.setHeader('x-ratelimit-remaining', String(count - changes.length))
    const member = guild.members.get(account)
    if (!member) return answer(res, 404, { message: 'Unknown Member', code: 10_007 })
    const role = guild.roles.find((each) => each.id === id)
    const own = guild.members.get(BOT.id) ?? new Set()
    const rank = Math.max(
      ...guild.roles.filter((each) => own.has(each.id)).map(({ position }) => position),
    )
    if (!role || role.position >= rank) return refuse(res, 403, 50_013)
    if (req.method === 'PUT') member.add(id)
    else member.delete(id)
    res.writeHead(204).end()
  }

  function refuse(res: ServerResponse, status: number, code: number): void {
    discord.refusals++
    answer(res, status, { message: 'refused', code })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const discord: FakeDiscord = {
    url: `http://127.0.0.1:${port}/api`,
    requests,
    outage: undefined,
    guilds: new Map(),
    limit: { count: 100, windowMs: 1_000 },
    fillBuckets() {
      changes = []
    },
    refusals: 0,
    bot: BOT,
    commands: [],
    publicKey: Buffer.from(
      String(keys.publicKey.export({ format: 'jwk' }).x),
      'base64url',
    ).toString('hex'),
    signed: (timestamp, body) => ({
      'content-type': 'application/json',
      'x-signature-timestamp': timestamp,
      'x-signature-ed25519': sign(null, Buffer.from(timestamp + body), keys.privateKey).toString(
        'hex',
      ),
    }),
    agree(authorizeUrl, user) {
      const { searchParams } = new URL(authorizeUrl)
      if (searchParams.get('client_id') !== APPLICATION_ID) throw new Error('another application')
      if (searchParams.get('code_challenge_method') !== 'S256') throw new Error('no PKCE')
      const code = randomBytes(15).toString('hex')
      grants.set(code, {
        user,
        challenge: searchParams.get('code_challenge'),
        redirectUri: searchParams.get('redirect_uri'),
      })
      return { code, state: searchParams.get('state') ?? '' }
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return discord
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of req) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

function answer(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
