import type { BlockRef } from '#core/chain.ts'
import { type CommitId, type DerivedRef, type HeadEntry, headOf } from '#core/history/head.ts'
import type { HeadLog } from '#core/history/ports.ts'
import { asOneAnswer, type SeenSoFar } from './answer-session.ts'
import { batchesOf } from './batches.ts'
import type { Collections, HeadDocument } from './collections.ts'
import { blockId } from './event-table.ts'
import { whileHeld } from './holds.ts'

/** Commits that one query asks for. */
const COMMITS_BATCH = 1_000

export function createMongoHeadLog({
  client,
  heads,
  holds,
  upkeep,
  blocks,
  settled,
}: Collections): HeadLog {
  const seen: SeenSoFar = {}

  async function findBlock(chainId: number, ref: DerivedRef): Promise<BlockRef | undefined> {
    const block = await blocks.findOne({ _id: blockId(chainId, ref) })
    return block ? { number: block.number, hash: block.hash } : undefined
  }

  async function findSettled(chainId: number, commits: readonly CommitId[]): Promise<CommitId[]> {
    const found: CommitId[] = []
    for (const batch of batchesOf(commits, COMMITS_BATCH)) {
      const ids = batch.map((commit) => `${chainId}:${commit}`)
      const documents = await settled.find({ _id: { $in: ids } }).toArray()
      for (const { commit } of documents) found.push(commit)
    }
    return found
  }

  async function latest(chainId: number): Promise<HeadEntry | undefined> {
    const newest = await heads.findOne({ chainId }, { sort: { move: -1 }, hint: 'byMove' })
    return newest ? entryOf(newest) : undefined
  }

  return {
    latest,
    async since(chainId, fromMove, limit = 0) {
      const entries = await heads
        .find({ chainId, move: { $gte: fromMove } }, { sort: { move: 1 }, hint: 'byMove', limit })
        .toArray()
      return entries.map(entryOf)
    },
    async upkeep(chainId) {
      const marks = await upkeep.findOne({ _id: `${chainId}` })
      return {
        settledTo: marks?.settledTo ?? -1,
        sweptTo: marks?.sweptTo ?? -1,
        cleanTo: marks?.cleanTo ?? -1,
      }
    },
    settled: findSettled,
    async settledBlock(chainId, number) {
      const around = await settled.findOne(
        { chainId, to: { $gte: number } },
        { sort: { to: 1 }, hint: 'byBlock' },
      )
      if (!around || around.from > number) return undefined
      return findBlock(chainId, { number, commit: around.commit })
    },
    async blocks(chainId, { from, to }) {
      const found = await blocks
        .find(
          { chainId, number: { $gte: from, $lte: to } },
          { sort: { number: 1 }, hint: 'byNumber' },
        )
        .toArray()
      return found.map(({ number, hash, commit }) => ({ number, hash, commit }))
    },
    block: findBlock,
    asOneAnswer: (read) => asOneAnswer(client(), seen, read),
    asOneView: (chainId, read) =>
      asOneAnswer(client(), seen, async () => {
        // The head may go back, or the first one come, before it is taken; it never goes below what is final.
        const final = (await latest(chainId))?.finalized.number ?? -1
        return whileHeld(holds, chainId, final, read)
      }),
  }
}

/** Versions of Halyard before those that name projections wrote none: they are told by that. */
function entryOf({ _id, ...entry }: HeadDocument): HeadEntry {
  return headOf({ ...entry, projections: (entry as Partial<HeadEntry>).projections ?? {} })
}
