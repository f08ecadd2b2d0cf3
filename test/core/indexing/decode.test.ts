import fc from 'fast-check'
import {
  type AbiEvent,
  decodeEventLog,
  encodeAbiParameters,
  encodeEventTopics,
  parseAbiItem,
  toEventSelector,
} from 'viem'
import { describe, expect, test } from 'vitest'
import type { Address, Hash, Hex } from '#core/chain.ts'
import type { EventBody } from '#core/history/event.ts'
import { createAdmission } from '#core/indexing/admission.ts'
import { filterOf, isInScope } from '#core/indexing/raw/log-scope.ts'
import * as nft from '#core/nft/sources.ts'
import * as v2 from '#core/dex/sources/uniswap-v2.ts'
import * as v3 from '#core/dex/sources/uniswap-v3.ts'
import { hexOf } from '#core/indexing/log-data.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { catalogue, type Source } from '#core/catalogue.ts'
import type { PoolSource } from '#core/dex/sources/dex-source.ts'
import { singlePools } from '#core/dex/sources/sources.ts'
import { addressOf } from '../../fakes/encode.ts'

const FACTORY_V2 = addressOf(0xf2)
const FACTORY_V3 = addressOf(0xf3)
const POOL_V2 = addressOf(0x22)
const POOL_V3 = addressOf(0x33)
const NFT_721 = addressOf(0x721)
const NFT_1155 = addressOf(0x1155)

const poolSource = (protocol: 'uniswap-v2' | 'uniswap-v3', address: Address): PoolSource => ({
  kind: 'pool',
  protocol,
  address,
  token0: addressOf(1),
  token1: addressOf(2),
  feePips: 3000,
  startBlock: null,
})
const sources: Source[] = [
  { kind: 'uniswap-v2', factory: FACTORY_V2, feePips: 2500, startBlock: null },
  { kind: 'uniswap-v3', factory: FACTORY_V3, feePips: null, startBlock: null },
  poolSource('uniswap-v2', POOL_V2),
  poolSource('uniswap-v3', POOL_V3),
  { kind: 'erc721', address: NFT_721, startBlock: null },
  { kind: 'erc1155', address: NFT_1155, startBlock: null },
]

type Args = Record<string, unknown>
type Case = {
  readonly name: string
  readonly signature: string
  readonly topic: Hash
  readonly emitter: Address
  /** viem's arguments as the body that Halyard makes of them. */
  readonly expected: (args: Args) => Args
}

const lower = (value: unknown): string => (value as string).toLowerCase()

