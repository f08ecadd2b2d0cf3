import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import type { BlockRef, Hash } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import {
  BEFORE_GENESIS,
  type BlockSource,
  type LogFilter,
  type RawLog,
  type SourceHeader,
} from '#core/indexing/ports.ts'
import type { NodeBlock } from '../fakes/fake-chain.ts'
import { plainLog } from '../fakes/plain-logs.ts'

/** A chain that can be told what to do, and two nodes of it. */
export type BlockSourceHarness = {
  readonly chainId: number
  /** How many blocks below the newest are not final. */
  readonly finality: number
  /** What the chain holds, by number from 0, told by something other than the source. */
  blocks(): Promise<readonly NodeBlock[]>
  /** So many blocks, each with a log at least. */
  mine(count: number): Promise<void>
  /** Others in place of the newest two, and one more. */
  fork(): Promise<void>
  /** A source over both nodes, which knows nothing yet. */
  connect(): BlockSource
  /** The nodes that do not answer from now on: 0 is the one named first. */
  setAway(nodes: readonly number[]): void
  dispose(): Promise<void>
}

const receiptsRoot = createReceiptsRoot(keccakBytes)
/** Headers and logs are fetched in portions: more blocks than fit into one. */
const BLOCKS_MIN = 130

/**
 * What every source of blocks does, wherever the blocks come from. A log may have more fields than the port names:
 * there are millions of them, which are better not copied.
 */
