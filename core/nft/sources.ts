import type { Address, Hash, Hex } from '#core/chain.ts'
import type { LogData } from '#core/indexing/log-data.ts'
import {
  addressAt,
  addressOf,
  countWords,
  expectShape,
  MalformedLog,
  uintAt,
  uintOf,
} from '#core/indexing/log-words.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import {
  type AnySource,
  type ContractRole,
  type Decoder,
  decoder,
  type SourceSpec,
} from '#core/indexing/source.ts'
import { type MetadataUpdate, updateOfErc1155, updateOfErc721 } from './metadata/update.ts'
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

export const isCollection = (source: AnySource): source is CollectionSource =>
  source.kind === 'erc721' || source.kind === 'erc1155'

/** ERC-721: Transfer(address indexed, address indexed, uint256 indexed); ERC-20's has the same first topic. */
export const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
/** ERC-1155: TransferSingle(address indexed, address indexed, address indexed, uint256, uint256) */
export const TRANSFER_SINGLE = '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62'
/** ERC-1155: TransferBatch(address indexed, address indexed, address indexed, uint256[], uint256[]) */
export const TRANSFER_BATCH = '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb'

/** ERC-2309: ConsecutiveTransfer(uint256 indexed, uint256, address indexed, address indexed) */
export const CONSECUTIVE_TRANSFER =
  '0xdeaa91b6123d068f5821d0fb0678463d1a8a6079fe8af5de3ce5e896dcf9133d'

/** ERC-4906: MetadataUpdate(uint256) */
const METADATA_UPDATE = '0xf8e1a15aba9398e019f0b49df1a4fde98ee17ae345cb5f6b5e2c27f5033e8ce7'
/** ERC-4906: BatchMetadataUpdate(uint256, uint256) */
const BATCH_METADATA_UPDATE = '0x6bd5c950a8d8df17f772f5af37cb3655737899cbf903264b9795592da439661c'
/** ERC-1155: URI(string, uint256 indexed) */
const URI = '0x6bb7ff708619ba0610cba295a58592e0451dee2622938c8755667688daf3529b'

/** So many tokens one log may announce. Collections mint some thousands; a log may claim 2^256, for no more gas. */
const RANGE_MAX = 100_000n

/**
 * Contracts whose Transfer has the shape of an old ERC-721's and is none: CryptoPunks tells how many punks moved, always
 * 1, where others have the token's id. The shape alone does not tell them apart.
 */
const NOT_ERC721: ReadonlySet<Address> = new Set([
  '0xb47e3cd837ddf8e4c57f05d70ab865de6e193bbb',
  '0x6ba6f2207e343923ba692e5cae646fb0f566db8d',
])

const erc1155Transfer = (
  { topics }: RawLog,
  tokenIds: readonly bigint[],
  amounts: readonly bigint[],
): Transfer => ({
  type: 'transfer',
  protocol: 'erc1155',
  operator: addressOf(topics[1]),
  from: addressOf(topics[2]),
  to: addressOf(topics[3]),
  tokenIds,
  amounts,
})

const erc721Transfer = (from: Address, to: Address, tokenIds: readonly bigint[]): Transfer => ({
  type: 'transfer',
  protocol: 'erc721',
  operator: null,
  from,
  to,
  tokenIds,
  amounts: tokenIds.map(() => 1n),
})

/**
 * The final standard has all three values in topics. Collections that are older than it index fewer, always the first
 * ones: none (CryptoKitties), the sender, or both parties (Axie Infinity); the others are in the data.
 */
function decodeTransfer({ address, topics, data }: RawLog): Transfer {
  const indexed = topics.length - 1
  if (indexed < 0 || indexed > 3)
    throw new MalformedLog(`${topics.length} topics instead of 1 to 4`)
  expectShape(topics, data, topics.length, 3 - indexed)
  if (indexed < 3 && NOT_ERC721.has(address))
    throw new MalformedLog('a Transfer that does not tell a token: the contract is not ERC-721')
  return erc721Transfer(
    indexed > 0 ? addressOf(topics[1]) : addressAt(data, 0),
    indexed > 1 ? addressOf(topics[2]) : addressAt(data, 1 - indexed),
    [indexed > 2 ? uintOf(topics[3] as Hex) : uintAt(data, 2 - indexed)],
  )
}

