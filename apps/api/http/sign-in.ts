import type { Request, RequestHandler, Response } from 'express'
import { z } from 'zod'
import type { Hex } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { Decision } from '#core/ownership/decision.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import { decision } from '#resources/ownership.ts'
import { MESSAGE_LENGTH_MAX } from '#core/identity/siwe-message.ts'
import { NONCE_MS } from '#core/identity/policy.ts'
import { linkWallet, unlinkWallet } from '#core/identity/persons.ts'
import { endSession, readSession, rotateSession, type SignedIn } from '#core/identity/sessions.ts'
import { type IdentityPorts, type Proof, signIn, startSignIn } from '#core/identity/sign-in.ts'
import { parseInput } from '#api/quote-input.ts'
import type { Api } from '#api/wire.ts'
import { loginStart, person, signedInSession } from '#resources/identity.ts'
import { toJson } from '#resources/json.ts'
import type { Resource } from '#resources/resource.ts'
import { credentialsOf, readCookie, setCookie } from './cookies.ts'
import { ownershipFinality, ownershipRule } from './ownership.ts'
import { jsonBody } from './json-body.ts'
import { address } from './parameters.ts'
import { chainAlone } from './chain-parameter.ts'
import type { RouteOf } from './route.ts'

/** A signature with a deployment is the longest thing in a body. */
const BODY_BYTES_MAX = 32_000
/** What a sign-in costs: it may ask a node to run a contract. */
const SIGN_IN_POINTS = 10

const nothing = z.strictObject({})
const proof = z.strictObject({
  message: z.string().max(MESSAGE_LENGTH_MAX),
  signature: z.string(),
  login: z.string().max(100).optional(),
})

const identityOf = ({ identity }: Api): IdentityPorts => {
  if (identity) return identity
  throw new AppError('not-found', 'nobody can sign in here: the service is not set up for it', {
    audience: 'client',
  })
}

const isSecure = ({ policy }: IdentityPorts): boolean =>
  policy.uris.every((uri) => uri.startsWith('https:'))

/** What came with the request: the secret of the sign-in is in the cookie, or in the body of clients that have none. */
function proofOf(req: Request): Proof {
  const { message, signature, login } = parseInput(proof, req.body)
  return {
    message,
    signature: signature as Hex,
    login: login ?? readCookie(req, 'halyard_login') ?? '',
  }
}

const tokenOf = (req: Request): string => (credentialsOf(req) ?? '').replace(/^Bearer +/i, '')

/** A route that answers one person alone: nothing is kept, and pages of other sites read none of it. */
const personal =
  <T>(
    path: string,
    resource: Resource<T>,
    run: (api: Api, req: Request, res: Response) => Promise<T>,
  ): RouteOf =>
  (api) => {
    const answer: RequestHandler = async (req, res) => {
      res.setHeader('vary', 'authorization, cookie').setHeader('cache-control', 'no-store')
      const item = await run(api, req, res)
      res.json({ item: toJson(resource, item) })
    }
    return {
      path,
      origins: 'same',
      points: SIGN_IN_POINTS,
      post: [...jsonBody(BODY_BYTES_MAX), answer],
    }
  }

function giveSession(ports: IdentityPorts, res: Response, signed: SignedIn): SignedIn {
  setCookie(res, 'halyard_session', signed.token, ports.policy.sessionMs, isSecure(ports))
  return signed
}

export const signInStart = personal('/v1/sign-in/start', loginStart, async (api, req, res) => {
  parseInput(nothing, req.body)
  const ports = identityOf(api)
  const start = await startSignIn(ports)
  setCookie(res, 'halyard_login', start.login, NONCE_MS, isSecure(ports))
  return start
})

export const signInEnd = personal('/v1/sign-in', signedInSession, async (api, req, res) => {
  const ports = identityOf(api)
  return giveSession(ports, res, await signIn(ports, proofOf(req)))
})

export const sessionRotate = personal(
  '/v1/session/rotate',
  signedInSession,
  async (api, req, res) => {
    parseInput(nothing, req.body)
    const ports = identityOf(api)
    return giveSession(ports, res, await rotateSession(ports, tokenOf(req)))
  },
)

export const sessionEnd = personal('/v1/session/end', person, async (api, req, res) => {
  parseInput(nothing, req.body)
  const ports = identityOf(api)
  const { person: id } = await readSession(ports, tokenOf(req))
  await endSession(ports, tokenOf(req))
  setCookie(res, 'halyard_session', '', 0, isSecure(ports))
  return { id, wallets: [] }
})

export const personRead: RouteOf = (api) => ({
  path: '/v1/person',
  origins: 'same',
  async get(req, res) {
    const ports = identityOf(api)
    const { person: id } = await readSession(ports, tokenOf(req))
    res.setHeader('vary', 'authorization, cookie').setHeader('cache-control', 'no-store')
    res.json({ item: toJson(person, { id, wallets: await ports.identity.walletsOf(id) }) })
  },
})

export const walletLink = personal('/v1/person/wallets/link', person, async (api, req) => {
  const ports = identityOf(api)
  const { person: id } = await readSession(ports, tokenOf(req))
  return { id, wallets: await linkWallet(ports, id, proofOf(req)) }
})

const ownershipBody = z.strictObject({ rule: ownershipRule, finality: ownershipFinality })

/** The same decision as for anybody, on all wallets that the person has proven. */
export const personOwnership = personal(
  '/v1/person/ownership/check',
  decision,
  async (api, req) => {
    const { ports } = chainAlone(api, req)
    const { identity } = identityOf(api)
    const { person: id } = await readSession(identityOf(api), tokenOf(req))
    const { rule, finality } = parseInput(ownershipBody, req.body)
    const wallets = (await identity.walletsOf(id)).map(({ wallet }) => wallet)
    const people = [wallets]
    const [decided] = await ports.ownership.check({ rule: parseRule(rule), finality, people })
    return decided as Decision
  },
)

const unlinkBody = z.strictObject({ wallet: address })

export const walletUnlink = personal('/v1/person/wallets/unlink', person, async (api, req) => {
  const ports = identityOf(api)
  const { person: id } = await readSession(ports, tokenOf(req))
  const { wallet } = parseInput(unlinkBody, req.body)
  return { id, wallets: await unlinkWallet(ports, id, wallet) }
})
