import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import type { Address, BlockRef, Hash, Hex } from '#core/chain.ts'
import { createBloomBits } from '#core/indexing/bloom.ts'
import { TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE } from '#core/indexing/decode/nft.ts'
import { BURN_V2, MINT_V2, PAIR_CREATED, SWAP_V2, SYNC } from '#core/indexing/decode/uniswap-v2.ts'
import {
  BURN_V3,
  COLLECT,
  INITIALIZE,
  MINT_V3,
  POOL_CREATED,
  SWAP_V3,
} from '#core/indexing/decode/uniswap-v3.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import {
  BEFORE_GENESIS,
  type RawLog,
  type Receipt,
  type SourceHeader,
} from '#core/indexing/ports.ts'
import type { Source } from '#core/indexing/source.ts'
import { addressOf, dataOf, topicOf, twoArrays } from './encode.ts'
import { createRandom, type Random } from './random.ts'

const receiptsRoot = createReceiptsRoot(keccakBytes)

/** A block with everything that a node would tell of it, true to its hash, bloom and receiptsRoot. */
export type FakeBlock = {
  readonly header: SourceHeader
  /** The header's fields and hash as JSON-RPC has them, where this block was made up. */
  readonly fields?: Readonly<Record<string, string>>
  readonly receipts: readonly Receipt[]
  readonly logs: readonly RawLog[]
}

const fakeFactoryV2 = addressOf(0xf2)
const fakeFactoryV3 = addressOf(0xf3)
export const fakeListedPool = addressOf(0x11)
export const fakeErc721 = addressOf(0x721)
export const fakeErc1155 = addressOf(0x1155)
const FOREIGN = addressOf(0xbad)

/** The sources that make sense of a fake chain. */
export const fakeSources: readonly Source[] = [
  { kind: 'uniswap-v2', factory: fakeFactoryV2, feePips: 3000, startBlock: 0 },
  { kind: 'uniswap-v3', factory: fakeFactoryV3, feePips: null, startBlock: 0 },
  {
    kind: 'pool',
    protocol: 'uniswap-v2',
    address: fakeListedPool,
    token0: addressOf(1),
    token1: addressOf(2),
    feePips: 3000,
    startBlock: null,
  },
  { kind: 'erc721', address: fakeErc721, startBlock: null },
  { kind: 'erc1155', address: fakeErc1155, startBlock: null },
]

type Draft = { readonly address: Address; readonly topics: readonly Hash[]; readonly data: Hex }
type FakePool = { readonly address: Address; readonly version: 2 | 3; readonly number: number }

const BLOCK_SECONDS = 12
const GENESIS_TIME = 1_700_000_000
const ACCOUNTS = Array.from({ length: 6 }, (_, index) => addressOf(0xa0 + index))

/** A chain of made-up blocks: the same seed makes the same chain, and any block of it can be replaced by a fork. */
export type FakeChain = {
  /** The canonical blocks, by number from 0. */
  readonly blocks: readonly FakeBlock[]
  mine(count: number): Promise<void>
  /** Replaces the newest `depth` blocks by `count` others. */
  fork(depth: number, count: number): Promise<void>
}

export function createFakeChain(
  seed: number,
  options: { readonly maxLogs?: number } = {},
): FakeChain {
  const blocks: FakeBlock[] = []
  const pools: FakePool[] = []
  let branch = 0

  async function mine(count: number): Promise<void> {
    for (let left = count; left > 0; left--) {
      const number = blocks.length
      const random = createRandom(seed * 1_000_003 + branch * 7_919 + number)
      const drafts = draftLogs(random, number, pools, options.maxLogs ?? 8)
      blocks.push(await seal(random, number, blocks.at(-1), drafts))
    }
  }

  return {
    blocks,
    mine,
    async fork(depth, count) {
      branch++
      blocks.length -= depth
      while (pools.length > 0 && (pools.at(-1) as FakePool).number >= blocks.length) pools.pop()
      await mine(count)
    },
  }
}

export const provenOf = (block: FakeBlock): ProvenBlock => ({
  header: block.header,
  logs: block.logs,
})

