import type { BlockHeader, BlockRange, BlockRef } from '#core/chain.ts'
import { catalogue as halyardCatalogue } from '#core/catalogue.ts'
import {
  type DocumentId,
  type DocumentSet,
  idText,
  isSameVersion,
  type Key,
  type KeyPart,
  orderKey,
  type Version,
} from '#core/history/document.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { CommitId, DerivedRef, HeadEntry } from '#core/history/head.ts'
import type { EventPlace, HistoryPorts, Scan, Upkeep } from '#core/history/ports.ts'
import type { Catalogue } from '#core/indexing/catalogue.ts'
import type {
  ChainWriter,
  JournalRecord,
  QuarantinedLog,
  QuarantineTable,
  SettledCommit,
  Undo,
} from '#core/indexing/ports.ts'
import type { StoredToken, TokenStore } from '#core/tokens/ports.ts'
import { createMemoryTokenStore } from './token-store.ts'

/** A document as it is kept: the current version, and the one before it beside it. */
type Kept = DocumentSet & {
  readonly version: Version
  readonly previous: Version | null
}

/** What is kept, of all chains and trees. Several stores may share it, as processes share a server. */
export type MemoryTables = {
  readonly heads: Map<string, HeadEntry>
  readonly upkeep: Map<number, Upkeep>
  readonly blocks: Map<
    string,
    BlockHeader & { readonly chainId: number; readonly commit: CommitId }
  >
  readonly settled: Map<string, SettledCommit & { readonly chainId: number }>
  readonly events: Map<
    string,
    { readonly event: ChainEvent; readonly commit: CommitId; readonly chainId: number }
  >
  readonly quarantined: Map<
    string,
    QuarantinedLog & { readonly chainId: number; readonly commit: CommitId }
  >
  readonly documents: Map<string, Kept>
  readonly undo: Map<string, Undo>
  /** Heads that are read to their end, by whoever reads them. */
  readonly holds: Map<symbol, { readonly chainId: number; readonly number: number }>
  readonly tokens: Map<string, StoredToken>
  readonly journal: Map<
    string,
    JournalRecord & { readonly chainId: number; readonly ids: readonly DocumentId[] }
  >
}

export const createMemoryTables = (): MemoryTables => ({
  heads: new Map(),
  upkeep: new Map(),
  blocks: new Map(),
  settled: new Map(),
  events: new Map(),
  quarantined: new Map(),
  documents: new Map(),
  undo: new Map(),
  holds: new Map(),
  tokens: new Map(),
  journal: new Map(),
})

/** Called around every single write, so that a simulation can stop a writer there. `name` says which write. */
export type WriteStep = (name: string, moment: 'before' | 'after') => Promise<void>

