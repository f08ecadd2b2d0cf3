import { createHash } from 'node:crypto'
import { AppError } from '#core/errors.ts'
import type { DiscordAccount, DiscordOAuth } from '#core/identity/ports.ts'
import { callDiscord, type DiscordAnswer, noAnswer } from './call.ts'

/** This service as Discord knows it. */
export type DiscordApplication = {
  readonly applicationId: string
  readonly clientSecret: string
  /** The page that Discord sends people back to. */
  readonly redirectUri: string
  /** Without a slash at its end. */
  readonly apiUrl: string
  readonly authorizeUrl: string
}

/** OAuth2 with a code and PKCE (S256), as Discord has it. What it allows is used once, and then given back. */
export function createDiscordOAuth(application: DiscordApplication): DiscordOAuth {
  const { applicationId, clientSecret, redirectUri, apiUrl, authorizeUrl } = application
  const client = { client_id: applicationId, client_secret: clientSecret }

  const postForm = (path: string, form: Readonly<Record<string, string>>): Promise<DiscordAnswer> =>
    callDiscord(apiUrl, { method: 'POST', path, body: new URLSearchParams({ ...client, ...form }) })

  async function tokenFor(code: string, verifier: string): Promise<string> {
    const { status, body } = await postForm('/oauth2/token', {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    })
    if (status === 400 && memberOf(body, 'error') === 'invalid_grant') throw badCode()
    const token = memberOf(body, 'access_token')
    if (status === 200 && token !== undefined) return token
    throw noAnswer(`a token: HTTP ${status} ${memberOf(body, 'error') ?? ''}`.trim())
  }

  return {
    authorizeUrl({ state, verifier }) {
      const url = new URL(authorizeUrl)
      const challenge = createHash('sha256').update(verifier).digest('base64url')
      for (const [name, value] of Object.entries({
        response_type: 'code',
        client_id: applicationId,
        scope: 'identify',
        redirect_uri: redirectUri,
        state,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      }))
        url.searchParams.set(name, value)
      return url.href
    },
    async accountOf({ code, verifier }) {
      const token = await tokenFor(code, verifier)
      const { status, body } = await callDiscord(apiUrl, {
        method: 'GET',
        path: '/users/@me',
        headers: { authorization: `Bearer ${token}` },
      })
      // Nothing depends on it: a token that is not given back ends by itself.
      await postForm('/oauth2/token/revoke', { token }).catch(() => undefined)
      const account = accountIn(body)
      if (status === 200 && account) return account
      throw noAnswer(`an account: HTTP ${status}`)
    },
  }
}

const NAME_LENGTH_MAX = 64

function accountIn(body: unknown): Pick<DiscordAccount, 'id' | 'name'> | undefined {
  const id = memberOf(body, 'id')
  if (id === undefined || !/^\d{1,20}$/.test(id)) return undefined
  return { id, name: (memberOf(body, 'username') ?? id).slice(0, NAME_LENGTH_MAX) }
}

/** A text in an answer. */
function memberOf(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const value = Reflect.get(body, name) as unknown
  return typeof value === 'string' ? value : undefined
}

const badCode = (): AppError =>
  new AppError('invalid', 'code: Discord does not take it, or not again; begin the link again', {
    details: { field: 'code', reason: 'bad-code' },
    audience: 'client',
  })
