import { z } from 'zod'
import type { ProofMode } from '#core/indexing/proof-policy.ts'
import {
  CHAIN_PROFILE_NAMES,
  chainProfiles,
  type Commitments,
  type HeaderForm,
  profileNameOf,
} from '#core/indexing/chain-profiles.ts'
import { secretsOfUrl } from './secrets.ts'
import { section } from './section.ts'

/** A node's address, and how often it may be asked. */
type RpcSetting = {
  readonly url: string
  readonly perSecondMax?: number
  readonly atOnceMax?: number
}

export type ChainSettings = {
  readonly id: number
  readonly rpc: readonly RpcSetting[]
  /** WebSocket URLs of nodes that tell of new blocks, in the order of preference; none where blocks are only polled. */
  readonly heads: readonly string[]
  readonly finality: 'finalized' | number
  readonly pollMs: number
  readonly proof: ProofMode
  /** What the chain's headers commit to, by its profile and the settings beside it. */
  readonly commits: Commitments
  /** How its headers hash; null where that is not known. */
  readonly headerForm: HeaderForm | null
  /** Whether the history has an index of what each account did. */
  readonly keepsActivity: boolean
}

const isUrlOf = (text: string, protocols: readonly string[]): boolean =>
  protocols.includes(URL.parse(text)?.protocol ?? '')
const isHttp = (text: string): boolean => isUrlOf(text, ['http:', 'https:'])
const isWebSocket = (text: string): boolean => isUrlOf(text, ['ws:', 'wss:'])

const url = z.string().refine(isHttp, 'not an http or https URL')
const anyUrl = z
  .string()
  .refine((text) => isHttp(text) || isWebSocket(text), 'not an http, https, ws or wss URL')

const endpoint = z.strictObject({
  url,
  requestsPerSecond: z
    .number()
    .min(0.1, 'at least 0.1')
    .max(10_000, 'at most 10000')
    .optional()
    .meta({
      description:
        'How often this endpoint is asked at most; what it refuses slows it down further',
    }),
  atOnce: z
    .int()
    .min(1, 'at least 1')
    .max(256, 'at most 256')
    .default(16)
    .meta({ description: 'How many requests to this endpoint are under way at most' }),
})

const schema = z.strictObject({
  id: z.int('not a chain id').positive('not a chain id'),
  rpc: z
    .array(
      z.union([anyUrl, endpoint], {
        error: 'neither an http, https, ws or wss URL nor an object with an http or https url',
      }),
    )
    .min(1, 'at least one URL')
    .refine(
      (all) =>
        all.length === 0 || !all.every((each) => typeof each === 'string' && isWebSocket(each)),
      'at least one http or https URL: a ws or wss one only tells that there is a new block',
    )
    .meta({
      description:
        'In the order of preference; as an object where it is to be asked slowly. A ws or wss URL is told of new blocks, beside polling',
    }),
  finality: z
    .union([z.literal('finalized'), z.int().min(0).max(100_000)], {
      error: '"finalized" or a number of blocks',
    })
    .default('finalized')
    .meta({
      description: 'The chain’s finalized tag, or how many blocks below the head are final',
    }),
  poll: z
    .int()
    .min(10, 'at least 10 ms')
    .max(600_000, 'at most 600000 ms')
    .default(1_000)
    .meta({ description: 'How often to look for a new block, in milliseconds' }),
  proof: z.enum(['auto', 'receipts', 'bloom']).default('auto').meta({
    description:
      'auto: all receipts of every block whose bloom may hold a log that is asked for. receipts: of every block. bloom: below the finalized block eth_getLogs is believed where the bloom does not contradict it, for those who trust their node',
  }),
  profile: z.enum(CHAIN_PROFILE_NAMES).optional().meta({
    description: 'What the chain’s headers prove; left out, the one that fits chain.id',
  }),
  activity: z.boolean().default(true).meta({
    description:
      'false where nobody asks what an account did: the index for it is then not made, which a chain with many traders is cheaper to index without. `halyard derive` brings a history from one to the other',
  }),
  headerHash: z.boolean().optional().meta({
    description:
      'false where headers do not hash to their hash in a way that a profile knows; left out, as the profile says',
  }),
  receiptsRoot: z.boolean().optional().meta({
    description:
      'false where receiptsRoot commits to nothing, so that the nodes’ word is taken; left out, as the profile says',
  }),
})

type Raw = z.output<typeof schema>

export const chainSection = section({
  schema,
  toSettings: (raw): ChainSettings => ({
    id: raw.id,
    rpc: raw.rpc.filter((each) => typeof each !== 'string' || isHttp(each)).map(toRpc),
    heads: raw.rpc.filter((each) => typeof each === 'string').filter(isWebSocket),
    finality: raw.finality,
    pollMs: raw.poll,
    proof: raw.proof,
    keepsActivity: raw.activity,
    ...toProofs(raw),
  }),
  secrets: ({ rpc }) => rpc.flatMap((each) => secretsOfUrl(toRpc(each).url)),
})

function toRpc(setting: Raw['rpc'][number]): RpcSetting {
  if (typeof setting === 'string') return { url: setting }
  const { requestsPerSecond, atOnce } = setting
  return {
    url: setting.url,
    atOnceMax: atOnce,
    ...(requestsPerSecond !== undefined && { perSecondMax: requestsPerSecond }),
  }
}

function toProofs(chain: Raw): Pick<ChainSettings, 'commits' | 'headerForm'> {
  const profile = chainProfiles[chain.profile ?? profileNameOf(chain.id)]
  const { bloom, receiptsRoot, outsideRoot, settledLater, since } = profile
  const isProven = chain.receiptsRoot ?? receiptsRoot
  const headerForm =
    chain.headerHash === undefined
      ? profile.headerForm
      : chain.headerHash
        ? (profile.headerForm ?? 'ethereum')
        : null
  return {
    headerForm,
    commits: {
      headerHash: headerForm !== null,
      bloom,
      receiptsRoot: isProven,
      outsideRoot,
      settledLater,
      since,
    },
  }
}
