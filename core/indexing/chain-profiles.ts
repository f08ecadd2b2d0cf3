/** How a header's fields are hashed into the block's hash. */
export type HeaderForm = 'ethereum' | 'aura' | 'avalanche'

/** What a chain's headers commit to, as far as it can be recomputed from a node's answers. */
export type Commitments = {
  /** Whether a header's fields can be hashed here to its name; where not, nothing that it says is more than a word. */
  readonly headerHash: boolean
  /** Whether `logsBloom` holds every address and topic of the block's logs, so that it can rule a log out. */
  readonly bloom: boolean
  /** Whether `receiptsRoot` is the root of the receipts' trie. */
  readonly receiptsRoot: boolean
  /**
   * Whether a block may end with a transaction that is neither in `receiptsRoot` nor in `logsBloom`. `none`: it may
   * not. `taken`: its logs are taken on the nodes' word. `unknown`: a log that the receipts do not prove is refused.
   */
  readonly outsideRoot: 'none' | 'taken' | 'unknown'
  /** Whether a header that names a `settledHeight` commits to the receipts of that block instead of its own. */
  readonly settledLater: boolean
  /** The first block for which all of this holds; nothing is proven of lower ones. */
  readonly since: number
}

export type ChainProfile = Commitments & {
  /** Null where the hash cannot be recomputed. */
  readonly headerForm: HeaderForm | null
  /** Chains that have this profile unless the configuration names another. */
  readonly chainIds: readonly number[]
  /** What makes it so, for people. */
  readonly reason: string
}

export const ETHEREUM_COMMITMENTS: Commitments = {
  headerHash: true,
  bloom: true,
  receiptsRoot: true,
  outsideRoot: 'none',
  settledLater: false,
  since: 0,
}

/** Everything as on Ethereum. */
const ethereum = { ...ETHEREUM_COMMITMENTS, headerForm: 'ethereum' } as const

/** What the headers of each chain prove, and why. */
export const chainProfiles = {
  unknown: {
    ...ethereum,
    outsideRoot: 'unknown',
    chainIds: [],
    reason:
      'A chain that no other profile names: as Ethereum until its headers contradict. eth_getLogs is compared with ' +
      'the receipts, so that logs which no root commits to are refused instead of left out without a word.',
  },
  ethereum: {
    ...ethereum,
    chainIds: [1, 11_155_111, 17_000, 560_048],
    reason: 'Headers commit to the receipts and to their bloom (yellow paper 4.4).',
  },
  'op-stack': {
    ...ethereum,
    chainIds: [10, 130, 480, 1_868, 8_453, 34_443, 57_073, 84_532, 7_777_777, 11_155_420],
    reason:
      'As Ethereum; receipts of deposits (type 0x7e) also commit to their nonce and version since Canyon.',
  },
  arbitrum: {
    ...ethereum,
    chainIds: [42_170, 421_614],
    reason: 'Nitro headers hash as Ethereum’s; its own types of transactions have plain receipts.',
  },
  'arbitrum-one': {
    ...ethereum,
    since: 22_207_817,
    chainIds: [42_161],
    reason:
      'As arbitrum since Nitro; blocks of the classic chain before it commit to nothing here.',
  },
  polygon: {
    ...ethereum,
    outsideRoot: 'taken',
    chainIds: [137, 80_002],
    reason:
      'The last block of a sprint ends with a state-sync transaction, which no header commits to before the fork of ' +
      'PIP-74. Its logs are taken on the word of the nodes.',
  },
  bnb: {
    ...ethereum,
    chainIds: [56, 97],
    reason: 'Parlia keeps its seal in extraData, so headers and receipts are as on Ethereum.',
  },
  gnosis: {
    ...ethereum,
    headerForm: 'aura',
    chainIds: [100, 10_200],
    reason:
      'Before the merge AuRa put a step and a signature in the place of mixHash and nonce; as Ethereum since.',
  },
  avalanche: {
    ...ethereum,
    headerForm: 'avalanche',
    settledLater: true,
    chainIds: [43_114, 43_113],
    reason:
      'The C-chain’s header has more fields (extDataHash and others); atomic transactions have no logs. Blocks that ' +
      'are executed after they are accepted (ACP-194) commit to the receipts of an older block; their logs are taken ' +
      'on the word of the nodes.',
  },
  zksync: {
    headerForm: null,
    headerHash: false,
    bloom: false,
    receiptsRoot: false,
    outsideRoot: 'none',
    settledLater: false,
    since: 0,
    chainIds: [324, 300],
    reason:
      'The hash covers number, time, parent and transactions alone; receiptsRoot is zero, and nothing commits to logs.',
  },
  linea: {
    ...ethereum,
    chainIds: [59_144, 59_141],
    reason: 'As Ethereum; the sequencer’s seal lies in extraData.',
  },
  scroll: {
    ...ethereum,
    chainIds: [534_352, 534_351],
    reason:
      'As Ethereum; receipts of messages from layer 1 (type 0x7e) have no fields of their own.',
  },
  celo: {
    ...ethereum,
    since: 31_056_500,
    chainIds: [42_220],
    reason:
      'An OP Stack chain since this block, whose receipts of type 0x7b also commit to their base fee. Before it, ' +
      'headers had other fields, and logs of the block itself a receipt of their own.',
  },
} as const satisfies Readonly<Record<string, ChainProfile>>

export type ChainProfileName = keyof typeof chainProfiles

export const CHAIN_PROFILE_NAMES = Object.keys(chainProfiles) as ChainProfileName[]

/** The profile that fits a chain by its id. */
export function profileNameOf(chainId: number): ChainProfileName {
  const found = CHAIN_PROFILE_NAMES.find((name) =>
    (chainProfiles[name].chainIds as readonly number[]).includes(chainId),
  )
  return found ?? 'unknown'
}
