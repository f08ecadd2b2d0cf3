import type { Request, RequestHandler, Response } from 'express'
import { z } from 'zod'
import { AppError } from '#core/errors.ts'
import type { Session } from '#core/identity/ports.ts'
import { readSession } from '#core/identity/sessions.ts'
import { parseInput } from '#api/quote-input.ts'
import type { Api } from '#api/wire.ts'
import { toJson } from '#resources/json.ts'
import type { Resource } from '#resources/resource.ts'
import type { Identity } from '#wiring/open-identity.ts'
import { credentialsOf } from './cookies.ts'
import type { Subjects } from './examples.ts'
import { jsonBody } from './json-body.ts'
import type { Operation } from './operation.ts'
import type { RouteOf } from './route.ts'

/** A signature with a deployment is the longest thing in a body. */
const BODY_BYTES_MAX = 32_000
/** What a sign-in costs: it may ask a node to run a contract. */
const SIGN_IN_POINTS = 10

/** A body, or parameters, of which there are none. */
export const nothing = z.strictObject({})

/** @throws AppError `not-found` where the configuration says nothing of signing in */
export const identityOf = ({ identity }: Api): Identity => {
  if (identity) return identity
  throw new AppError('not-found', 'nobody can sign in here: the service is not set up for it', {
    audience: 'client',
  })
}

/** The token of the session that a request shows; empty where it shows none. */
export const tokenOf = (req: Request): string =>
  (credentialsOf(req) ?? '').replace(/^Bearer +/i, '')

type Definition<B extends z.ZodType, T> = Pick<Operation, 'id' | 'summary' | 'isForKnown'> & {
  readonly path: string
  readonly parameters?: z.ZodObject
  readonly body: B
  readonly returns: Resource<T>
  readonly refuses?: Operation['refuses']
  /** The body of a request; where it has to be signed, as it looks. */
  readonly example: (of: Subjects) => object
  run(
    request: { readonly api: Api; readonly req: Request; readonly res: Response },
    ports: Identity,
    body: z.output<B>,
  ): Promise<T>
}

export const NOT_SET_UP = { status: 404, when: 'The service is not set up for signing in.' }
export const NO_SESSION = { status: 401, when: 'There is no such session, or it has ended.' }

/** A route that answers one person alone: nothing is kept, and pages of other sites read none of it. */
export const personal =
  <B extends z.ZodType, T>({
    path,
    returns,
    body,
    parameters = nothing,
    refuses = [],
    run,
    example,
    ...of
  }: Definition<B, T>): RouteOf =>
  (api) => {
    const operation: Operation = {
      ...of,
      parameters,
      body,
      returns: { item: returns },
      block: null,
      refuses: [NOT_SET_UP, ...refuses],
      example: (subjects) => ({ body: example(subjects) }),
    }
    const answer: RequestHandler = async (req, res) => {
      res.vary('authorization, cookie').setHeader('cache-control', 'no-store')
      const ports = identityOf(api)
      const item = await run({ api, req, res }, ports, parseInput(body, req.body))
      res.json({ item: toJson(returns, item) })
    }
    return {
      path,
      origins: 'same',
      points: SIGN_IN_POINTS,
      operations: { post: operation },
      post: [...jsonBody(BODY_BYTES_MAX), answer],
    }
  }

/** The session that the request shows. @throws AppError `unauthenticated` where it shows none that is good */
export const sessionOf = (ports: Identity, req: Request): Promise<Session> =>
  readSession(ports, tokenOf(req))
