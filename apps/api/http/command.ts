import type { Request, Response } from 'express'
import { z } from 'zod'
import type { KeptAnswer, KnownPrincipal } from '#core/access/ports.ts'
import { hasReason, isAppError } from '#core/errors.ts'
import { clientKind } from '#api/errors.ts'
import { parseInput } from '#api/quote-input.ts'
import { expectKnown } from '#api/principals.ts'
import type { Api } from '#api/wire.ts'
import type { Resource } from '#resources/resource.ts'
import { credentialsOf } from './cookies.ts'
import { joinTokens } from './join.ts'
import { jsonBody } from './json-body.ts'
import type { Operation } from './operation.ts'
import { readParameters } from './parameters.ts'
import { type Failure, failureOf, PROBLEM_TYPE, problemText, sendProblem } from './problem.ts'
import type { RouteOf } from './route.ts'

type Definition<S extends z.ZodRawShape, B extends z.ZodType, T> = {
  /** As Express has it: `/v1/points/:account/spend`. */
  readonly path: string
  readonly id: string
  readonly summary: string
  /** Of the path; a command has no query. */
  readonly parameters: S
  /** What is asked for: any other member is refused where the schema is strict. */
  readonly body: B
  /** Of the body; 32 kB unless said. */
  readonly bodyBytesMax?: number
  readonly returns: Resource<T>
  readonly refuses?: Operation['refuses']
  readonly example: {
    readonly parameters?: Readonly<Record<string, string>>
    readonly body: object
  }
  /** What it costs its principal beside the request, in points. */
  readonly points?: number
  /**
   * Does it, once for a key. An `AppError` that another time would not mend (any but `unavailable` and `rate-limited`) is
   * the answer of the key from then on; after any other failure the client may send the same again, so nothing may have
   * been done by then. One with the reason `key-reused` is told as what it is.
   *
   * @param key what the client gave, for commands that keep their own record of it where they write
   */
  run(
    api: Api,
    principal: KnownPrincipal,
    input: z.output<z.ZodObject<S>> & { readonly body: z.output<B> },
    key: string,
  ): Promise<T>
}

const BODY_BYTES_MAX = 32_000

/** As clients make them: a UUID or another random word. In quotes, too, which structured headers ask for. */
const KEY = /^(?:[\w.~-]{16,128}|"[\w.~-]{16,128}")$/

const keyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(KEY)
    .describe(
      'Names this request: sent again with the same key, it is answered and not done again.',
    ),
})

/**
 * An endpoint that does something for somebody: with a principal, a body and an idempotency key, and never cached. Sent
 * again with the same key, the same request is answered to the byte as it was the first time; another request is refused.
 */
export function command<S extends z.ZodRawShape, B extends z.ZodType, T>(
  definition: Definition<S, B, T>,
): RouteOf {
  const { path, id, summary, body, returns, points, example } = definition
  const parameters = z.strictObject(definition.parameters)
  const operation: Operation = {
    id,
    summary,
    parameters,
    body,
    returns: { item: returns },
    block: null,
    headers: keyHeaders,
    isForKnown: true,
    refuses: [
      { status: 401, when: 'Nobody has said who asks, or what was said proves nothing.' },
      { status: 409, when: 'The same request is being done right now; ask again.' },
      { status: 422, when: 'The key was used for another request.' },
      ...(definition.refuses ?? []),
    ],
    example: () => ({
      ...example,
      headers: { 'idempotency-key': '6c1f2b7e-6f0f-4f5e-9a53-0d5c2c1f7f10' },
    }),
  }

  async function answer(api: Api, req: Request, res: Response): Promise<KeptAnswer | Failure> {
    const principal = await expectKnown(api.principals, credentialsOf(req))
    const key = keyOf(req)
    if (typeof key !== 'string') return key
    const read = readParameters(parameters, req) as z.output<z.ZodObject<S>>
    const input = { ...read, body: parseInput(body, req.body) }
    const scope = JSON.stringify([principal.kind, principal.id, id])
    const request = api.ports.sha256(canonical([req.params, req.body]))
    const claim = await api.idempotent.claim(scope, key, request)
    switch (claim.status) {
      case 'answered':
        return claim.answer
      case 'under-way':
        return UNDER_WAY
      case 'other-request':
        return OTHER_REQUEST
      case 'claimed':
        break
      default:
        return claim satisfies never
    }
    let done: KeptAnswer
    try {
      done = await attempt(api, res, () => definition.run(api, principal, input, key))
    } catch (error) {
      await api.idempotent.release(scope, key)
      if (hasReason(error, 'key-reused')) return OTHER_REQUEST
      throw error
    }
    await api.idempotent.keep(scope, key, done)
    return done
  }

  async function attempt(api: Api, res: Response, run: () => Promise<T>): Promise<KeptAnswer> {
    try {
      const { written } = await joinTokens(api.ports, returns, [await run()])
      return { status: 200, type: JSON_TYPE, body: JSON.stringify({ item: written[0] }) }
    } catch (error) {
      if (!isFinal(error) || hasReason(error, 'key-reused')) throw error
      const failure = failureOf(error, api.config.api.development)
      return { status: failure.status, type: PROBLEM_TYPE, body: problemText(res, failure) }
    }
  }

  return (api) => ({
    path,
    // One person's answers are not for pages of other sites.
    origins: 'same',
    operations: { post: operation },
    ...(points !== undefined && { points }),
    post: [
      ...jsonBody(definition.bodyBytesMax ?? BODY_BYTES_MAX),
      async (req, res) => {
        res.vary('authorization, idempotency-key')
        const given = await answer(api, req, res)
        if ('name' in given) sendProblem(res, given)
        else send(res, given)
      },
    ],
  })
}

const JSON_TYPE = 'application/json; charset=utf-8'

function send(res: Response, { status, type, body }: KeptAnswer): void {
  res.setHeader('cache-control', 'no-store')
  res.status(status).setHeader('content-type', type)
  res.end(body)
}

const keyFailure = (name: string, detail: string): Failure => ({
  name,
  title: 'Idempotency key',
  status: 400,
  detail,
  errors: [{ field: 'idempotency-key', message: detail }],
})

const MISSING = keyFailure(
  'idempotency-key-missing',
  'send an Idempotency-Key header: a random word of this request, such as a UUID',
)
const MALFORMED = keyFailure(
  'idempotency-key-malformed',
  'the Idempotency-Key is not 16 to 128 letters, digits, dots, dashes, underscores or tildes',
)
const UNDER_WAY: Failure = {
  name: 'idempotency-key-in-use',
  title: 'Under way',
  status: 409,
  detail: 'the request of this Idempotency-Key is being done; ask again with the same key',
}
const OTHER_REQUEST: Failure = {
  name: 'idempotency-key-reused',
  title: 'Idempotency key',
  status: 422,
  detail: 'this Idempotency-Key was used for another request; make a new one for this request',
}

/** The key without its quotes, or why there is none. */
function keyOf({ headers }: Request): string | Failure {
  const given = headers['idempotency-key']
  if (given === undefined || given === '') return MISSING
  // Several headers of the name come joined by commas, which no key has.
  const text = String(given)
  return KEY.test(text) ? text.replaceAll('"', '') : MALFORMED
}

/** Failures that asking again would not mend: with the request, and not with the service. */
const isFinal = (error: unknown): boolean => {
  if (!isAppError(error)) return false
  const kind = clientKind(error)
  return kind !== 'unavailable' && kind !== 'rate-limited' && kind !== 'unauthenticated'
}

/** The same text for the same values, whatever order their members came in. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