function draftLogs(random: Random, number: number, pools: FakePool[], maxLogs: number): Draft[] {
  const drafts: Draft[] = []
  const create = (version: 2 | 3): void => {
    const address = addressOf(0x1000 + number * 16 + pools.length)
    const [token0, token1] = [addressOf(3 + random.int(4)), addressOf(9 + random.int(4))]
    drafts.push(
      version === 2
        ? {
            address: fakeFactoryV2,
            topics: [PAIR_CREATED, topicOf(token0), topicOf(token1)],
            data: dataOf(address, 1n),
          }
        : {
            address: fakeFactoryV3,
            topics: [POOL_CREATED, topicOf(token0), topicOf(token1), topicOf(500n)],
            data: dataOf(10n, address),
          },
    )
    if (version === 3)
      drafts.push({
        address,
        topics: [INITIALIZE],
        data: dataOf(1n << 96n, 0n),
      })
    pools.push({ address, version, number })
  }
  if (number === 1) {
    create(2)
    create(3)
  } else if (number > 1 && random.chance(0.08)) create(random.chance(0.5) ? 2 : 3)
  const count = random.int(maxLogs + 1)
  while (drafts.length < count) drafts.push(...draftActivity(random, pools))
  return drafts
}

function draftActivity(random: Random, pools: readonly FakePool[]): Draft[] {
  const account = (): Address => random.pick(ACCOUNTS)
  const kind = random.int(10)
  if (kind === 0) return [{ address: FOREIGN, topics: [SYNC], data: dataOf(1n, 2n) }]
  if (kind === 1) return [{ address: fakeErc1155, topics: [TRANSFER_BATCH], data: '0x' }]
  if (kind === 2) return [transfer721(random, account(), account())]
  if (kind === 3) return [transfer1155(random, account(), account())]
  const pool = random.pick([...pools, { address: fakeListedPool, version: 2 as const }])
  return pool.version === 2 ? actV2(random, pool.address) : actV3(random, pool.address)
}

const transfer721 = (random: Random, from: Address, to: Address): Draft => ({
  address: fakeErc721,
  topics: [TRANSFER, topicOf(from), topicOf(to), topicOf(BigInt(random.int(12)))],
  data: '0x',
})

function transfer1155(random: Random, from: Address, to: Address): Draft {
  const topics = [topicOf(from), topicOf(from), topicOf(to)]
  const id = (): bigint => BigInt(random.int(4))
  const amount = (): bigint => random.bits(random.pick([1, 8, 255]))
  return random.chance(0.5)
    ? { address: fakeErc1155, topics: [TRANSFER_SINGLE, ...topics], data: dataOf(id(), amount()) }
    : {
        address: fakeErc1155,
        topics: [TRANSFER_BATCH, ...topics],
        data: twoArrays([id(), id()], [amount(), amount()]),
      }
}

function actV2(random: Random, address: Address): Draft[] {
  const account = topicOf(random.pick(ACCOUNTS))
  const reserves = dataOf(random.bits(100) + 1n, random.bits(100) + 1n)
  const sync: Draft = { address, topics: [SYNC], data: reserves }
  const amount = random.bits(64)
  switch (random.int(4)) {
    case 0:
      return [sync, { address, topics: [MINT_V2, account], data: dataOf(amount, amount) }]
    case 1:
      return [sync, { address, topics: [BURN_V2, account, account], data: dataOf(amount, amount) }]
    default:
      return [
        sync,
        {
          address,
          topics: [SWAP_V2, account, account],
          data: random.chance(0.5)
            ? dataOf(amount, 0n, 0n, random.bits(64))
            : dataOf(0n, amount, random.bits(64), 0n),
        },
      ]
  }
}

