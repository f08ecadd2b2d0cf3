import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { createSiweMessage } from 'viem/siwe'
import { newMetadata } from '#core/nft/metadata/metadata.ts'
import type { OwnerReader } from '#core/ownership/ports.ts'
import { openMetadataStore } from '#wiring/open-metadata.ts'
import { addressOf } from '../fakes/encode.ts'
import { fakeErc721 } from '../fakes/fake-chain.ts'
import { settingsOf, startFakeDiscord } from '../fakes/fake-discord.ts'
import { createPlainChecker } from '../fakes/plain-checker.ts'
import { openRig, type Rig } from './api-rig.ts'

const CHAIN_ID = 31_337
const HOUR_MS = 3_600_000
const NOW_MS = Date.UTC(2026, 10, 26, 10)
const UNKNOWN = addressOf(0x999)

type Answer = { readonly status: number; readonly body: any }

/** Something that a client may send and that is refused. */
type Refusal = {
  readonly name: string
  /** What comes before it, which may be answered. */
  readonly prepare?: () => Promise<any>
  readonly send: (prepared: any) => Promise<Answer>
  readonly status: number
  /** The code that the reference names; of a decision its answer and reason. */
  readonly code: string
}

export type Refusals = AsyncDisposable & {
  readonly rows: readonly Refusal[]
  /** The people who ask: the token of each, and the wallet that is theirs. */
  readonly people: readonly { readonly token: string; readonly wallet: string }[]
  readonly rig: Rig
}

export const codeOf = ({ body }: Answer): string =>
  body.code ?? body.errors?.[0]?.extensions.code ?? `${body.item?.answer} ${reasonIn(body)}`

const reasonIn = ({ item }: any): string => item?.items?.[0]?.reason ?? item?.reason

