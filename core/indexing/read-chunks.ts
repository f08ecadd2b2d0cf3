import type { Address, BlockRange, BlockRef } from '#core/chain.ts'
import type { ProofLevel } from '#core/history/proof.ts'
import type { Admission } from './admission.ts'
import { type Commitments, ETHEREUM_COMMITMENTS } from './chain-profiles.ts'
import { type ChunkSize, createChunkPlan } from './chunk-plan.ts'
import { type ConfirmFinal, createConfirmFinal } from './confirm-final.ts'
import { createdIn, createDiscovery } from './discover-contracts.ts'
import { createFetchProven, type FetchPorts, type FetchProven } from './fetch-proven.ts'
import {
  type Demand,
  levelAskedFor,
  policyFor,
  type ProofMode,
  type ProofPolicy,
} from './proof-policy.ts'
import type { BlockSource } from './ports.ts'
import { filterOf, type LogScope, missingIn, unionOf } from './raw/log-scope.ts'
import {
  createObtainBlocks,
  mergeBlocks,
  type ObtainBlocks,
  type RawLayer,
} from './raw/obtain-blocks.ts'
import { gapsIn, partsOf } from './raw/kept-parts.ts'
import type { RawBlock, SegmentHead } from './raw/segment.ts'

/** What reading a chain's blocks takes. */
export type ReadPorts = {
  readonly source: BlockSource
  /** Undefined where proven logs are not kept. */
  readonly raw: RawLayer | undefined
}

export type ChunkReading = {
  readonly ports: ReadPorts
  readonly chainId: number
  readonly admission: Admission
  readonly fetchProven: FetchProven
  readonly policy: ProofPolicy
  /** What the chain's headers commit to; undefined: as on Ethereum. */
  readonly commits: Commitments | undefined
  /** The number of the newest final block. */
  readonly finalized: number
  readonly confirmFinal: ConfirmFinal
  /** What is known of how long chunks should be; left out: nothing, and nobody is to know. */
  readonly chunkSize?: ChunkSize
  /** Resolves when a block may be read, with the last one of which that is known. */
  readonly until?: (number: number) => Promise<number>
  /**
   * Told of blocks that are not kept, since they are not final or nothing is, with what was asked for of them and the
   * level that they were asked to have.
   */
  readonly onOpen?: (scope: LogScope, blocks: readonly RawBlock[], level: ProofLevel) => void
}

/**
 * How a run reads blocks whose finality it has asked for once.
 *
 * @param finalized the newest final block
 */
export const readingOf = (
  ports: ReadPorts & FetchPorts,
  { chainId, proof, commits }: ProofSetting,
  admission: Admission,
  finalized: BlockRef,
): ChunkReading => ({
  ports,
  chainId,
  admission,
  fetchProven: createFetchProven(ports, commits),
  policy: policyFor(proof, finalized.number),
  commits,
  finalized: finalized.number,
  confirmFinal: createConfirmFinal(ports.source, finalized),
})

/** Which chain, and how its blocks are proven. */
export type ProofSetting = {
  readonly chainId: number
  readonly proof: ProofMode
  /** What the chain's headers commit to; left out: as on Ethereum. */
  readonly commits?: Commitments
}

/** Chunks being read while another is used. */
const CHUNKS_AHEAD = 3
/**
 * So few blocks at the head of the chain are not asked for creations first: most have none, and a follower would wait for
 * its node once more for each. Those of a block that has one are found in it, and it is asked for a second time.
 */
const FEW_BLOCKS = 8
/** Blocks whose segments are listed at once. */
const LISTED_BLOCKS = 50_000

type Chunk = {
  readonly range: BlockRange
  readonly scope: LogScope
  readonly blocks: readonly RawBlock[]
}

/**
 * Proven blocks of ranges in order, chunk by chunk, each with all logs of the contracts that are followed and of those
 * that were created up to its end; from the raw layer where they are kept. The next few chunks are read while one is
 * used.
 */
export async function* readChunks(
  reading: ChunkReading,
  ranges: readonly BlockRange[],
): AsyncGenerator<readonly RawBlock[]> {
  const { ports, chainId, finalized, confirmFinal } = reading
  const demand = demandOf(reading)
  const obtain = createObtainBlocks(
    {
      raw: ports.raw,
      fetch: (range, scope) => reading.fetchProven(range, filterOf(scope), reading.policy),
      confirmFinal: async (last) => void (await confirmFinal(last)),
    },
    chainId,
    finalized,
    demand,
  )
  const created: Address[] = []
  for await (const chunk of readAhead(reading, obtain, ranges)) {
    const { scopes, blocks } = await completed(reading, obtain, chunk, created)
    const keptTo = ports.raw ? finalized : -1
    const open = reading.onOpen ? blocks.filter(({ header }) => header.number > keptTo) : []
    const [first] = open
    if (first) reading.onOpen?.(unionOf(scopes), open, demand(first.header.number))
    yield blocks
  }
}

