/** Names of paths are shorter, keys are not. */
const KEY_LENGTH_MIN = 16

/** The user's part of a URL, also of one that names several hosts, which is no URL to `URL`. */
const CREDENTIALS = /^[a-z+]+:\/\/(?:([^:@/]*)(?::([^@]*))?@)?/i

/** What of a URL no log line may hold: its keys and passwords, as written and as meant, and with them all of it. */
export function secretsOfUrl(text: string): string[] {
  const [, user = '', password = ''] = CREDENTIALS.exec(text) ?? []
  const parsed = URL.parse(text)
  const parts = [
    user,
    ...(parsed ? [...parsed.pathname.split('/'), ...parsed.searchParams.values()] : []),
  ]
  const keys = [password, ...parts.filter((part) => part.length >= KEY_LENGTH_MIN)]
  const secrets = keys.flatMap((key) => (key === '' ? [] : [key, decodeOrSelf(key)]))
  return secrets.length > 0 ? [text, ...new Set(secrets)] : []
}

function decodeOrSelf(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