/** A service that is set up for all of it, and everything that it must refuse. */
export async function openRefusals(owners: OwnerReader): Promise<Refusals> {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'halyard-refusals-'))
  stack.defer(() => rmSync(folder, { recursive: true }))
  const records = { kind: 'sqlite', path: join(folder, 'records.db') } as const
  const discord = stack.use(await startFakeDiscord())
  const ownership = createPlainChecker(owners, CHAIN_ID)
  const rig = stack.use(
    await openRig({
      blocks: 1,
      records,
      overrides: () => ({ ownership }),
      metadata: {
        gateways: { ipfs: [], arweave: [] },
        allowed: [],
        metricsHost: '127.0.0.1',
        metricsPort: null,
      },
      identity: {
        domains: ['example.org'],
        uris: ['https://example.org'],
        origins: [],
        secret: 'a secret of thirty-two letters..',
        sessionMs: 10 * HOUR_MS,
        unlinkCoolDownMs: 5 * HOUR_MS,
      },
      discord: settingsOf(discord),
    }),
  )
  rig.nowMs = NOW_MS
  await keepMetadata(records)

  async function post(path: string, body: object, headers: object = {}): Promise<Answer> {
    const response = await rig.get(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: await response.json() }
  }

  /** A whole proof, with a nonce of its own. */
  async function proofOf(by: PrivateKeyAccount) {
    const { nonce, login } = (await post('/v1/sign-in/start', {})).body.item
    const message = createSiweMessage({
      address: by.address,
      domain: 'example.org',
      uri: 'https://example.org/login',
      version: '1',
      chainId: CHAIN_ID,
      nonce,
      issuedAt: new Date(NOW_MS),
    })
    return { message, login, signature: await by.signMessage({ message }) }
  }

  const [owner, taker] = [account(0x7e1), account(0x7e2)]
  const tokenOf = async (by: PrivateKeyAccount): Promise<string> =>
    (await post('/v1/sign-in', await proofOf(by))).body.item.token
  const token = await tokenOf(owner)
  const taken = await tokenOf(taker)

  async function get(path: string): Promise<Answer> {
    const response = await rig.get(path, { headers: bearer(token) })
    return { status: response.status, body: await response.json() }
  }
  const check = (of: object, wallets: readonly string[] = [owner.address]) =>
    post('/v1/ownership/check', { rule: of, wallets })
  const rule = { erc721: { collection: UNKNOWN } }

  const rows: readonly Refusal[] = [
    {
      name: 'a collection that is not indexed',
      send: () => get(`/v1/collections/${UNKNOWN}/holdings`),
      status: 404,
      code: 'NOT_INDEXED',
    },
    {
      name: 'a snapshot of one',
      send: () => get(`/v1/collections/${UNKNOWN}/snapshot`),
      status: 404,
      code: 'NOT_INDEXED',
    },
    {
      name: 'the same by GraphQL',
      send: () =>
        post('/graphql', { query: `{ snapshot(collection: "${UNKNOWN}") { holderCount } }` }),
      status: 200,
      code: 'NOT_INDEXED',
    },
    {
      name: 'a rule about a collection without code',
      send: () => check(rule),
      status: 200,
      code: 'unknown no-code',
    },
    {
      name: 'an address that is none',
      send: () => get('/v1/accounts/0x12/activity'),
      status: 400,
      code: 'BAD_USER_INPUT',
    },
    {
      name: 'an address of the wrong checksum',
      send: () => check(rule, [owner.address.replace(/[a-f]/, (letter) => letter.toUpperCase())]),
      status: 400,
      code: 'BAD_USER_INPUT',
    },
    {
      name: 'a token id past 2^256',
      send: () => get(`/v1/collections/${fakeErc721}/holdings?tokenId=${2n ** 256n}`),
      status: 400,
      code: 'BAD_USER_INPUT',
    },
    {
      name: 'the same in a rule',
      send: () => check({ erc721: { collection: UNKNOWN, tokenIds: [`${2n ** 256n}`] } }),
      status: 400,
      code: 'BAD_USER_INPUT',
    },
    {
      name: 'a rule that can never be met',
      send: () => check({ erc721: { collection: UNKNOWN, tokenIds: ['1', '2'], min: '3' } }),
      status: 400,
      code: 'RULE_NEVER_MET',
    },
    {
      name: 'a rule with a trait that no token has',
      send: () => check({ traits: { collection: fakeErc721, traits: { Fur: 'Gold' } } }),
      status: 400,
      code: 'UNKNOWN_TRAIT',
    },
    {
      name: 'a rule of unknown kind',
      send: () => check({ moon: {} }),
      status: 400,
      code: 'BAD_USER_INPUT',
    },
    {
      name: 'a wallet of somebody else',
      prepare: () => proofOf(taker),
      send: (proof) => post('/v1/person/wallets/link', proof, bearer(token)),
      status: 409,
      code: 'WALLET_TAKEN',
    },
    {
      name: 'a wallet of somebody else to unlink',
      send: () => post('/v1/person/wallets/unlink', { wallet: taker.address }, bearer(token)),
      status: 404,
      code: 'NOT_FOUND',
    },
    {
      name: 'a nonce that was used',
      async prepare() {
        const proof = await proofOf(owner)
        await post('/v1/sign-in', proof)
        return proof
      },
      send: (proof) => post('/v1/sign-in', proof),
      status: 401,
      code: 'BAD_NONCE',
    },
    {
      name: 'a signature of a megabyte',
      prepare: () => proofOf(owner),
      send: (proof) => post('/v1/sign-in', { ...proof, signature: `0x${'ab'.repeat(500_000)}` }),
      status: 413,
      code: 'BAD_USER_INPUT',
    },
    {
      name: 'a webhook at a private address',
      send: () =>
        post(
          '/v1/person/webhooks/add',
          { url: 'https://192.168.0.1/', topics: ['swaps'] },
          bearer(token),
        ),
      status: 400,
      code: 'FORBIDDEN_URL',
    },
    {
      name: 'a webhook at the metadata of a cloud',
      send: () =>
        post(
          '/v1/person/webhooks/add',
          { url: 'https://169.254.169.254/latest', topics: ['swaps'] },
          bearer(token),
        ),
      status: 400,
      code: 'FORBIDDEN_URL',
    },
    {
      name: 'an interaction that Discord has not signed',
      send: () =>
        post(
          '/discord/interactions',
          { type: 1 },
          {
            'x-signature-ed25519': '00'.repeat(64),
            'x-signature-timestamp': String(NOW_MS / 1_000),
          },
        ),
      status: 401,
      code: 'BAD_SIGNATURE',
    },
    {
      name: 'a session that there is not',
      send: () => post('/v1/person/ownership/check', { rule }, bearer('x'.repeat(40))),
      status: 401,
      code: 'NO_SESSION',
    },
  ]
  const opened = stack.move()
  return {
    rows,
    rig,
    people: [
      { token, wallet: owner.address.toLowerCase() },
      { token: taken, wallet: taker.address.toLowerCase() },
    ],
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const account = (of: number): PrivateKeyAccount =>
  privateKeyToAccount(`0x${of.toString(16).padStart(64, '0')}`)

/** All that there is of a collection: one token, whose only trait is the sky. */
async function keepMetadata(records: Parameters<typeof openMetadataStore>[0]): Promise<void> {
  const metadata = await openMetadataStore(records)
  const wanted = { collection: fakeErc721, tokenId: 1n, standard: 'erc721' } as const
  const none = { kind: 'none', uri: null, mediaType: null } as const
  await metadata.want(CHAIN_ID, [wanted], 0, false)
  await metadata.put(CHAIN_ID, {
    ...newMetadata(wanted, 0),
    version: 2,
    state: 'fetched',
    isStale: false,
    dueAtMs: null,
    fetchedAtMs: 0,
    content: {
      name: 'One',
      description: null,
      image: none,
      animation: none,
      externalUrl: null,
      attributes: [{ traitType: 'Sky', value: 'Blue', displayType: null }],
    },
  })
  await metadata.close()
}
