import type { Request, Response } from 'express'

/** The token of a session, and the secret of a sign-in that is under way. */
export type CookieName = 'halyard_session' | 'halyard_login'

/** The value of a cookie; undefined where the client sends none, or several. */
export function readCookie({ headers }: Request, name: CookieName): string | undefined {
  const found = (headers.cookie ?? '').split(';').flatMap((part) => {
    const [key, ...value] = part.split('=')
    return key?.trim() === name ? [value.join('=').trim()] : []
  })
  return found.length === 1 && found[0] !== '' ? found[0] : undefined
}

/**
 * A cookie that no script reads, and that pages of other sites do not send along.
 *
 * @param isSecure whether it goes over HTTPS alone
 */
export const setCookie = (
  res: Response,
  name: CookieName,
  value: string,
  maxAgeMs: number,
  isSecure: boolean,
): void =>
  void res.append(
    'set-cookie',
    `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${Math.floor(maxAgeMs / 1_000)}${isSecure ? '; Secure' : ''}`,
  )

/** What says who asks: the header, else the cookie. */
export function credentialsOf(req: Request): string | undefined {
  const session = readCookie(req, 'halyard_session')
  return req.headers.authorization ?? (session === undefined ? undefined : `Bearer ${session}`)
}