/** Documents have no transaction around them here: each single one is a write of its own, as on a server. */
export function createMemoryChainStore(
  tables: MemoryTables,
  step: WriteStep = () => Promise.resolve(),
  catalogue: Catalogue = halyardCatalogue,
): HistoryPorts & {
  readonly writer: ChainWriter
  readonly quarantine: QuarantineTable
  readonly tokens: TokenStore
  readonly catalogue: Catalogue
} {
  async function write<T>(name: string, apply: () => T): Promise<T> {
    await step(name, 'before')
    const result = apply()
    await step(name, 'after')
    return result
  }
  const familyOf = ({ body }: ChainEvent): string => catalogue.familyOf(catalogue.kindOf(body)).name
  const insert = <V>(table: Map<string, V>, key: string, value: V): boolean => {
    if (table.has(key)) return false
    table.set(key, value)
    return true
  }

  return {
    catalogue,
    heads: {
      async latest(chainId) {
        return entriesOf(tables, chainId).at(-1)
      },
      async since(chainId, fromMove, limit) {
        return entriesOf(tables, chainId)
          .filter((entry) => entry.move >= fromMove)
          .slice(0, limit)
      },
      async upkeep(chainId) {
        return tables.upkeep.get(chainId) ?? { settledTo: -1, sweptTo: -1, cleanTo: -1 }
      },
      async settled(chainId, commits) {
        return commits.filter((commit) => tables.settled.has(`${chainId} ${commit}`))
      },
      async settledBlock(chainId, number) {
        for (const each of tables.settled.values())
          if (each.chainId === chainId && each.from <= number && number <= each.to)
            return blockAt(tables, chainId, { number, commit: each.commit })
        return undefined
      },
      async blocks(chainId, range) {
        return [...tables.blocks.values()]
          .filter((block) => block.chainId === chainId && isInRange(range, block.number))
          .map(({ number, hash, commit }) => ({ number, hash, commit }))
          .toSorted((a, b) => a.number - b.number)
      },
      async block(chainId, ref) {
        return blockAt(tables, chainId, ref)
      },
      asOneAnswer: (read) => read(),
      async asOneView(chainId, read) {
        // The head may go back, or the first one come, before it is taken; it never goes below what is final.
        const number = entriesOf(tables, chainId).at(-1)?.finalized.number ?? -1
        const reader = Symbol('reader')
        tables.holds.set(reader, { chainId, number })
        try {
          return await read()
        } finally {
          tables.holds.delete(reader)
        }
      },
    },

    tokens: createMemoryTokenStore(tables.tokens),

    tree: {
      async read(set, keys) {
        return keys.map((key) => tables.documents.get(idText({ ...set, key }))?.version)
      },
      async readPrevious(set, keys) {
        return keys.map(
          (key) => tables.documents.get(idText({ ...set, key }))?.previous ?? undefined,
        )
      },
      async versions(set, key, { atMost, limit }) {
        const name = idText({ ...set, key })
        const kept = tables.documents.get(name)
        // Keys of what was put aside begin with the document's, so no key has to be written again.
        const start = `${name} `
        const aside = tables.undo
          .entries()
          .filter(([text]) => text.startsWith(start))
          .map(([, record]) => record.version)
        return [kept?.version, kept?.previous, ...aside]
          .filter((version) => version !== undefined && version !== null)
          .filter((version) => version.number <= atMost)
          .toSorted((a, b) => b.number - a.number || compareParts(b.commit, a.commit))
          .slice(0, limit)
      },
      async scan({ tree, kind }, scan) {
        const spec = catalogue.document(kind)
        const direction = scan.descending ? -1 : 1
        return tables.documents
          .values()
          .filter((document) => document.tree === tree && document.kind === kind)
          .map(({ version }) => ({
            version,
            key: orderKey(spec, scan.order, version.value),
          }))
          .filter(({ key }) => isWithin(scan, key))
          .toArray()
          .toSorted((a, b) => direction * compareKeys(a.key, b.key))
          .slice(0, scan.limit)
          .map(({ version }) => version)
      },
    },

    quarantine: {
      async list(chainId, { after, limit }) {
        return [...tables.quarantined.values()]
          .filter((row) => row.chainId === chainId && (!after || compareSetApart(row, after) > 0))
          .toSorted((a, b) =>
            compareSetApart(a, {
              number: b.block.number,
              logIndex: b.log.logIndex,
              commit: b.commit,
            }),
          )
          .slice(0, limit)
          .map(({ block, log, reason, commit }) => ({
            place: { number: block.number, logIndex: log.logIndex },
            value: { block, log, reason },
            commit,
            branch: commit,
          }))
      },
    },

    events: {
      async list(chainId, query) {
        const direction = query.descending ? -1 : 1
        return tables.events
          .values()
          .filter(
            ({ event, chainId: chain, commit }) =>
              chain === chainId &&
              (query.address === undefined || event.address === query.address) &&
              (query.from === undefined || event.block.number >= query.from) &&
              (query.to === undefined || event.block.number <= query.to) &&
              familyOf(event) === query.family &&
              (query.after === undefined ||
                direction * comparePlaces(event, commit, query.after) > 0),
          )
          .toArray()
          .toSorted(
            (a, b) =>
              direction *
              comparePlaces(a.event, a.commit, { ...placeOf(b.event), branch: b.commit }),
          )
          .slice(0, query.limit)
          .map(({ event, commit }) => ({
            place: placeOf(event),
            value: event,
            commit,
            branch: commit,
          }))
      },
    },

    writer: {
      hasTransactions: false,
      keepsRows: false,
      atomically: (steps) => steps(),
      async putBlocks(chainId, commit, blocks) {
        for (const block of blocks)
          await write(`block ${block.number}`, () =>
            insert(tables.blocks, blockKey(chainId, { number: block.number, commit }), {
              ...block,
              chainId,
              commit,
            }),
          )
      },
      async putEvents(chainId, commit, blocks) {
        for (const event of blocks.flatMap(({ events }) => events)) {
          const key = `${blockKey(chainId, { number: event.block.number, commit })} ${event.logIndex}`
          await write(`event ${event.logIndex}`, () =>
            insert(tables.events, key, { event, commit, chainId }),
          )
        }
      },
      async putQuarantined(chainId, commit, logs) {
        for (const quarantined of logs) {
          const ref = { number: quarantined.block.number, commit }
          const key = `${blockKey(chainId, ref)} ${quarantined.log.logIndex}`
          await write(`quarantine`, () =>
            insert(tables.quarantined, key, { ...quarantined, chainId, commit }),
          )
        }
      },
      async putJournal(chainId, record, ids) {
        await write('journal', () =>
          insert(tables.journal, `${chainId} ${record.commit}`, { ...record, chainId, ids }),
        )
      },
      async putUndo(records) {
        for (const record of records)
          await write(`undo ${record.id.kind}`, () => {
            const key = undoKey(record)
            const until = Math.max(record.until, tables.undo.get(key)?.until ?? record.until)
            tables.undo.set(key, { ...record, until })
          })
      },
      async replace(changes) {
        const missed: number[] = []
        for (const [index, { id, version, previous, expected }] of changes.entries()) {
          const key = idText(id)
          await write(`document ${id.kind}`, () => {
            const stored = tables.documents.get(key)?.version
            if (!isSameVersion(stored, expected)) missed.push(index)
            else if (version)
              tables.documents.set(key, { tree: id.tree, kind: id.kind, version, previous })
            else tables.documents.delete(key)
          })
        }
        return missed
      },
      appendHead: (entry) =>
        write('head', () => insert(tables.heads, `${entry.chainId} ${entry.move}`, entry)),
      async held(chainId) {
        const holds = [...tables.holds.values()].filter((each) => each.chainId === chainId)
        return holds.map(({ number }) => number).toSorted((a, b) => a - b)[0]
      },
      async putSettled(chainId, commits) {
        for (const each of commits)
          await write('settled', () =>
            insert(tables.settled, `${chainId} ${each.commit}`, { ...each, chainId }),
          )
      },
      mark: (chainId, marks) =>
        write('mark', () => {
          const now = tables.upkeep.get(chainId) ?? { settledTo: -1, sweptTo: -1, cleanTo: -1 }
          tables.upkeep.set(chainId, {
            settledTo: Math.max(now.settledTo, marks.settledTo ?? now.settledTo),
            sweptTo: Math.max(now.sweptTo, marks.sweptTo ?? now.sweptTo),
            cleanTo: Math.max(now.cleanTo, marks.cleanTo ?? now.cleanTo),
          })
        }),
      async journal(chainId, range) {
        return [...tables.journal.values()]
          .filter(({ chainId: chain, to }) => chain === chainId && isInRange(range, to))
          .toSorted((a, b) => a.to - b.to)
          .map(({ commit, move, from, to }) => ({ commit, move, from, to }))
      },
      async journalIds(chainId, commit) {
        return [...(tables.journal.get(`${chainId} ${commit}`)?.ids ?? [])]
      },
      async deleteJournal(chainId, commits) {
        for (const commit of commits)
          await write('delete journal', () => tables.journal.delete(`${chainId} ${commit}`))
      },
      async deleteUndo(trees, upTo) {
        const isOver = (key: string): boolean => {
          const record = tables.undo.get(key)
          return record !== undefined && trees.includes(record.id.tree) && record.until <= upTo
        }
        for (const key of tables.undo.keys())
          if (isOver(key))
            // Another writer may need it for longer by the time that it is to go.
            await write('delete undo', () => void (isOver(key) && tables.undo.delete(key)))
      },
      async unsettledBlocks(chainId, range) {
        return [...tables.blocks.values()]
          .filter(
            ({ chainId: chain, number, commit }) =>
              chain === chainId &&
              isInRange(range, number) &&
              !tables.settled.has(`${chainId} ${commit}`),
          )
          .map(({ number, commit }) => ({ number, commit }))
      },
      async deleteBlocks(chainId, blocks) {
        for (const ref of blocks)
          await write('delete block', () => {
            const prefix = blockKey(chainId, ref)
            for (const table of [tables.events, tables.quarantined])
              for (const key of table.keys()) if (key.startsWith(`${prefix} `)) table.delete(key)
            tables.blocks.delete(prefix)
          })
      },
      async trees(chainId) {
        const current = [...tables.documents.values()].map(({ tree }) => tree)
        const aside = [...tables.undo.values()].map(({ id }) => id.tree)
        return [...new Set([...current, ...aside])].filter((tree) => tree.startsWith(`${chainId}-`))
      },
      async deleteTree(tree) {
        for (const [key, document] of tables.documents)
          if (document.tree === tree)
            await write('delete document', () => tables.documents.delete(key))
        for (const [key, record] of tables.undo)
          if (record.id.tree === tree) await write('delete undo', () => tables.undo.delete(key))
      },
    },
  }
}