const cases: Case[] = [
  {
    name: 'PairCreated',
    signature:
      'event PairCreated(address indexed token0, address indexed token1, address pair, uint256 count)',
    topic: v2.PAIR_CREATED,
    emitter: FACTORY_V2,
    expected: (args) => ({
      type: 'poolCreated',
      protocol: 'uniswap-v2',
      token0: lower(args.token0),
      token1: lower(args.token1),
      pool: lower(args.pair),
      feePips: 2500,
      tickSpacing: null,
    }),
  },
  {
    name: 'Sync',
    signature: 'event Sync(uint112 reserve0, uint112 reserve1)',
    topic: v2.SYNC,
    emitter: POOL_V2,
    expected: (args) => ({ type: 'sync', protocol: 'uniswap-v2', ...args }),
  },
  {
    name: 'Swap (V2)',
    signature:
      'event Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to)',
    topic: v2.SWAP_V2,
    emitter: POOL_V2,
    expected: ({ sender, to, ...amounts }) => ({
      type: 'swap',
      protocol: 'uniswap-v2',
      sender: lower(sender),
      recipient: lower(to),
      ...amounts,
    }),
  },
  {
    name: 'Mint (V2)',
    signature: 'event Mint(address indexed sender, uint256 amount0, uint256 amount1)',
    topic: v2.MINT_V2,
    emitter: POOL_V2,
    expected: ({ sender, ...amounts }) => ({
      type: 'mint',
      protocol: 'uniswap-v2',
      sender: lower(sender),
      ...amounts,
    }),
  },
  {
    name: 'Burn (V2)',
    signature:
      'event Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)',
    topic: v2.BURN_V2,
    emitter: POOL_V2,
    expected: ({ sender, to, ...amounts }) => ({
      type: 'burn',
      protocol: 'uniswap-v2',
      sender: lower(sender),
      recipient: lower(to),
      ...amounts,
    }),
  },
  {
    name: 'PoolCreated',
    signature:
      'event PoolCreated(address indexed token0, address indexed token1, uint24 indexed fee, int24 tickSpacing, address pool)',
    topic: v3.POOL_CREATED,
    emitter: FACTORY_V3,
    expected: (args) => ({
      type: 'poolCreated',
      protocol: 'uniswap-v3',
      token0: lower(args.token0),
      token1: lower(args.token1),
      pool: lower(args.pool),
      feePips: args.fee,
      tickSpacing: args.tickSpacing,
    }),
  },
  {
    name: 'Initialize',
    signature: 'event Initialize(uint160 sqrtPriceX96, int24 tick)',
    topic: v3.INITIALIZE,
    emitter: POOL_V3,
    expected: (args) => ({ type: 'initialize', protocol: 'uniswap-v3', ...args }),
  },
  {
    name: 'Swap (V3)',
    signature:
      'event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)',
    topic: v3.SWAP_V3,
    emitter: POOL_V3,
    expected: ({ sender, recipient, ...rest }) => ({
      type: 'swap',
      protocol: 'uniswap-v3',
      sender: lower(sender),
      recipient: lower(recipient),
      ...rest,
    }),
  },
  {
    name: 'Swap (PancakeSwap V3)',
    signature:
      'event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick, uint128 protocolFeesToken0, uint128 protocolFeesToken1)',
    topic: v3.SWAP_PANCAKE_V3,
    emitter: POOL_V3,
    expected: ({ sender, recipient, protocolFeesToken0, protocolFeesToken1, ...rest }) => ({
      type: 'swap',
      protocol: 'pancakeswap-v3',
      sender: lower(sender),
      recipient: lower(recipient),
      ...rest,
      protocolFee0: protocolFeesToken0,
      protocolFee1: protocolFeesToken1,
    }),
  },
  {
    name: 'SetFeeProtocol',
    signature:
      'event SetFeeProtocol(uint8 feeProtocol0Old, uint8 feeProtocol1Old, uint8 feeProtocol0New, uint8 feeProtocol1New)',
    topic: v3.SET_FEE_PROTOCOL,
    emitter: POOL_V3,
    expected: (args) => ({
      type: 'setFeeProtocol',
      protocol: 'uniswap-v3',
      parts0: args.feeProtocol0New,
      parts1: args.feeProtocol1New,
    }),
  },
  {
    name: 'Mint (V3)',
    signature:
      'event Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
    topic: v3.MINT_V3,
    emitter: POOL_V3,
    expected: ({ sender, owner, amount, ...rest }) => ({
      type: 'mint',
      protocol: 'uniswap-v3',
      sender: lower(sender),
      owner: lower(owner),
      liquidity: amount,
      ...rest,
    }),
  },
  {
    name: 'Burn (V3)',
    signature:
      'event Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
    topic: v3.BURN_V3,
    emitter: POOL_V3,
    expected: ({ owner, amount, ...rest }) => ({
      type: 'burn',
      protocol: 'uniswap-v3',
      owner: lower(owner),
      liquidity: amount,
      ...rest,
    }),
  },
  {
    name: 'Collect',
    signature:
      'event Collect(address indexed owner, address recipient, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount0, uint128 amount1)',
    topic: v3.COLLECT,
    emitter: POOL_V3,
    expected: ({ owner, recipient, ...rest }) => ({
      type: 'collect',
      protocol: 'uniswap-v3',
      owner: lower(owner),
      recipient: lower(recipient),
      ...rest,
    }),
  },
  {
    name: 'Flash',
    signature:
      'event Flash(address indexed sender, address indexed recipient, uint256 amount0, uint256 amount1, uint256 paid0, uint256 paid1)',
    topic: v3.FLASH,
    emitter: POOL_V3,
    expected: ({ sender, recipient, ...rest }) => ({
      type: 'flash',
      protocol: 'uniswap-v3',
      sender: lower(sender),
      recipient: lower(recipient),
      ...rest,
    }),
  },
  {
    name: 'CollectProtocol',
    signature:
      'event CollectProtocol(address indexed sender, address indexed recipient, uint128 amount0, uint128 amount1)',
    topic: v3.COLLECT_PROTOCOL,
    emitter: POOL_V3,
    expected: ({ sender, recipient, ...rest }) => ({
      type: 'collectProtocol',
      protocol: 'uniswap-v3',
      sender: lower(sender),
      recipient: lower(recipient),
      ...rest,
    }),
  },
  {
    name: 'Transfer (ERC-721)',
    signature: 'event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)',
    topic: nft.TRANSFER,
    emitter: NFT_721,
    expected: (args) => transferOf('erc721', null, args, [args.tokenId], [1n]),
  },
  {
    name: 'Transfer (ERC-721 that indexes nothing)',
    signature: 'event Transfer(address from, address to, uint256 tokenId)',
    topic: nft.TRANSFER,
    emitter: NFT_721,
    expected: (args) => transferOf('erc721', null, args, [args.tokenId], [1n]),
  },
  {
    name: 'Transfer (ERC-721 that indexes the sender)',
    signature: 'event Transfer(address indexed from, address to, uint256 tokenId)',
    topic: nft.TRANSFER,
    emitter: NFT_721,
    expected: (args) => transferOf('erc721', null, args, [args.tokenId], [1n]),
  },
  {
    name: 'Transfer (ERC-721 that indexes both parties)',
    signature: 'event Transfer(address indexed from, address indexed to, uint256 tokenId)',
    topic: nft.TRANSFER,
    emitter: NFT_721,
    expected: (args) => transferOf('erc721', null, args, [args.tokenId], [1n]),
  },
  {
    name: 'TransferSingle',
    signature:
      'event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)',
    topic: nft.TRANSFER_SINGLE,
    emitter: NFT_1155,
    expected: (args) => transferOf('erc1155', args.operator, args, [args.id], [args.value]),
  },
  {
    name: 'TransferBatch',
    signature:
      'event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values)',
    topic: nft.TRANSFER_BATCH,
    emitter: NFT_1155,
    expected: (args) => transferOf('erc1155', args.operator, args, args.ids, args.values),
  },
]

