import type { BlockRef } from '#core/chain.ts'
import type { ChainWriter } from '#core/indexing/ports.ts'
import { batchesOf } from './batches.ts'
import type { Collections } from './collections.ts'
import { isDuplicate } from './errors.ts'
import { blockId, toEventDocument } from './event-table.ts'
import { insertNew, WRITE_BATCH_MAX } from './insert.ts'
import { replaceDocuments } from './replace.ts'
import { fromUndoDocument, toUndoDocument, undoId } from './working-tree.ts'

export const createMongoChainWriter = (collections: Collections): ChainWriter => ({
  // A transaction would only add its own limits: the order of the steps is what makes a commit.
  atomically: (steps) => steps(),

  putBlocks: (chainId, blocks) =>
    insertNew(collections.blocks, blocks, ({ number, hash, parentHash, timestamp }) => ({
      _id: blockId(chainId, { number, hash }),
      chainId,
      number,
      hash,
      parentHash,
      timestamp,
    })),

  putEvents: (chainId, blocks) =>
    insertNew(
      collections.events,
      blocks.flatMap(({ events }) => events),
      (event) => toEventDocument(chainId, event),
    ),

  putQuarantined: (chainId, logs) =>
    insertNew(collections.quarantine, logs, ({ block, log, reason }) => ({
      _id: `${blockId(chainId, block)}:${log.logIndex}`,
      chainId,
      block: { number: block.number, hash: block.hash },
      reason,
      log,
    })),

  putUndo: (tree, records) =>
    insertNew(collections.undo, records, (record) => toUndoDocument(tree, record)),

  replace: (tree, changes) => replaceDocuments(collections, tree, changes),

  async appendHead(entry) {
    try {
      await collections.heads.insertOne({ _id: `${entry.chainId}:${entry.move}`, ...entry })
      return true
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
  },

  putCanonical: (chainId, blocks) =>
    insertNew(collections.canonical, blocks, ({ number, hash }) => ({
      _id: `${chainId}:${number}`,
      chainId,
      number,
      hash,
    })),

  async mark(chainId, marks) {
    await collections.upkeep.updateOne(
      { _id: `${chainId}` },
      { $setOnInsert: { chainId }, $max: marks },
      { upsert: true },
    )
  },

  async undoReplacedIn(tree, { from, to }) {
    const stored = await collections.undo
      .find({ tree, 'by.number': { $gte: from, $lte: to } })
      .hint('byBlock')
      .toArray()
    return stored.map(fromUndoDocument)
  },

  async deleteUndo(tree, records) {
    for (const batch of batchesOf(records, WRITE_BATCH_MAX))
      await collections.undo.deleteMany({
        _id: { $in: batch.map((record) => undoId(tree, record)) },
      })
  },

  async deleteBlocks(chainId, blocks) {
    // The blocks last: as long as one is there, the next sweep finds what is left of it.
    for (const block of blocks) {
      await collections.events.deleteMany(within(chainId, block))
      await collections.quarantine.deleteMany(within(chainId, block))
    }
    for (const batch of batchesOf(blocks, WRITE_BATCH_MAX))
      await collections.blocks.deleteMany({
        _id: { $in: batch.map((block) => blockId(chainId, block)) },
      })
  },
})

/** All whose `_id` begins with a block's and a colon; the character after that is the semicolon. */
function within(chainId: number, block: BlockRef) {
  const id = blockId(chainId, block)
  return { _id: { $gt: `${id}:`, $lt: `${id};` } }
}
