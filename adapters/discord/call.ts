import { AppError, messageOf } from '#core/errors.ts'

/** A request to Discord's API. */
export type DiscordCall = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the URL of the API: `/users/@me`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | URLSearchParams
}

export type DiscordAnswer = {
  readonly status: number
  readonly headers: Headers
  /** Undefined where there is none, or it is not JSON. */
  readonly body: unknown
}

const TIMEOUT_MS = 10_000
/** A thousand members of a guild with all that is told of them. */
const BODY_BYTES_MAX = 8 * 1_024 * 1_024

/**
 * Sends one request. It follows no redirect.
 *
 * @throws AppError `unavailable` where no whole answer came in time
 */
export async function callDiscord(
  apiUrl: string,
  { path, ...init }: DiscordCall,
): Promise<DiscordAnswer> {
  try {
    const response = await fetch(`${apiUrl}${path}`, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const text = await readText(response)
    return { status: response.status, headers: response.headers, body: jsonOf(text) }
  } catch (cause) {
    // What it says may hold the URL, which holds nothing secret, but no more than that.
    throw noAnswer(messageOf(cause), cause)
  }
}

export const noAnswer = (why: string, cause?: unknown): AppError =>
  new AppError('unavailable', `discord: it gives no answer that can be used (${why})`, {
    details: { field: 'discord' },
    cause,
  })

async function readText({ body }: Response): Promise<string> {
  if (!body) return ''
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > BODY_BYTES_MAX) throw new Error(`more than ${BODY_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