const transferOf = (
  protocol: string,
  operator: unknown,
  args: Args,
  tokenIds: unknown,
  amounts: unknown,
): Args => ({
  type: 'transfer',
  protocol,
  operator: operator === null ? null : lower(operator),
  from: lower(args.from),
  to: lower(args.to),
  tokenIds,
  amounts,
})

/** Values of a Solidity type, its limits among them. */
function arbitraryOf(type: string): fc.Arbitrary<unknown> {
  if (type.endsWith('[]')) {
    // Both arrays of a batch have the same length.
    return fc.array(arbitraryOf(type.slice(0, -2)), { minLength: 3, maxLength: 3 })
  }
  if (type === 'address')
    return fc.bigInt(0n, 2n ** 160n - 1n).map((n) => `0x${n.toString(16).padStart(40, '0')}`)
  const bits = BigInt(type.replace(/\D/g, ''))
  const limits = type.startsWith('u')
    ? [0n, 2n ** bits - 1n]
    : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
  const [min, max] = limits as [bigint, bigint]
  const integer = fc.oneof(fc.bigInt(min, max), fc.constantFrom(min, max, 0n))
  return bits <= 48n ? integer.map(Number) : integer
}

function logOf(item: AbiEvent, args: Args, emitter: Address): RawLog {
  const plain = item.inputs.filter((input) => !('indexed' in input && input.indexed))
  return {
    address: emitter,
    topics: encodeEventTopics({ abi: [item], args } as never) as Hash[],
    data: encodeAbiParameters(plain, plain.map((input) => args[input.name as string]) as never),
    blockNumber: 1,
    blockHash: `0x${'1'.repeat(64)}`,
    transactionHash: `0x${'2'.repeat(64)}`,
    transactionIndex: 0,
    logIndex: 0,
  }
}

/** What pools of Uniswap V2 are. */
const role = singlePools.contractOf(poolSource('uniswap-v2', POOL_V2)).role
const admission = createAdmission(catalogue, sources)

function decoded(log: RawLog): EventBody {
  const admitted = admission.admit(log)
  if (admitted.status !== 'event') throw new Error(JSON.stringify(admitted))
  return admitted.body
}

