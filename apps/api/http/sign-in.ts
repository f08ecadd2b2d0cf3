import type { Request, Response } from 'express'
import { z } from 'zod'
import type { Hex } from '#core/chain.ts'
import type { Decision } from '#core/ownership/decision.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import { refuseUnknownTraits } from '#core/ownership/refuse-unknown-traits.ts'
import { decision } from '#resources/ownership.ts'
import { MESSAGE_LENGTH_MAX } from '#core/identity/siwe-message.ts'
import { NONCE_MS } from '#core/identity/policy.ts'
import { linkWallet, unlinkWallet } from '#core/identity/persons.ts'
import { readPerson } from '#core/identity/read-person.ts'
import { endSession, rotateSession, type SignedIn } from '#core/identity/sessions.ts'
import { type IdentityPorts, type Proof, signIn, startSignIn } from '#core/identity/sign-in.ts'
import { loginStart, person, signedInSession } from '#resources/identity.ts'
import { toJson } from '#resources/json.ts'
import { readCookie, setCookie } from './cookies.ts'
import { ownershipFinality, ownershipRule } from './ownership.ts'
import { address } from './parameters.ts'
import {
  identityOf,
  NO_SESSION,
  NOT_SET_UP,
  nothing,
  personal,
  sessionOf,
  tokenOf,
} from './personal.ts'
import { chainAlone, onlyChain } from './chain-parameter.ts'
import type { RouteOf } from './route.ts'

const proof = z.strictObject({
  message: z.string().max(MESSAGE_LENGTH_MAX),
  signature: z.string(),
  login: z.string().max(100).optional(),
})

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

const NO_PROOF = { status: 401, when: 'The signature or the nonce is not good.' }
const TAKEN = { status: 409, when: 'The wallet is somebody else’s, or was a short while ago.' }

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
    return { id, wallets: [], discord: null }
  },
})

export const personRead: RouteOf = (api) => ({
  path: '/v1/person',
  origins: 'same',
  operations: {
    get: {
      id: 'readPerson',
      summary: 'Whoever asks, with all wallets and the Discord account.',
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
    res.vary('authorization, cookie').setHeader('cache-control', 'no-store')
    res.json({ item: toJson(person, await readPerson(ports.identity, id)) })
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
    const { ownership, metadata, settings } = chainAlone(api, req).ports
    const { person: id } = await sessionOf(ports, req)
    const wallets = (await ports.identity.walletsOf(id)).map(({ wallet }) => wallet)
    const people = [wallets]
    const parsed = parseRule(rule)
    await refuseUnknownTraits(metadata, settings.chain.id, parsed)
    const [decided] = await ownership.check({ rule: parsed, finality, people })
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
    await linkWallet(ports, id, proofOf(req, given))
    return readPerson(ports.identity, id)
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
    await unlinkWallet(ports, id, wallet)
    return readPerson(ports.identity, id)
  },
})