export function blockSourceContract(name: string, open: () => Promise<BlockSourceHarness>): void {
  describe(`block source: ${name}`, () => {
    let harness: BlockSourceHarness
    let source: BlockSource
    let blocks: readonly NodeBlock[]
    let head: NodeBlock

    beforeAll(async () => {
      harness = await open()
      const { length } = await harness.blocks()
      if (length < BLOCKS_MIN) await harness.mine(BLOCKS_MIN - length)
    })
    afterAll(() => harness.dispose())
    beforeEach(async () => {
      source = harness.connect()
      blocks = await harness.blocks()
      head = blocks.at(-1) as NodeBlock
    })
    afterEach(() => harness.setAway([]))

    const refOf = ({ header: { number, hash } }: NodeBlock): BlockRef => ({ number, hash })
    const all = () => ({ from: 0, to: head.header.number })
    const logs = () => blocks.flatMap((block) => block.logs)

    test('tells the chain, its newest block, and the newest that is final', async () => {
      expect(await source.chainId()).toBe(harness.chainId)
      expect(await source.head()).toEqual({
        latest: { ...refOf(head), timestamp: head.header.timestamp },
        finalized: refOf(blocks[head.header.number - harness.finality] as NodeBlock),
      })
      expect(source.providerCount).toBe(2)
    })

    test('says whether blocks are on one branch, and of no more than it has', async () => {
      const at = (number: number): BlockRef => refOf(blocks[number] as NodeBlock)
      const other = (number: number): BlockRef => ({ number, hash: `0x${'ab'.repeat(32)}` })
      const top = head.header.number
      expect(await source.onOneBranch([])).toBe(true)
      expect(await source.onOneBranch([at(3), at(top), at(top - 2)])).toBe(true)
      expect(await source.onOneBranch([at(top), at(top), BEFORE_GENESIS])).toBe(true)
      expect(await source.onOneBranch([other(3), at(top)])).toBe(false)
      expect(await source.onOneBranch([at(top), at(3), other(top - 1)])).toBe(false)
      expect(await failureOf(source.onOneBranch([at(3), other(top)]))).toBe('unavailable')
      expect(await failureOf(source.onOneBranch([at(3), other(top + 1)]))).toBe('unavailable')
    })

    test('gives all headers of a range, ascending, both ends included', async () => {
      for (const { from, to } of [all(), { from: 5, to: 5 }, { from: 3, to: 120 }]) {
        const { value } = await source.headers({ from, to })
        expect(value.map(unproven)).toEqual(
          blocks.slice(from, to + 1).map(({ header }) => unproven(header)),
        )
        expect(value.map(({ hashProven }) => hashProven)).not.toContain(false)
      }
    })

    test('gives the logs of the topics, of all contracts or of those named, in their order', async () => {
      const topics = [...new Set(logs().map((log) => log.topics[0] as Hash))]
      const addresses = [...new Set(logs().map((log) => log.address))]
      expect([topics.length > 2, addresses.length > 2]).toEqual([true, true])
      const filters: LogFilter[] = [
        { topics },
        { topics: topics.slice(0, 1) },
        { topics: topics.slice(1, 3), addresses: addresses.slice(0, 2) },
        { topics, addresses: addresses.slice(1) },
      ]
      for (const filter of filters) {
        const expected = logs().filter((log) => matches(filter, log))
        const { value: found } = await source.logs(all(), filter)
        expect(found.map(plainLog)).toMatchObject(expected)
        const { blockNumber: number } = expected.at(-1) as RawLog
        const { value } = await source.logs({ from: number, to: number }, filter)
        const last = expected.filter((log) => log.blockNumber === number)
        expect(value.map(plainLog)).toMatchObject(last)
      }
    })

    test('gives no logs where there are none', async () => {
      const unknown: Hash = `0x${'ab'.repeat(32)}`
      expect((await source.logs(all(), { topics: [unknown] })).value).toEqual([])
    })

    test('gives all receipts of a block, with all their logs, from which its root follows', async () => {
      for (const block of blocks.slice(-10)) {
        const { value } = await source.receipts(refOf(block))
        const plain = value.map((each) => ({ ...each, logs: each.logs.map(plainLog) }))
        expect(plain).toMatchObject(block.receipts)
        expect(await receiptsRoot(value)).toBe(block.header.receiptsRoot)
      }
    })

    test('is unavailable for what is not there yet', async () => {
      const beyond = head.header.number + 1
      for (const question of [
        () => source.headers({ from: beyond, to: beyond }),
        () => source.headers({ from: beyond - 1, to: beyond }),
        () => source.receipts({ number: beyond, hash: head.header.hash }),
      ])
        expect(await failureOf(question())).toBe('unavailable')
    })

    test('follows a chain that grows, and one that is reorganised', async () => {
      await source.head()
      await harness.mine(2)
      const grown = await harness.blocks()
      expect((await source.head()).latest).toMatchObject(refOf(grown.at(-1) as NodeBlock))
      await harness.fork()
      const forked = await harness.blocks()
      expect((await source.head()).latest).toMatchObject(refOf(forked.at(-1) as NodeBlock))
      const from = grown.length - 3
      const { value } = await source.headers({ from, to: forked.length - 1 })
      expect(value.map(unproven)).toEqual(forked.slice(from).map(({ header }) => unproven(header)))
      expect(value[0]?.hash).toBe(grown[from]?.header.hash)
      expect(value[1]?.hash).not.toBe(grown[from + 1]?.header.hash)
    })

    test('asks the other node when one does not answer, and fails when neither does', async () => {
      const { provider } = await source.headers({ from: 1, to: 1 })
      harness.setAway([0])
      const other = await source.headers({ from: 1, to: 1 })
      expect(other.provider).not.toBe(provider)
      expect(other.value.map(({ hash }) => hash)).toEqual([blocks[1]?.header.hash])
      expect((await source.head()).latest).toMatchObject(refOf(head))
      harness.setAway([0, 1])
      expect(await failureOf(source.head())).toBe('unavailable')
      expect(await failureOf(source.headers({ from: 1, to: 1 }))).toBe('unavailable')
    })

    test('prefers the node that has not been distrusted', async () => {
      const { provider } = await source.receipts(refOf(head))
      source.distrust(provider, 'its receipts prove nothing')
      const other = await source.receipts(refOf(head))
      expect(other.provider).not.toBe(provider)
      expect((await source.headers({ from: 1, to: 1 })).provider).toBe(other.provider)
      expect((await source.logs({ from: 1, to: 1 }, { topics: [] })).provider).toBe(other.provider)
      // Better than nobody.
      harness.setAway([1])
      expect((await source.receipts(refOf(head))).provider).toBe(provider)
    })
  })
}

/** Whether a hash follows from its header is the chain's profile: known or not, but never wrong. */
const unproven = (header: SourceHeader): SourceHeader => ({ ...header, hashProven: null })

const matches = ({ topics, addresses }: LogFilter, log: RawLog): boolean =>
  topics.includes(log.topics[0] as Hash) && (!addresses || addresses.includes(log.address))

async function failureOf(question: Promise<unknown>): Promise<string> {
  try {
    await question
    return 'answered'
  } catch (error) {
    return isAppError(error) ? error.kind : String(error)
  }
}