describe('decoding', () => {
  test.each(cases)('the first topic of $name is the hash of its signature', (each) => {
    expect(toEventSelector(parseAbiItem(each.signature as never) as AbiEvent)).toBe(each.topic)
  })

  test.each(cases)(
    '$name decodes to what viem decodes it to',
    ({ signature, emitter, expected }) => {
      const item = parseAbiItem(signature as never) as AbiEvent
      const arbitrary = fc.record(
        Object.fromEntries(
          item.inputs.map((input) => [input.name as string, arbitraryOf(input.type)]),
        ),
      )
      fc.assert(
        fc.property(arbitrary, (args) => {
          const log = logOf(item, args, emitter)
          const oracle = decodeEventLog({
            abi: [item],
            topics: log.topics as [Hex],
            data: hexOf(log.data),
          })
          expect(decoded(log)).toEqual(expected(oracle.args as Args))
        }),
        { numRuns: 60 },
      )
    },
  )

  test.each(cases)('$name with a word too many or too few is malformed, not misread', (each) => {
    const item = parseAbiItem(each.signature as never) as AbiEvent
    const [args] = fc.sample(
      fc.record(
        Object.fromEntries(
          item.inputs.map((input) => [input.name as string, arbitraryOf(input.type)]),
        ),
      ),
      1,
    )
    const log = logOf(item, args as Args, each.emitter)
    const longer = { ...log, data: `${hexOf(log.data)}${'0'.repeat(64)}` as Hex }
    const shorter = { ...log, data: hexOf(log.data).slice(0, -2) as Hex }
    const fewer = { ...log, topics: log.topics.slice(0, -1) }
    // Arrays may be followed by anything; TransferBatch alone may be longer than its content.
    if (each.name !== 'TransferBatch')
      expect(admission.admit(longer).status, 'longer').toBe('malformed')
    if (log.data !== '0x') expect(admission.admit(shorter).status, 'shorter').toBe('malformed')
    if (log.topics.length > 1) expect(admission.admit(fewer).status, 'fewer').toBe('malformed')
  })

  test('values that do not fit their type are malformed', () => {
    const word = (value: bigint): string =>
      BigInt.asUintN(256, value).toString(16).padStart(64, '0')
    const log = (address: Address, topics: Hash[], ...words: bigint[]): RawLog => ({
      ...logOf(parseAbiItem('event Sync(uint112 a, uint112 b)'), { a: 1n, b: 1n }, address),
      topics,
      data: `0x${words.map(word).join('')}`,
    })
    const wide = `0x${'1'.repeat(64)}` as const
    const narrow = `0x${word(1n)}` as const
    expect(admission.admit(log(POOL_V2, [v2.SYNC], 2n ** 112n, 1n)).status).toBe('malformed')
    expect(admission.admit(log(POOL_V3, [v3.INITIALIZE], 1n, 2n ** 23n)).status).toBe('malformed')
    expect(admission.admit(log(POOL_V3, [v3.INITIALIZE], 2n ** 160n, 0n)).status).toBe('malformed')
    expect(admission.admit(log(POOL_V2, [v2.MINT_V2, wide], 1n, 1n)).status).toBe('malformed')
    expect(admission.admit(log(POOL_V2, [v2.MINT_V2, narrow], 1n, 1n)).status).toBe('event')
  })

  test('a range of tokens is all of them, in order, and one that cannot be is malformed', () => {
    const signature =
      'event ConsecutiveTransfer(uint256 indexed fromTokenId, uint256 toTokenId, address indexed fromAddress, address indexed toAddress)'
    const item = parseAbiItem(signature) as AbiEvent
    expect(toEventSelector(item)).toBe(nft.CONSECUTIVE_TRANSFER)
    const admit = (fromTokenId: bigint, toTokenId: bigint) => {
      const parties = { fromAddress: addressOf(0), toAddress: addressOf(0xa) }
      return admission.admit(logOf(item, { fromTokenId, toTokenId, ...parties }, NFT_721))
    }
    expect(admit(7n, 9n)).toMatchObject({
      body: {
        type: 'transfer',
        protocol: 'erc721',
        from: addressOf(0),
        to: addressOf(0xa),
        tokenIds: [7n, 8n, 9n],
        amounts: [1n, 1n, 1n],
      },
    })
    expect(admit(9n, 9n)).toMatchObject({ body: { tokenIds: [9n] } })
    expect(admit(9n, 8n).status).toBe('malformed')
    expect(admit(0n, 2n ** 256n - 1n).status).toBe('malformed')
  })

  test('CryptoPunks counts punks where others name a token, so that its Transfer is none of a token', () => {
    const punks = '0xb47e3cd837ddf8e4c57f05d70ab865de6e193bbb'
    const signature = 'event Transfer(address indexed from, address indexed to, uint256 value)'
    const args = { from: addressOf(0xa), to: addressOf(0xb), value: 1n }
    const item = parseAbiItem(signature) as AbiEvent
    const withPunks = createAdmission(catalogue, [
      { kind: 'erc721', address: punks, startBlock: null } as Source,
      { kind: 'erc721', address: NFT_721, startBlock: null } as Source,
    ])
    expect(withPunks.admit(logOf(item, args, punks)).status).toBe('malformed')
    expect(withPunks.admit(logOf(item, args, NFT_721)).status).toBe('event')
  })

  test.each([
    ['event MetadataUpdate(uint256 first)', NFT_721, { first: 7n }, 7n],
    ['event MetadataUpdate(uint256 indexed first)', NFT_721, { first: 7n }, 7n],
    [
      'event BatchMetadataUpdate(uint256 first, uint256 last)',
      NFT_721,
      { first: 7n, last: 9n },
      9n,
    ],
    [
      'event BatchMetadataUpdate(uint256 indexed first, uint256 indexed last)',
      NFT_721,
      { first: 7n, last: 9n },
      9n,
    ],
    [
      'event URI(string value, uint256 indexed first)',
      NFT_1155,
      { first: 7n, value: 'ipfs://…' },
      7n,
    ],
  ])('%s tells which metadata has changed', (signature, emitter, args, last) => {
    const item = parseAbiItem(signature as never) as AbiEvent
    const protocol = emitter === NFT_721 ? 'erc721' : 'erc1155'
    const log = logOf(item, args, emitter)
    expect(admission.admit(log)).toMatchObject({
      status: 'event',
      body: { type: 'metadataUpdate', protocol, fromTokenId: 7n, toTokenId: last },
    })
    const shorter = log.data === '0x' ? log.data : (hexOf(log.data).slice(0, -2) as Hex)
    const cut = { ...log, data: shorter, topics: log.topics.slice(0, shorter === '0x' ? -1 : 3) }
    expect(admission.admit(cut).status).toBe('malformed')
    if (last > 7n)
      expect(admission.admit(logOf(item, { first: 9n, last: 7n }, emitter)).status).toBe(
        'malformed',
      )
  })

  test('a batch whose arrays lie about themselves is malformed', () => {
    const topics = [nft.TRANSFER_BATCH, ...Array.from({ length: 3 }, () => `0x${'0'.repeat(64)}`)]
    const words = (...values: bigint[]): Hex =>
      `0x${values.map((value) => value.toString(16).padStart(64, '0')).join('')}`
    const log = (data: Hex): RawLog => ({
      ...logOf(parseAbiItem('event Sync(uint112 a, uint112 b)'), { a: 1n, b: 1n }, NFT_1155),
      topics: topics as Hash[],
      data,
    })
    const status = (data: Hex) => admission.admit(log(data)).status
    expect(status(words(64n, 128n, 1n, 5n, 1n, 7n))).toBe('event')
    expect(status(words(64n, 128n, 1n, 5n, 2n, 7n))).toBe('malformed')
    expect(status(words(64n, 128n, 2n ** 255n, 5n, 1n, 7n))).toBe('malformed')
    expect(status(words(64n, 2n ** 200n, 1n, 5n, 1n, 7n))).toBe('malformed')
    expect(status(words(63n, 128n, 1n, 5n, 1n, 7n))).toBe('malformed')
    expect(status(words(64n, 64n, 2n, 5n, 6n))).toBe('event')
    expect(status(words())).toBe('malformed')
  })

  test('data that is not hex is malformed, whatever its length', () => {
    const log = logOf(parseAbiItem('event Sync(uint112 a, uint112 b)'), { a: 1n, b: 1n }, POOL_V2)
    const data = `0x${'zz'.repeat(64)}` as const
    expect(admission.admit({ ...log, data }).status).toBe('malformed')
  })
})