function actV3(random: Random, address: Address): Draft[] {
  const account = random.pick(ACCOUNTS)
  const ticks = [topicOf(-100n * BigInt(random.int(9))), topicOf(100n + BigInt(random.int(900)))]
  const amount = random.bits(64)
  switch (random.int(5)) {
    case 0:
      return [
        {
          address,
          topics: [MINT_V3, topicOf(account), ...ticks],
          data: dataOf(account, amount, amount, amount),
        },
      ]
    case 1:
      return [
        { address, topics: [BURN_V3, topicOf(account), ...ticks], data: dataOf(0n, 0n, 0n) },
        {
          address,
          topics: [COLLECT, topicOf(account), ...ticks],
          data: dataOf(account, 0n, 0n),
        },
      ]
    default:
      return [
        {
          address,
          topics: [SWAP_V3, topicOf(account), topicOf(account)],
          data: dataOf(
            amount,
            -random.bits(20),
            random.bits(100) + (1n << 90n),
            random.bits(100),
            BigInt(random.int(1000)) - 500n,
          ),
        },
      ]
  }
}

const bitsOf = createBloomBits(keccak)
const hashHeader = createHeaderHash(keccak)

export function bloomOf(logs: readonly Draft[]): Hex {
  let bloom = 0n
  for (const log of logs)
    for (const item of [log.address, ...log.topics])
      for (const bit of bitsOf(item)) bloom |= 1n << BigInt(bit)
  return `0x${bloom.toString(16).padStart(512, '0')}`
}

/** Puts drafts into transactions of one to four logs, and all of it into a block that proves itself. */
async function seal(
  random: Random,
  number: number,
  parent: FakeBlock | undefined,
  drafts: readonly Draft[],
): Promise<FakeBlock> {
  const groups: Draft[][] = []
  for (const draft of drafts) {
    const group = groups.at(-1)
    if (group && group.length < 4 && random.chance(0.6)) group.push(draft)
    else groups.push([draft])
  }
  const unplaced = groups.map((group, transactionIndex) => ({
    transactionIndex,
    transactionHash: keccak(`0x${random.bits(256).toString(16).padStart(64, '0')}`),
    type: 2,
    status: 1,
    cumulativeGasUsed: BigInt((transactionIndex + 1) * 21_000),
    logsBloom: bloomOf(group),
    logs: group,
  }))
  const root = await receiptsRoot(unplaced as unknown as Receipt[])
  const fields = {
    parentHash: parent?.header.hash ?? (`0x${'0'.repeat(64)}` as const),
    sha3Uncles: keccak('0xc0'),
    miner: addressOf(0),
    stateRoot: keccak(`0x${random.bits(256).toString(16).padStart(64, '0')}`),
    transactionsRoot: keccak('0x80'),
    receiptsRoot: root,
    logsBloom: bloomOf(drafts),
    difficulty: '0x0',
    number: `0x${number.toString(16)}`,
    gasLimit: '0x1c9c380',
    gasUsed: '0x0',
    timestamp: `0x${(GENESIS_TIME + number * BLOCK_SECONDS).toString(16)}`,
    extraData: '0x',
    mixHash: keccak('0x'),
    nonce: '0x0000000000000000',
    baseFeePerGas: '0x7',
  }
  const hash = hashHeader(fields) as Hash
  let logIndex = 0
  const receipts = unplaced.map((receipt): Receipt => ({
    ...receipt,
    logs: receipt.logs.map((draft): RawLog => ({
      ...draft,
      blockNumber: number,
      blockHash: hash,
      transactionHash: receipt.transactionHash,
      transactionIndex: receipt.transactionIndex,
      logIndex: logIndex++,
    })),
  }))
  return {
    header: {
      number,
      hash,
      parentHash: fields.parentHash,
      timestamp: GENESIS_TIME + number * BLOCK_SECONDS,
      receiptsRoot: root,
      logsBloom: fields.logsBloom,
      hashProven: true,
    },
    fields: { ...fields, hash },
    receipts,
    logs: receipts.flatMap((receipt) => receipt.logs),
  }
}

/** The block of a chain at a height; none below its beginning. */
export function refAt({ blocks }: Pick<FakeChain, 'blocks'>, number: number): BlockRef {
  const header = blocks[number]?.header
  return header ? { number, hash: header.hash } : BEFORE_GENESIS
}
