import type { Address, BlockRef, Hash } from '#core/chain.ts'
import type { Source } from '#core/catalogue.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import type { Random } from '../fakes/random.ts'
import { type Act, draftOf } from '../oracle/acts.ts'
import type { ActedBlock } from '../oracle/naive-model.ts'
import { makeTransactions, sources } from './activity.ts'
import { makeWideTransactions, wideSources } from './wide-activity.ts'

/** A block of a tree of blocks. */
export type WorldBlock = ActedBlock & {
  readonly hash: Hash
  readonly parent: WorldBlock | undefined
  readonly proven: ProvenBlock
}

/** The blocks of a branch, by number from 0. */
export type Branch = readonly WorldBlock[]

/** A chain that grows, forks, and goes back to branches that it has left, but never below what is final. */
export type World = {
  /** What is indexed of it. */
  readonly sources: readonly Source[]
  /** Whether it has more than pairs, pools of V3 and NFTs. */
  readonly isWide: boolean
  /** The branch that counts now. */
  readonly branch: () => Branch
  /** Its newest block that is final; -1: none. It never falls. */
  readonly finalized: () => number
  readonly block: (hash: Hash) => WorldBlock | undefined
  /** A tip that was left, or the present one. */
  readonly someTip: () => WorldBlock
  mine(count: number): void
  /** Goes on until the branch is longer than any other has ever been, so that every node believes in it. */
  outgrow(): void
  /** Something happens. */
  change(): void
}

export type WorldShape = {
  /** So many blocks above the newest final one. */
  readonly finality: number
  readonly actsMax: number
  /** A pool of the same address may have other tokens on another branch. */
  readonly wanders: boolean
  /** Tokens, positions and Uniswap V4 are followed too. */
  readonly isWide: boolean
}

const NO_HASH: Hash = `0x${'0'.repeat(64)}`
const GENESIS_TIME = 1_700_000_000
/** Apart enough that several minutes, and close enough that several blocks of one minute, come about. */
const BLOCK_SECONDS = 25

export function createWorld(random: Random, shape: WorldShape): World {
  const happen = shape.isWide ? makeWideTransactions : makeTransactions
  const blocks = new Map<Hash, WorldBlock>()
  const tips: WorldBlock[] = []
  let branch: WorldBlock[] = []
  let finalized = -1

  function mine(count: number): void {
    // A list of its own: nodes keep the branch that they have been told of.
    branch = branch.slice()
    for (let left = count; left > 0; left--) {
      const block = sealBlock(random, branch.at(-1), happen(random, branch, shape), blocks.size)
      blocks.set(block.hash, block)
      branch.push(block)
    }
    finalized = Math.max(finalized, branch.length - 1 - shape.finality)
  }

  /** Leaves up to all that is not final for another branch, which may be shorter for a while. */
  function fork(): void {
    const depth = branch.length - 1 - Math.max(finalized, 0)
    if (depth <= 0) return
    tips.push(branch.at(-1) as WorldBlock)
    branch = branch.slice(0, branch.length - 1 - random.int(depth))
    mine(1 + random.int(3))
  }

  function goBack(): void {
    const tip = tips.length > 0 ? random.pick(tips) : undefined
    const path = tip && pathTo(tip)
    if (!path || (finalized >= 0 && path[finalized]?.hash !== branch[finalized]?.hash)) return
    tips.push(branch.at(-1) as WorldBlock)
    branch = path
    if (random.chance(0.5)) mine(1)
  }

  mine(2 + random.int(5))
  return {
    sources: shape.isWide ? wideSources : sources,
    isWide: shape.isWide,
    branch: () => branch,
    finalized: () => finalized,
    block: (hash) => blocks.get(hash),
    someTip: () => random.pick([...tips, branch.at(-1) as WorldBlock]),
    mine,
    outgrow() {
      const highest = Math.max(...[...blocks.values()].map(({ number }) => number))
      mine(highest + 2 - branch.length)
    },
    change() {
      const what = random.next()
      if (what < 0.55) mine(1 + random.int(2))
      else if (what < 0.78) fork()
      else goBack()
    },
  }
}

/** Blocks from the first up to this one. */
export function pathTo(tip: WorldBlock): WorldBlock[] {
  const path: WorldBlock[] = []
  for (let block: WorldBlock | undefined = tip; block; block = block.parent) path.push(block)
  return path.toReversed()
}

export const refOf = ({ number, hash }: WorldBlock): BlockRef => ({ number, hash })

/** Puts transactions, each of which is a few acts, into a block. */
function sealBlock(
  random: Random,
  parent: WorldBlock | undefined,
  transactions: readonly (readonly Act[])[],
  serial: number,
): WorldBlock {
  const number = parent ? parent.number + 1 : 0
  const parentHash = parent?.hash ?? NO_HASH
  const timestamp = GENESIS_TIME + number * BLOCK_SECONDS + random.int(BLOCK_SECONDS)
  const hash = sha256(`${parentHash} ${number} ${serial}`)
  const acts = transactions.flat()
  const indexes = transactions.flatMap((its, index) => its.map(() => index))
  const logs = acts.map((act, logIndex): RawLog => {
    const transactionIndex = indexes[logIndex] as number
    const transactionHash = sha256(`${hash} ${transactionIndex}`)
    const place = { blockNumber: number, blockHash: hash, transactionHash, transactionIndex }
    return { ...draftOf(act), ...place, logIndex }
  })
  const header = {
    number,
    hash,
    parentHash,
    timestamp,
    receiptsRoot: NO_HASH,
    logsBloom: '0x' as Address,
    hashProven: true,
  }
  return {
    number,
    hash,
    timestamp,
    acts,
    places: logs,
    parent,
    proven: { header, logs, level: 'receipts' },
  }
}
