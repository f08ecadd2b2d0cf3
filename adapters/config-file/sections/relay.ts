import { resolve } from 'node:path'
import { z } from 'zod'
import type { Address } from '#core/chain.ts'
import { secretsOfUrl } from './secrets.ts'
import { section } from './section.ts'
import { address, blockNumber, host, port, toAddress } from './values.ts'

/** Where a key is. */
export type KeySetting =
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'remote'
      readonly url: string
      readonly keyId: string
      readonly address: Address
      readonly token: string | null
    }

/** Spends of points on the chain; null: there are none. */
export type RelaySettings = {
  readonly contract: Address
  readonly startBlock: number
  readonly ledger: string
  readonly asset: string
  readonly senders: readonly KeySetting[]
  readonly voucherSigner: KeySetting | null
  readonly feeMaxRaw: bigint
  readonly balanceMinRaw: bigint
  readonly gasLimit: number
  readonly leaseMs: number
  readonly deadlineS: number
  readonly bumpAfterMs: number
  readonly pollMs: number
  /** Null: the ledger and the chain are compared only when somebody asks for it. */
  readonly reconcileEveryMs: number | null
  readonly metricsHost: string
  /** Null: nothing listens. */
  readonly metricsPort: number | null
} | null

const GWEI_RAW = 1_000_000_000

const keyPlace = z
  .union(
    [
      z.strictObject({
        keyEnv: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'not a name of a variable')
          .meta({
            description: 'A variable that holds the key, in the environment of the relay alone',
          }),
      }),
      z.strictObject({
        keyFile: z.string().min(1).meta({
          description:
            'A file that holds the key, relative to this file, which nobody but its owner can read',
        }),
      }),
      z.strictObject({
        url: z
          .string()
          .regex(/^https?:\/\/\S{1,2000}$/, 'not an http or https URL')
          .meta({ description: 'A service that signs: see docs/points.md' }),
        keyId: z.string().min(1).max(500),
        address: address.meta({ description: 'The account of the key' }),
        token: z.string().min(1).max(5_000).optional().meta({
          description: 'Sent as a bearer token. Write ${NAME} and put it into the environment',
        }),
      }),
    ],
    { error: 'neither { keyEnv }, nor { keyFile }, nor { url, keyId, address }' },
  )
  .meta({ description: 'Where a key is: in the environment, in a file, or in a service' })

const name = (pattern: RegExp) => z.string().regex(pattern, 'not a name that a ledger has')

const schema = z.strictObject({
  contract: address.meta({
    description: 'The points contract, of contracts/points.sol or contracts/token-points.sol',
  }),
  startBlock: blockNumber.default(0).meta({ description: 'The block in which it was made' }),
  ledger: name(/^[A-Za-z0-9][A-Za-z0-9:._@~-]{0,99}$/).default('points'),
  asset: name(/^[a-z][a-z0-9-]{0,31}$/).default('points'),
  senders: z.array(keyPlace).max(16, 'more than 16').default([]).meta({
    description:
      'Accounts that send transactions; each is a SPENDER of the contract, has ether for gas, and is used for nothing else',
  }),
  voucherSigner: keyPlace.optional().meta({
    description: 'A SIGNER of the contract, where accounts may spend themselves with vouchers',
  }),
  maxFeeGwei: z.number().positive().max(1_000_000).default(200).meta({
    description: 'The most that is offered for one unit of gas; a spend waits while more is asked',
  }),
  minBalanceWei: z
    .string()
    .regex(/^\d{1,30}$/, 'not a whole number of wei in decimal digits')
    .default('10000000000000000')
    .meta({ description: 'A sender with less takes on nothing new' }),
  gasLimit: z.int().min(21_000).max(10_000_000).default(200_000).meta({
    description: 'What one transaction may use; chains that count other costs as gas need more',
  }),
  leaseSeconds: z.int().min(10).max(86_400).default(1_800).meta({
    description: 'How long points wait for a signature before they are given back',
  }),
  deadlineSeconds: z.int().min(30).max(604_800).default(3_600).meta({
    description: 'How long behind the newest block the contract takes a spend',
  }),
  bumpSeconds: z.int().min(1).max(86_400).default(60).meta({
    description: 'When more is offered for a transaction that is not in a block yet',
  }),
  pollMs: z.int().min(50).max(600_000).default(4_000).meta({
    description: 'How often the relay looks after what is under way',
  }),
  reconcileMinutes: z.int().min(0).max(10_080).default(60).meta({
    description: 'How often the relay compares the ledger with the chain; 0: never',
  }),
  metricsHost: host.default('127.0.0.1'),
  metricsPort: port.nullable().default(9_469).meta({
    description:
      'Where probes and metrics of `halyard relay` listen; null: nowhere, as for a second relay on one machine',
  }),
})

type Raw = z.output<typeof schema>
type RawKey = Raw['senders'][number]

const toKey = (raw: RawKey, folder: string): KeySetting => {
  if ('keyEnv' in raw) return { kind: 'environment', name: raw.keyEnv }
  if ('keyFile' in raw) return { kind: 'file', path: resolve(folder, raw.keyFile) }
  const { url, keyId, address: of, token = null } = raw
  return { kind: 'remote', url, keyId, address: toAddress(of), token }
}

const secretsOf = (raw: RawKey): string[] => {
  if (!('url' in raw)) return []
  return [...secretsOfUrl(raw.url), ...(raw.token === undefined ? [] : [raw.token])]
}

export const relaySection = section({
  schema: schema.nullable().default(null),
  toSettings: (raw: Raw | null, { folder }): RelaySettings =>
    raw && {
      contract: toAddress(raw.contract),
      startBlock: raw.startBlock,
      ledger: raw.ledger,
      asset: raw.asset,
      senders: raw.senders.map((each) => toKey(each, folder)),
      voucherSigner: raw.voucherSigner ? toKey(raw.voucherSigner, folder) : null,
      feeMaxRaw: BigInt(Math.round(raw.maxFeeGwei * GWEI_RAW)),
      balanceMinRaw: BigInt(raw.minBalanceWei),
      gasLimit: raw.gasLimit,
      leaseMs: raw.leaseSeconds * 1_000,
      deadlineS: raw.deadlineSeconds,
      bumpAfterMs: raw.bumpSeconds * 1_000,
      pollMs: raw.pollMs,
      reconcileEveryMs: raw.reconcileMinutes === 0 ? null : raw.reconcileMinutes * 60_000,
      metricsHost: raw.metricsHost,
      metricsPort: raw.metricsPort,
    },
  secrets: (raw) =>
    raw
      ? [...raw.senders, ...(raw.voucherSigner ? [raw.voucherSigner] : [])].flatMap(secretsOf)
      : [],
})
