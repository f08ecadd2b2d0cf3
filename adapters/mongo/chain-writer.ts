import type { Collection } from 'mongodb'
import { allDone } from '#core/concurrent.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import { idText, parseDocumentId } from '#core/history/document.ts'
import type { CommitId, DerivedRef } from '#core/history/head.ts'
import type { ChainWriter, JournalRecord } from '#core/indexing/ports.ts'
import { withinAnswer } from './answer-session.ts'
import { batchesOf, writesOf } from './batches.ts'
import type { Collections } from './collections.ts'
import { isDuplicate } from './errors.ts'
import { blockId, logId, toEventDocument } from './event-table.ts'
import { createMongoHeadLog } from './head-log.ts'
import { lowestHeld } from './holds.ts'
import { splitEvent } from './event-parts.ts'
import { insertBatch, insertNew } from './insert.ts'
import { replaceDocuments } from './replace.ts'
import { toUndoDocument } from './working-tree.ts'

/** Identities in one document of the journal: far below the size that a document may have. */
const JOURNAL_PART = 20_000
/** Documents that one command removes by name. */
const NAMES_BATCH = 2_000

export function createMongoChainWriter(
  collections: Collections,
  catalogue: HistoryCatalogue,
): ChainWriter {
  const heads = createMongoHeadLog(collections)
  return {
    hasTransactions: false,
    keepsRows: false,
    // A transaction would only add its own limits: the order of the steps is what makes a commit.
    atomically: (steps) => steps(),

    putBlocks: (chainId, commit, blocks) =>
      insertNew(collections.blocks, blocks, ({ number, hash, parentHash, timestamp }) => ({
        _id: blockId(chainId, { number, commit }),
        chainId,
        number,
        hash,
        parentHash,
        timestamp,
        commit,
      })),

    async putEvents(chainId, commit, blocks) {
      const split = blocks
        .values()
        .flatMap(({ events }) => events)
        .map((event) => splitEvent(toEventDocument(catalogue, chainId, commit, event)))
      for (const batch of writesOf(split, ({ event }) => event)) {
        // The parts first: an event that is there is whole.
        await insertNew(
          collections.eventParts,
          batch.flatMap(({ parts }) => parts),
          (part) => part,
        )
        await insertBatch(
          collections.events,
          batch.map(({ event }) => event),
        )
      }
    },

    putQuarantined: (chainId, commit, logs) =>
      insertNew(collections.quarantine, logs, ({ block, log, reason }) => ({
        _id: logId(chainId, { number: block.number, commit }, log.logIndex),
        chainId,
        commit,
        block: { number: block.number, hash: block.hash },
        reason,
        log,
      })),

    putJournal: (chainId, { commit, move, from, to }, ids) =>
      insertNew(
        collections.journal,
        [...batchesOf(ids, JOURNAL_PART)].entries().toArray(),
        ([part, batch]) => ({
          _id: `${chainId}:${commit}:${part}`,
          chainId,
          commit,
          move,
          from,
          to,
          ids: batch.map(idText),
        }),
      ),

    async putUndo(records) {
      const documents = records
        .values()
        .map((record) => toUndoDocument(catalogue.document(record.id.kind), record))
      for (const batch of writesOf(documents, (document) => document)) {
        const operations = batch.map(({ _id, until, ...rest }) => {
          const update = { $setOnInsert: rest, $max: { until } }
          return { updateOne: { filter: { _id }, update, upsert: true } }
        })
        await collections.undo.bulkWrite(operations, { ordered: false })
      }
    },

    replace: (changes) => replaceDocuments(collections, catalogue, changes),

    async appendHead(entry) {
      try {
        const document = { _id: `${entry.chainId}:${entry.move}`, ...entry }
        await collections.heads.insertOne(document, withinAnswer(collections.client()))
        return true
      } catch (error) {
        if (!isDuplicate(error)) throw error
        // The answer to an insert may get lost, and the driver asks again.
        const stored = await collections.heads.findOne({ _id: `${entry.chainId}:${entry.move}` })
        return (
          entry.reason === 'advance' &&
          stored?.reason === 'advance' &&
          stored.commit === entry.commit
        )
      }
    },

    held: (chainId) => lowestHeld(collections.holds, chainId),

    putSettled: (chainId, commits) =>
      insertNew(collections.settled, commits, ({ commit, from, to }) => ({
        _id: `${chainId}:${commit}`,
        chainId,
        commit,
        from,
        to,
      })),

    async mark(chainId, marks) {
      await collections.upkeep.updateOne(
        { _id: `${chainId}` },
        { $setOnInsert: { chainId }, $max: marks },
        { upsert: true },
      )
    },

    async journal(chainId, range) {
      const records = new Map<CommitId, JournalRecord>()
      const found = await collections.journal
        .find(
          { chainId, to: { $gte: range.from, $lte: range.to } },
          { projection: { ids: 0 }, sort: { to: 1 }, hint: 'byBlock' },
        )
        .toArray()
      for (const { commit, move, from, to } of found)
        records.set(commit, { commit, move, from, to })
      return [...records.values()]
    },

    async journalIds(chainId, commit) {
      const parts = await collections.journal.find(partsOf(chainId, commit)).toArray()
      return parts.flatMap(({ ids }) =>
        ids.map((text) => parseDocumentId(text, catalogue.document)),
      )
    },

    async deleteJournal(chainId, commits) {
      for (const commit of commits) await collections.journal.deleteMany(partsOf(chainId, commit))
    },

    async deleteUndo(trees, upTo) {
      await allDone(
        trees.map((tree) =>
          collections.undo.deleteMany({ tree, until: { $lte: upTo } }, { hint: 'byUntil' }),
        ),
      )
    },

    async unsettledBlocks(chainId, { from, to }) {
      const stored = await collections.blocks
        .find(
          { chainId, number: { $gte: from, $lte: to } },
          { projection: { number: 1, commit: 1 }, sort: { number: 1 }, hint: 'byNumber' },
        )
        .toArray()
      const commits = [...new Set(stored.map(({ commit }) => commit))]
      const settled = new Set(await heads.settled(chainId, commits))
      return stored
        .filter(({ commit }) => !settled.has(commit))
        .map(({ number, commit }) => ({ number, commit }))
    },

    async deleteBlocks(chainId, blocks) {
      // The blocks last: as long as one is there, the next sweep finds what is left of it.
      for (const block of blocks)
        for (const collection of [
          collections.events,
          collections.eventParts,
          collections.quarantine,
        ])
          await deleteWithin(collection as unknown as Collection<Derived>, chainId, block)
      for (const batch of batchesOf(blocks, NAMES_BATCH))
        await collections.blocks.deleteMany({
          _id: { $in: batch.map((block) => blockId(chainId, block)) },
        })
    },

    async trees(chainId) {
      const names = new Set<string>()
      for (const spec of catalogue.documents)
        for (const tree of await collections.documents(spec).distinct('tree')) names.add(tree)
      for (const tree of await collections.undo.distinct('tree')) names.add(tree)
      return [...names].filter((tree) => tree.startsWith(`${chainId}-`))
    },

    async deleteTree(tree) {
      for (const spec of catalogue.documents)
        await collections.documents(spec).deleteMany({ tree }, { hint: 'identity' })
      await collections.undo.deleteMany({ tree }, { hint: 'byUntil' })
    },
  }
}

/** All parts of a commit's journal: their `_id` begins with its name and a colon. */
const partsOf = (chainId: number, commit: CommitId) => ({
  _id: { $gt: `${chainId}:${commit}:`, $lt: `${chainId}:${commit};` },
})

type Derived = { readonly _id: string; readonly commit: CommitId }

/** Removes what a commit stored in a block: its `_id` begins with the block's number; behind a colon comes `;`. */
async function deleteWithin(
  collection: Collection<Derived>,
  chainId: number,
  { number, commit }: DerivedRef,
): Promise<void> {
  const range = { $gt: `${chainId}:${number}:`, $lt: `${chainId}:${number};` }
  const stored = await collection.find({ _id: range }, { projection: { commit: 1 } }).toArray()
  const ids = stored.filter((each) => each.commit === commit).map(({ _id: id }) => id)
  for (const batch of batchesOf(ids, NAMES_BATCH))
    await collection.deleteMany({ _id: { $in: batch } })
}