const entriesOf = (tables: MemoryTables, chainId: number): HeadEntry[] =>
  [...tables.heads.values()]
    .filter((entry) => entry.chainId === chainId)
    .toSorted((a, b) => a.move - b.move)

function blockAt(tables: MemoryTables, chainId: number, ref: DerivedRef): BlockRef | undefined {
  const block = tables.blocks.get(blockKey(chainId, ref))
  return block && { number: block.number, hash: block.hash }
}

const isInRange = ({ from, to }: BlockRange, number: number): boolean =>
  from <= number && number <= to

const blockKey = (chainId: number, { number, commit }: DerivedRef): string =>
  `${chainId} ${number} ${commit}`
const undoKey = ({ id, version }: Undo): string =>
  `${idText(id)} ${version.number} ${version.commit}`

const placeOf = ({ block, logIndex }: ChainEvent): EventPlace => ({
  number: block.number,
  logIndex,
})
function comparePlaces(
  event: ChainEvent,
  commit: CommitId,
  place: EventPlace & { readonly branch?: string | number },
): number {
  const order = event.block.number - place.number || event.logIndex - place.logIndex
  return order !== 0 || place.branch === undefined ? order : compareParts(commit, place.branch)
}

function compareSetApart(
  { block, log, commit }: QuarantinedLog & { readonly commit: CommitId },
  place: EventPlace & { readonly commit?: CommitId },
): number {
  const order = block.number - place.number || log.logIndex - place.logIndex
  return order !== 0 || place.commit === undefined ? order : compareParts(commit, place.commit)
}

const compareParts = (a: KeyPart, b: KeyPart): number => (a < b ? -1 : a > b ? 1 : 0)

/** Compares as far as the shorter key goes. */
function compareKeys(a: Key, b: Key): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareParts(a[index] as KeyPart, b[index] as KeyPart)
    if (order !== 0) return order
  }
  return 0
}

function isWithin(scan: Scan, key: Key): boolean {
  const rest = key.slice(scan.prefix.length)
  if (compareKeys(key, scan.prefix) !== 0) return false
  if (scan.from && compareKeys(rest, scan.from) < 0) return false
  if (scan.to && compareKeys(rest, scan.to) > 0) return false
  if (!scan.after) return true
  const order = compareKeys(key, scan.after)
  return scan.descending ? order < 0 : order > 0
}