test('an address that is not hex is malformed: it would be stored as it is', () => {
  const signature = 'event Mint(address indexed sender, uint256 amount0, uint256 amount1)'
  const item = parseAbiItem(signature as never) as AbiEvent
  const log = logOf(item, { sender: addressOf(1), amount0: 1n, amount1: 1n }, POOL_V2)
  const topic = `0x${'0'.repeat(24)}"],"${'a'.repeat(36)}` as Hash
  const topics = [log.topics[0] as Hash, topic]
  expect(admission.admit(log).status).toBe('event')
  expect(admission.admit({ ...log, topics }).status).toBe('malformed')
})

describe('admission', () => {
  const sync = logOf(parseAbiItem('event Sync(uint112 a, uint112 b)'), { a: 1n, b: 1n }, POOL_V2)

  test('an event of a contract that no source names does not count, whatever its topic', () => {
    expect(admission.admit({ ...sync, address: addressOf(0xbad) })).toEqual({ status: 'foreign' })
  })

  test('an event of another protocol than the emitter is of does not count', () => {
    expect(admission.admit({ ...sync, address: POOL_V3 })).toEqual({ status: 'foreign' })
  })

  test('an ERC-20 transfer looks like that of an old ERC-721: it counts where a source names the contract as ERC-721, and nowhere else', () => {
    const item = parseAbiItem(
      'event Transfer(address indexed from, address indexed to, uint256 value)',
    )
    const log = logOf(item, { from: POOL_V2, to: POOL_V3, value: 5n }, NFT_721)
    expect(admission.admit(log)).toMatchObject({ status: 'event', body: { tokenIds: [5n] } })
    expect(admission.admit({ ...log, address: NFT_1155 }).status).toBe('foreign')
    expect(admission.admit({ ...log, address: addressOf(0x20) }).status).toBe('foreign')
  })

  test('pools count from the moment they are added until they are removed; configured ones always', () => {
    const own = createAdmission(catalogue, sources)
    const child = addressOf(0x99)
    expect(own.admit({ ...sync, address: child }).status).toBe('foreign')
    own.follow({ address: child, role })
    expect(own.admit({ ...sync, address: child }).status).toBe('event')
    expect(filterOf(own.scope()).addresses).toContain(child)
    own.unfollow([child, POOL_V2])
    expect(own.admit({ ...sync, address: child }).status).toBe('foreign')
    expect(own.admit(sync).status).toBe('event')
  })

  test('what a source names is a pool besides from when a factory makes it, and what it was when that is taken back', () => {
    const token: Source = { kind: 'erc20', address: POOL_V2, wrapsNative: false, startBlock: null }
    const own = createAdmission(catalogue, [...sources.slice(0, 2), token])
    const isAskedFor = (more: Address[]) => isInScope(own.scope(more), sync)
    const shares = logOf(
      parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 value)'),
      { from: POOL_V2, to: POOL_V3, value: 5n },
      POOL_V2,
    )
    const statuses = () => [sync, shares].map((log) => own.admit(log).status)
    expect([isAskedFor([]), isAskedFor([POOL_V2])]).toEqual([false, true])
    expect(own.follow({ address: POOL_V2, role })).toBe(true)
    expect(own.follow({ address: POOL_V2, role })).toBe(false)
    expect(statuses()).toEqual(['event', 'event'])
    expect(isAskedFor([])).toBe(true)
    own.unfollow([POOL_V2])
    expect(statuses()).toEqual(['foreign', 'event'])
    expect(isAskedFor([])).toBe(false)
    // A pool that a source names as one is no more for being made.
    expect(createAdmission(catalogue, sources).follow({ address: POOL_V2, role })).toBe(false)
  })

  test('a pair all of whose events are declared besides is a pair from when a factory makes it', () => {
    const events = [
      'Sync(uint112,uint112)',
      'Swap(address indexed,uint256,uint256,uint256,uint256,address indexed)',
      'Mint(address indexed,uint256,uint256)',
      'Burn(address indexed,uint256,uint256,address indexed)',
    ]
    const declared: Source = {
      kind: 'contract-events',
      address: POOL_V2,
      events,
      startBlock: null,
    }
    const own = createAdmission(catalogue, [...sources.slice(0, 2), declared])
    expect(own.admit(sync)).toMatchObject({ body: { type: 'contractEvent' } })
    expect(own.follow({ address: POOL_V2, role })).toBe(true)
    expect(own.admit(sync)).toMatchObject({ body: { type: 'sync' } })
  })

  test('past a number of contracts nodes are asked by topic alone', () => {
    const own = createAdmission(catalogue, sources)
    for (let index = 0; index < 600; index++)
      own.follow({ address: addressOf(0x10000 + index), role })
    expect(filterOf(own.scope()).addresses).toBeUndefined()
    expect(filterOf(own.scope()).topics).toContain(v2.SYNC)
  })
})
