import type { Request, RequestHandler, Response } from 'express'
import { z } from 'zod'
import type { Hex } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { Decision } from '#core/ownership/decision.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import { decision } from '#resources/ownership.ts'
import type { Session } from '#core/identity/ports.ts'
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
import type { Subjects } from './examples.ts'
import { jsonBody } from './json-body.ts'
import type { Operation } from './operation.ts'
import { address } from './parameters.ts'
import { chainAlone, onlyChain } from './chain-parameter.ts'
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
function proofOf(req: Request, { message, signature, login }: z.output<typeof proof>): Proof {
  return {
    message,
    signature: signature as Hex,
    login: login ?? readCookie(req, 'halyard_login') ?? '',
  }
}

const tokenOf = (req: Request): string => (credentialsOf(req) ?? '').replace(/^Bearer +/i, '')

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
    ports: IdentityPorts,
    body: z.output<B>,
  ): Promise<T>
}

const NOT_SET_UP = { status: 404, when: 'The service is not set up for signing in.' }
const NO_SESSION = { status: 401, when: 'There is no such session, or it has ended.' }
const NO_PROOF = { status: 401, when: 'The signature or the nonce is not good.' }
const TAKEN = { status: 409, when: 'The wallet is somebody else’s, or was a short while ago.' }

/** A route that answers one person alone: nothing is kept, and pages of other sites read none of it. */
const personal =
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
      res.setHeader('vary', 'authorization, cookie').setHeader('cache-control', 'no-store')
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

/** The session that the request shows. */
const sessionOf = (ports: IdentityPorts, req: Request): Promise<Session> =>
  readSession(ports, tokenOf(req))

function giveSession(ports: IdentityPorts, res: Response, signed: SignedIn): SignedIn {
  setCookie(res, 'halyard_session', signed.token, ports.policy.sessionMs, isSecure(ports))
  return signed
}

export const signInStart = personal({
  path: '/v1/sign-in/start',
  id: 'startSignIn',
  summary: 'A nonce for a message of EIP-4361, and the secret of this sign-in.',
  body: nothing,
  returns: loginStart,
  example: () => ({}),
  async run({ res }, ports) {
    const start = await startSignIn(ports)
    setCookie(res, 'halyard_login', start.login, NONCE_MS, isSecure(ports))
    return start
  },
})

const exampleProof = {
  message: 'example.org wants you to sign in with your Ethereum account:\n...',
  signature: '0x00',
  login: '00000000000000000000000000000000',
}

export const signInEnd = personal({
  path: '/v1/sign-in',
  id: 'signIn',
  summary: 'Signs in whoever has signed the message with its wallet.',
  body: proof,
  returns: signedInSession,
  refuses: [NO_PROOF, TAKEN],
  example: () => exampleProof,
  run: async ({ req, res }, ports, given) =>
    giveSession(ports, res, await signIn(ports, proofOf(req, given))),
})

export const sessionRotate = personal({
  path: '/v1/session/rotate',
  id: 'rotateSession',
  summary: 'A new token in the place of the old one.',
  isForKnown: true,
  body: nothing,
  returns: signedInSession,
  refuses: [NO_SESSION],
  example: () => ({}),
  run: async ({ req, res }, ports) =>
    giveSession(ports, res, await rotateSession(ports, tokenOf(req))),
})

export const sessionEnd = personal({
  path: '/v1/session/end',
  id: 'endSession',
  summary: 'Ends the session.',
  isForKnown: true,
  body: nothing,
  returns: person,
  refuses: [NO_SESSION],
  example: () => ({}),
  async run({ req, res }, ports) {
    const { person: id } = await sessionOf(ports, req)
    await endSession(ports, tokenOf(req))
    setCookie(res, 'halyard_session', '', 0, isSecure(ports))
    return { id, wallets: [] }
  },
})

export const personRead: RouteOf = (api) => ({
  path: '/v1/person',
  origins: 'same',
  operations: {
    get: {
      id: 'readPerson',
      summary: 'Whoever asks, with all wallets.',
      isForKnown: true,
      parameters: nothing,
      returns: { item: person },
      block: null,
      refuses: [NOT_SET_UP, NO_SESSION],
      example: () => ({}),
    },
  },
  async get(req, res) {
    const ports = identityOf(api)
    const { person: id } = await sessionOf(ports, req)
    res.setHeader('vary', 'authorization, cookie').setHeader('cache-control', 'no-store')
    res.json({ item: toJson(person, { id, wallets: await ports.identity.walletsOf(id) }) })
  },
})

/** The same decision as for anybody, on all wallets that the person has proven. */
export const personOwnership = personal({
  path: '/v1/person/ownership/check',
  id: 'checkOwnershipOfPerson',
  summary: 'Whether all wallets of whoever asks own what a rule says, and why not.',
  isForKnown: true,
  parameters: onlyChain,
  body: z.strictObject({ rule: ownershipRule, finality: ownershipFinality }),
  returns: decision,
  refuses: [NO_SESSION],
  example: ({ collection }) => ({ rule: { erc721: { collection } } }),
  async run({ api, req }, ports, { rule, finality }) {
    const { ownership } = chainAlone(api, req).ports
    const { person: id } = await sessionOf(ports, req)
    const wallets = (await ports.identity.walletsOf(id)).map(({ wallet }) => wallet)
    const people = [wallets]
    const [decided] = await ownership.check({ rule: parseRule(rule), finality, people })
    return decided as Decision
  },
})

export const walletLink = personal({
  path: '/v1/person/wallets/link',
  id: 'linkWallet',
  summary: 'Adds a wallet to whoever asks, which is proven as in signing in.',
  isForKnown: true,
  body: proof,
  returns: person,
  refuses: [NO_SESSION, TAKEN],
  example: () => exampleProof,
  async run({ req }, ports, given) {
    const { person: id } = await sessionOf(ports, req)
    return { id, wallets: await linkWallet(ports, id, proofOf(req, given)) }
  },
})

export const walletUnlink = personal({
  path: '/v1/person/wallets/unlink',
  id: 'unlinkWallet',
  summary: 'Takes a wallet from whoever asks, and ends all of its sessions.',
  isForKnown: true,
  body: z.strictObject({ wallet: address }),
  returns: person,
  refuses: [NO_SESSION, { status: 409, when: 'It is the last wallet.' }],
  example: ({ account }) => ({ wallet: account }),
  async run({ req }, ports, { wallet }) {
    const { person: id } = await sessionOf(ports, req)
    return { id, wallets: await unlinkWallet(ports, id, wallet) }
  },
})