/** Where no node can be asked, what is kept has to do. */
const demandOf =
  ({ ports, commits = ETHEREUM_COMMITMENTS, policy }: ChunkReading): Demand =>
  (number) =>
    ports.source.onlyKept ? 'unverified' : levelAskedFor(commits, policy, number)

async function* readAhead(
  reading: ChunkReading,
  obtain: ObtainBlocks,
  ranges: readonly BlockRange[],
): AsyncGenerator<Chunk> {
  const plan = createChunkPlan(ranges, reading.chunkSize)
  const listing = createListing(reading)
  const demand = demandOf(reading)
  const discovery = createDiscovery(reading.admission, async (range, scope) => {
    if (isOpen(reading, range) && range.to - range.from < FEW_BLOCKS) return undefined
    const heads = await listing.of(range)
    if (heads.length > 0 && gapsIn(partsOf(range, scope, heads, demand)).length === 0)
      return undefined
    const { value } = await reading.ports.source.logs(range, filterOf(scope))
    return value
  })
  const read = async (range: BlockRange): Promise<Chunk> => {
    const scope = await discovery.scopeFor(range)
    return { range, scope, blocks: await obtain(range, scope) }
  }
  const ahead: Promise<Chunk>[] = []
  for (;;) {
    while (ahead.length < CHUNKS_AHEAD) {
      const start = plan.start()
      if (start === undefined) break
      const atMost = await reading.until?.(start)
      // What is kept is read as it was kept, so that no segment is read for two chunks.
      const range = plan.next(await listing.endAt(start), atMost)
      if (!range) break
      const chunk = read(range)
      // Whoever awaits it hears of its failure; if nobody does any more, nobody needs to.
      chunk.catch(() => undefined)
      ahead.push(chunk)
    }
    const first = ahead.shift()
    if (!first) return
    const chunk = await first
    plan.learn(
      chunk.blocks.length,
      chunk.blocks.reduce((sum, { logs }) => sum + logs.length, 0),
    )
    yield chunk
  }
}

/**
 * A chunk was asked for with the contracts known at that time. Where its own blocks, or those before, created one that
 * was not asked for, its logs are added: a pool may trade in the block that creates it.
 *
 * @param created the contracts that the blocks so far have created; this chunk's are added
 */
async function completed(
  reading: ChunkReading,
  obtain: ObtainBlocks,
  { range, scope, blocks }: Chunk,
  created: Address[],
): Promise<{ readonly scopes: readonly LogScope[]; readonly blocks: readonly RawBlock[] }> {
  const { admission } = reading
  // Of open blocks others may have come in the place of some meanwhile, and only the logs of one answer are held against one
  // another.
  const isJoined = reading.ports.raw !== undefined && !isOpen(reading, range)
  const held = [scope]
  let complete = blocks
  let fresh = blocks
  for (;;) {
    created.push(...createdIn(admission, fresh))
    const missing = missingIn(admission.scope(created), held)
    if (missing.size === 0) return { scopes: held, blocks: complete }
    held.push(missing)
    // Every pass may reveal another contract; most need none.
    fresh = await obtain(range, isJoined ? missing : unionOf(held))
    complete = isJoined ? mergeBlocks(range, [complete, fresh]) : fresh
  }
}

/** Whether none of these blocks is final. */
const isOpen = ({ finalized }: ChunkReading, { from }: BlockRange): boolean => from > finalized

/** The segments that are kept, listed many blocks at a time; a hint, since others may add some meanwhile. */
function createListing({ ports: { raw }, chainId, finalized, until }: ChunkReading) {
  let listed: { readonly range: BlockRange; readonly heads: Promise<SegmentHead[]> } | undefined

  function list(from: number, store: RawLayer['store']): Promise<SegmentHead[]> {
    if (!listed || from < listed.range.from || from > listed.range.to) {
      const range = { from, to: from + LISTED_BLOCKS - 1 }
      listed = { range, heads: store.list(chainId, range) }
    }
    return listed.heads
  }

  return {
    /** Those that have a block of a range. */
    async of(range: BlockRange): Promise<SegmentHead[]> {
      if (!raw || range.to > finalized) return []
      const heads = await list(range.from, raw.store)
      return heads.filter(({ from, to }) => from <= range.to && range.from <= to)
    },
    /** Where the shortest segment ends that has this block; undefined where none has. */
    async endAt(number: number): Promise<number | undefined> {
      if (!raw || number > finalized) return undefined
      const ends = endsAt(number, await list(number, raw.store))
      if (ends.length > 0 || !until) return least(ends)
      // Others add segments meanwhile.
      listed = undefined
      return least(endsAt(number, await list(number, raw.store)))
    },
  }
}

const endsAt = (number: number, heads: readonly SegmentHead[]): number[] =>
  heads.filter(({ from, to }) => from <= number && number <= to).map(({ to }) => to)

const least = (numbers: readonly number[]): number | undefined =>
  numbers.length > 0 ? Math.min(...numbers) : undefined
