import type { Hash } from '#core/chain.ts'
import type { HeadEntry } from '#core/history/head.ts'
import type { HeadLog } from '#core/history/ports.ts'
import { batchesOf } from './batches.ts'
import type { Collections, HeadDocument } from './collections.ts'

/** Numbers that one query asks for. */
const NUMBERS_BATCH = 1_000

export const createMongoHeadLog = ({ heads, upkeep, blocks, canonical }: Collections): HeadLog => ({
  async latest(chainId) {
    const newest = await heads.findOne({ chainId }, { sort: { move: -1 }, hint: 'byMove' })
    return newest ? entryOf(newest) : undefined
  },
  async since(chainId, fromMove) {
    const entries = await heads
      .find({ chainId, move: { $gte: fromMove } }, { sort: { move: 1 }, hint: 'byMove' })
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
  async blocks(chainId, from, to) {
    const stored = await blocks
      .find(
        { chainId, number: { $gte: from, $lte: to } },
        { sort: { number: 1 }, hint: 'byNumber' },
      )
      .toArray()
    return stored.map(({ number, hash, parentHash }) => ({ number, hash, parentHash }))
  },
  async canonicalHashes(chainId, numbers) {
    const hashes = new Map<number, Hash>()
    for (const batch of batchesOf(numbers, NUMBERS_BATCH)) {
      const ids = batch.map((number) => `${chainId}:${number}`)
      for await (const { number, hash } of canonical.find({ _id: { $in: ids } }))
        hashes.set(number, hash)
    }
    return hashes
  },
})

function entryOf({ _id, ...entry }: HeadDocument): HeadEntry {
  return entry
}