function decodeConsecutiveTransfer({ topics, data }: RawLog): Transfer {
  expectShape(topics, data, 4, 1)
  const [first, last] = [uintOf(topics[1] as Hex), uintAt(data, 0)]
  if (last < first) throw new MalformedLog('a range of tokens that ends before it begins')
  const count = last - first + 1n
  if (count > RANGE_MAX) throw new MalformedLog(`more than ${RANGE_MAX} tokens at once`)
  const tokenIds = Array.from({ length: Number(count) }, (_, index) => first + BigInt(index))
  return erc721Transfer(addressOf(topics[2]), addressOf(topics[3]), tokenIds)
}

function decodeTransferSingle(log: RawLog): Transfer {
  const { topics, data } = log
  expectShape(topics, data, 4, 2)
  return erc1155Transfer(log, [uintAt(data, 0)], [uintAt(data, 1)])
}

function decodeTransferBatch(log: RawLog): Transfer {
  const { topics, data } = log
  if (topics.length !== 4) throw new MalformedLog(`${topics.length} topics instead of 4`)
  const wordCount = countWords(data)
  const tokenIds = arrayAt(data, 0, wordCount)
  const amounts = arrayAt(data, 1, wordCount)
  if (tokenIds.length !== amounts.length)
    throw new MalformedLog(`${tokenIds.length} ids but ${amounts.length} amounts`)
  return erc1155Transfer(log, tokenIds, amounts)
}

const metadataUpdate = (
  protocol: TokenStandard,
  fromTokenId: bigint,
  toTokenId: bigint,
): MetadataUpdate => {
  if (toTokenId < fromTokenId)
    throw new MalformedLog('a range of tokens that ends before it begins')
  return { type: 'metadataUpdate', protocol, fromTokenId, toTokenId }
}

/** The standard indexes neither id; there are contracts that do. */
function decodeUpdate({ topics, data }: RawLog, count: 1 | 2): MetadataUpdate {
  const indexed = topics.length - 1
  if (indexed < 0 || indexed > count)
    throw new MalformedLog(`${topics.length} topics instead of 1 to ${count + 1}`)
  expectShape(topics, data, topics.length, count - indexed)
  const idAt = (index: number): bigint =>
    index < indexed ? uintOf(topics[index + 1] as Hex) : uintAt(data, index - indexed)
  return metadataUpdate('erc721', idAt(0), idAt(count - 1))
}

/** Where the metadata is now the contract is asked: the text of the log says the same. */
function decodeUri({ topics, data }: RawLog): MetadataUpdate {
  if (topics.length !== 2) throw new MalformedLog(`${topics.length} topics instead of 2`)
  countWords(data)
  const tokenId = uintOf(topics[1] as Hex)
  return metadataUpdate('erc1155', tokenId, tokenId)
}

/** The uint256[] whose offset stands in head word `index`. */
function arrayAt(data: LogData, index: number, wordCount: number): bigint[] {
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
  new Map<Hash, Decoder>([
    [TRANSFER, decoder(transferOfErc721, decodeTransfer)],
    [CONSECUTIVE_TRANSFER, decoder(transferOfErc721, decodeConsecutiveTransfer)],
    [METADATA_UPDATE, decoder(updateOfErc721, (log) => decodeUpdate(log, 1))],
    [BATCH_METADATA_UPDATE, decoder(updateOfErc721, (log) => decodeUpdate(log, 2))],
  ]),
)
export const erc1155Collections = collections(
  'erc1155',
  new Map<Hash, Decoder>([
    [TRANSFER_SINGLE, decoder(transferOfErc1155, decodeTransferSingle)],
    [TRANSFER_BATCH, decoder(transferOfErc1155, decodeTransferBatch)],
    [URI, decoder(updateOfErc1155, decodeUri)],
  ]),
)
