import type { Address, Hash, Hex } from '#core/chain.ts'
import {
  addressAt,
  addressOf,
  expectShape,
  MalformedLog,
  uintAt,
  uintOf,
} from '#core/indexing/log-words.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { type ContractRole, decoder, type SourceSpec } from '#core/indexing/source.ts'
import {
  type TokenStandard,
  type Transfer,
  transferOfErc1155,
  transferOfErc721,
} from './transfer.ts'

/** A contract of NFTs. */
export type CollectionSource = {
  readonly kind: TokenStandard
  readonly address: Address
  readonly startBlock: number | null
}

/** ERC-721: Transfer(address indexed, address indexed, uint256 indexed); ERC-20's has the same first topic. */
export const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
/** ERC-1155: TransferSingle(address indexed, address indexed, address indexed, uint256, uint256) */
export const TRANSFER_SINGLE = '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62'
/** ERC-1155: TransferBatch(address indexed, address indexed, address indexed, uint256[], uint256[]) */
export const TRANSFER_BATCH = '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb'

function decodeTransfer(log: RawLog): Transfer {
  const { topics, data } = log
  // Collections older than the final standard (CryptoKitties) index nothing.
  if (topics.length === 1) return decodeUnindexedTransfer(log)
  expectShape(topics, data, 4, 0)
  return {
    type: 'transfer',
    protocol: 'erc721',
    operator: null,
    from: addressOf(topics[1]),
    to: addressOf(topics[2]),
    tokenIds: [uintOf(topics[3] as Hex)],
    amounts: [1n],
  }
}

function decodeUnindexedTransfer({ topics, data }: RawLog): Transfer {
  expectShape(topics, data, 1, 3)
  return {
    type: 'transfer',
    protocol: 'erc721',
    operator: null,
    from: addressAt(data, 0),
    to: addressAt(data, 1),
    tokenIds: [uintAt(data, 2)],
    amounts: [1n],
  }
}

function decodeTransferSingle({ topics, data }: RawLog): Transfer {
  expectShape(topics, data, 4, 2)
  return {
    type: 'transfer',
    protocol: 'erc1155',
    operator: addressOf(topics[1]),
    from: addressOf(topics[2]),
    to: addressOf(topics[3]),
    tokenIds: [uintAt(data, 0)],
    amounts: [uintAt(data, 1)],
  }
}

function decodeTransferBatch({ topics, data }: RawLog): Transfer {
  if (topics.length !== 4) throw new MalformedLog(`${topics.length} topics instead of 4`)
  if ((data.length - 2) % 64 !== 0) throw new MalformedLog('data that is not whole words')
  const tokenIds = arrayAt(data, 0)
  const amounts = arrayAt(data, 1)
  if (tokenIds.length !== amounts.length)
    throw new MalformedLog(`${tokenIds.length} ids but ${amounts.length} amounts`)
  return {
    type: 'transfer',
    protocol: 'erc1155',
    operator: addressOf(topics[1]),
    from: addressOf(topics[2]),
    to: addressOf(topics[3]),
    tokenIds,
    amounts,
  }
}

/** The uint256[] whose offset stands in head word `index`. */
function arrayAt(data: Hex, index: number): bigint[] {
  const wordCount = (data.length - 2) / 64
  if (index >= wordCount) throw new MalformedLog('an array without an offset')
  const offset = uintAt(data, index)
  if (offset % 32n !== 0n || offset / 32n >= BigInt(wordCount))
    throw new MalformedLog('an array beyond the data')
  const start = Number(offset / 32n)
  const length = uintAt(data, start)
  if (length > BigInt(wordCount - start - 1))
    throw new MalformedLog('an array longer than the data')
  return Array.from({ length: Number(length) }, (_, item) => uintAt(data, start + 1 + item))
}

const collections = (
  kind: TokenStandard,
  decoders: ContractRole['decoders'],
): SourceSpec<CollectionSource> => {
  const role: ContractRole = { name: kind, decoders }
  return { kind, contractOf: ({ address }) => ({ address, role }) }
}

export const erc721Collections = collections(
  'erc721',
  new Map<Hash, ReturnType<typeof decoder>>([
    [TRANSFER, decoder(transferOfErc721, decodeTransfer)],
  ]),
)
export const erc1155Collections = collections(
  'erc1155',
  new Map<Hash, ReturnType<typeof decoder>>([
    [TRANSFER_SINGLE, decoder(transferOfErc1155, decodeTransferSingle)],
    [TRANSFER_BATCH, decoder(transferOfErc1155, decodeTransferBatch)],
  ]),
)
