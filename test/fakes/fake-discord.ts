import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const APPLICATION_ID = '1100000000000000001'
export const CLIENT_SECRET = 'a secret of the application'
export const REDIRECT_URI = 'https://example.org/discord'

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
}

type Grant = {
  readonly user: User
  readonly challenge: string | null
  readonly redirectUri: string | null
}

export async function startFakeDiscord(): Promise<FakeDiscord> {
  const grants = new Map<string, Grant>()
  const tokens = new Map<string, User>()
  const requests: string[] = []

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

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const discord: FakeDiscord = {
    url: `http://127.0.0.1:${port}/api`,
    requests,
    outage: undefined,
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
