import { type Address, type Hash, ZERO_ADDRESS } from '#core/chain.ts'
import {
  addressAt,
  addressOf,
  expectShape,
  MalformedLog,
  uintAt,
} from '#core/indexing/log-words.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import {
  type AnySource,
  type ContractRole,
  type Decoder,
  decoder,
  type SourceSpec,
} from '#core/indexing/source.ts'
import {
  rebaseOfErc20,
  type RebaseEvent,
  type TokenRebase,
  type TokenTransfer,
  transferOfErc20,
} from './token-transfer.ts'

/** An ERC-20 token whose transfers and balances are indexed. */
export type Erc20Source = {
  readonly kind: 'erc20'
  readonly address: Address
  /** Whether it wraps the native currency as WETH9 does, which makes and destroys units without a Transfer. */
  readonly wrapsNative: boolean
  readonly startBlock: number | null
}

export const isErc20 = (source: AnySource): source is Erc20Source => source.kind === 'erc20'

/** ERC-20: Transfer(address indexed, address indexed, uint256) */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
/** WETH9: Deposit(address indexed, uint256) */
const DEPOSIT = '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c'
/** WETH9: Withdrawal(address indexed, uint256) */
const WITHDRAWAL = '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65'
/** UFragments (Ampleforth and its forks): LogRebase(uint256 indexed, uint256) */
const LOG_REBASE = '0x72725a3b1e5bd622d6bcd1339bb31279c351abe8f541ac7fd320f24e1b1641f2'
/** Lido: TokenRebased(uint256 indexed, uint256, uint256, uint256, uint256, uint256, uint256) */
const TOKEN_REBASED = '0xff08c3ef606d198e316ef5b822193c489965899eb4e3c248cea1a4626c3eda50'

const transfer = (from: Address, to: Address, amount: bigint): TokenTransfer => ({
  type: 'tokenTransfer',
  protocol: 'erc20',
  from,
  to,
  amount,
})

/** Tokens that are older than the final standard index fewer parties: none, or the sender alone. */
function decodeTransfer({ topics, data }: RawLog): TokenTransfer {
  const indexed = topics.length - 1
  if (indexed === 3)
    throw new MalformedLog('four topics: the contract is ERC-721; its kind of source is "erc721"')
  if (indexed < 0 || indexed > 2)
    throw new MalformedLog(`${topics.length} topics instead of 1 to 3`)
  expectShape(topics, data, topics.length, 3 - indexed)
  return transfer(
    indexed > 0 ? addressOf(topics[1]) : addressAt(data, 0),
    indexed > 1 ? addressOf(topics[2]) : addressAt(data, 1 - indexed),
    uintAt(data, 2 - indexed),
  )
}

function decodeDeposit({ topics, data }: RawLog): TokenTransfer {
  expectShape(topics, data, 2, 1)
  return transfer(ZERO_ADDRESS, addressOf(topics[1]), uintAt(data, 0))
}

function decodeWithdrawal({ topics, data }: RawLog): TokenTransfer {
  expectShape(topics, data, 2, 1)
  return transfer(addressOf(topics[1]), ZERO_ADDRESS, uintAt(data, 0))
}

/** What they tell beside it is in no form that tokens share, and not needed. */
const decodeRebase = (event: RebaseEvent) => (): TokenRebase => ({
  type: 'tokenRebase',
  protocol: 'erc20',
  event,
})

const decoders: readonly (readonly [Hash, Decoder])[] = [
  [TRANSFER, decoder(transferOfErc20, decodeTransfer)],
  [LOG_REBASE, decoder(rebaseOfErc20, decodeRebase('LogRebase'))],
  [TOKEN_REBASED, decoder(rebaseOfErc20, decodeRebase('TokenRebased'))],
]

const plain: ContractRole = { name: 'erc20', decoders: new Map(decoders) }
const wrapped: ContractRole = {
  name: 'erc20-wrapped-native',
  decoders: new Map<Hash, Decoder>([
    ...decoders,
    [DEPOSIT, decoder(transferOfErc20, decodeDeposit)],
    [WITHDRAWAL, decoder(transferOfErc20, decodeWithdrawal)],
  ]),
}

export const erc20Tokens: SourceSpec<Erc20Source> = {
  kind: 'erc20',
  contractOf: ({ address, wrapsNative }) => ({ address, role: wrapsNative ? wrapped : plain }),
}
