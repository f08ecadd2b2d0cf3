import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import type { Address, BlockRef, Hash, Hex } from '#core/chain.ts'
import { createBloomBits } from '#core/indexing/bloom.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import {
  BEFORE_GENESIS,
  type RawLog,
  type Receipt,
  type SourceHeader,
} from '#core/indexing/ports.ts'
import type { Source } from '#core/catalogue.ts'
import { type Act, type Draft, draftOf } from '../oracle/acts.ts'
import type { ActedBlock } from '../oracle/naive-model.ts'
import { addressOf } from './encode.ts'
import { createRandom, type Random } from './random.ts'

const receiptsRoot = createReceiptsRoot(keccakBytes)

/** A block with everything that a node would tell of it, true to its hash, bloom and receiptsRoot. */
export type NodeBlock = {
  readonly header: SourceHeader
  /** The header's fields and hash as JSON-RPC has them, where this block was made up. */
  readonly fields?: Readonly<Record<string, string>>
  readonly receipts: readonly Receipt[]
  readonly logs: readonly RawLog[]
}

export type FakeBlock = NodeBlock & {
  /** What its logs say, one act a log: what the naive model is told. */
  readonly acts: readonly Act[]
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

type FakePool = { readonly address: Address; readonly version: 2 | 3; readonly number: number }

const BLOCK_SECONDS = 12
const GENESIS_TIME = 1_700_000_000
const timeOf = (number: number): number => GENESIS_TIME + number * BLOCK_SECONDS
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
  options: {
    readonly maxLogs?: number
    /** The timestamp of a block; twelve seconds apart unless given. */
    readonly timeOf?: (number: number) => number
  } = {},
): FakeChain {
  const blocks: FakeBlock[] = []
  const pools: FakePool[] = []
  let branch = 0

  async function mine(count: number): Promise<void> {
    for (let left = count; left > 0; left--) {
      const number = blocks.length
      const random = createRandom(seed * 1_000_003 + branch * 7_919 + number)
      const acts = makeActs(random, number, pools, options.maxLogs ?? 8)
      const timestamp = (options.timeOf ?? timeOf)(number)
      blocks.push(await seal(random, { number, timestamp }, blocks.at(-1), acts))
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
  level: 'receipts',
})

function makeActs(random: Random, number: number, pools: FakePool[], maxLogs: number): Act[] {
  const acts: Act[] = []
  const create = (version: 2 | 3): void => {
    const pool = addressOf(0x10_0000 + number * 16 + pools.length)
    const [token0, token1] = [addressOf(3 + random.int(4)), addressOf(9 + random.int(4))]
    const tokens = { token0, token1 }
    if (version === 2)
      acts.push({ act: 'create', factory: fakeFactoryV2, pool, ...tokens, terms: null })
    else {
      const terms = { feePips: 500, tickSpacing: 10 }
      acts.push({ act: 'create', factory: fakeFactoryV3, pool, ...tokens, terms })
      acts.push({ act: 'initialize', pool, price: { sqrtPriceX96: 1n << 96n, tick: 0 } })
    }
    pools.push({ address: pool, version, number })
  }
  if (number === 1) {
    create(2)
    create(3)
  } else if (number > 1 && random.chance(0.08)) create(random.chance(0.5) ? 2 : 3)
  const count = random.int(maxLogs + 1)
  while (acts.length < count) acts.push(...makeActivity(random, pools))
  return acts
}

function makeActivity(random: Random, pools: readonly FakePool[]): Act[] {
  const account = (): Address => random.pick(ACCOUNTS)
  const kind = random.int(10)
  if (kind === 0) return [{ act: 'foreign', contract: FOREIGN }]
  if (kind === 1) return [{ act: 'malformed', contract: fakeErc1155 }]
  if (kind === 2) {
    const [from, to, tokenId] = [account(), account(), BigInt(random.int(12))]
    return [{ act: 'transfer721', collection: fakeErc721, from, to, tokenId }]
  }
  if (kind === 3) return [transfer1155(random, account(), account())]
  const pool = random.pick([...pools, { address: fakeListedPool, version: 2 as const }])
  return pool.version === 2 ? actV2(random, pool.address) : actV3(random, pool.address)
}

function transfer1155(random: Random, from: Address, to: Address): Act {
  const isBatch = !random.chance(0.5)
  const ids = Array.from({ length: isBatch ? 2 : 1 }, () => BigInt(random.int(4)))
  const tokens = ids.map((tokenId) => ({ tokenId, amount: random.bits(random.pick([1, 8, 255])) }))
  return {
    act: 'transfer1155',
    collection: fakeErc1155,
    operator: from,
    from,
    to,
    isBatch,
    tokens,
  }
}

function actV2(random: Random, pool: Address): Act[] {
  const account = random.pick(ACCOUNTS)
  const sync: Act = {
    act: 'sync',
    pool,
    reserves: [random.bits(100) + 1n, random.bits(100) + 1n],
  }
  const amount = random.bits(64)
  const parties = { sender: account, recipient: account }
  switch (random.int(4)) {
    case 0:
      return [sync, { act: 'mintV2', pool, sender: account, amounts: [amount, amount] }]
    case 1:
      return [sync, { act: 'burnV2', pool, ...parties, amounts: [amount, amount] }]
    default:
      return [
        sync,
        random.chance(0.5)
          ? { act: 'swapV2', pool, ...parties, came: [amount, 0n], went: [0n, random.bits(64)] }
          : { act: 'swapV2', pool, ...parties, came: [0n, amount], went: [random.bits(64), 0n] },
      ]
  }
}

function actV3(random: Random, pool: Address): Act[] {
  const account = random.pick(ACCOUNTS)
  const range = { lower: -100 * random.int(9), upper: 100 + random.int(900) }
  const amount = random.bits(64)
  const position = { pool, owner: account, range }
  switch (random.int(5)) {
    case 0:
      return [{ act: 'mintV3', ...position, liquidity: amount, amounts: [amount, amount] }]
    case 1:
      return [
        { act: 'burnV3', ...position, liquidity: 0n, amounts: [0n, 0n] },
        { act: 'collectV3', ...position, recipient: account, amounts: [0n, 0n] },
      ]
    default:
      return [swapV3(random, pool, account, amount)]
  }
}

function swapV3(random: Random, pool: Address, account: Address, amount: bigint): Act {
  const moved = [amount, -random.bits(20)] as const
  const sqrtPriceX96 = random.bits(100) + (1n << 90n)
  const liquidity = random.bits(100)
  const tick = random.int(1000) - 500
  const parties = { sender: account, recipient: account }
  return { act: 'swapV3', pool, ...parties, moved, price: { sqrtPriceX96, tick }, liquidity }
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
export async function seal(
  random: Random,
  { number, timestamp = timeOf(number) }: { readonly number: number; readonly timestamp?: number },
  parent: FakeBlock | undefined,
  acts: readonly Act[],
): Promise<FakeBlock> {
  const drafts = acts.map(draftOf)
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
    timestamp: `0x${timestamp.toString(16)}`,
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
      timestamp,
      receiptsRoot: root,
      logsBloom: fields.logsBloom,
      hashProven: true,
    },
    fields: { ...fields, hash },
    receipts,
    logs: receipts.flatMap((receipt) => receipt.logs),
    acts,
  }
}

/** A block as the naive model takes it. */
export const actedOf = ({ header, logs, acts }: FakeBlock): ActedBlock => ({
  number: header.number,
  hash: header.hash,
  timestamp: header.timestamp,
  acts,
  places: logs,
})

/** The block of a chain at a height; none below its beginning. */
export function refAt({ blocks }: Pick<FakeChain, 'blocks'>, number: number): BlockRef {
  const header = blocks[number]?.header
  return header ? { number, hash: header.hash } : BEFORE_GENESIS
}
