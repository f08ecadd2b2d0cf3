import type { BlockHeader, BlockRef, Hash } from '#core/chain.ts'
import {
  type DocumentKind,
  type Documents,
  type Key,
  type KeyPart,
  keyText,
  orderKey,
  type Version,
} from '#core/history/document.ts'
import { type ChainEvent, familyOf } from '#core/history/event.ts'
import type { HeadEntry } from '#core/history/head.ts'
import type { EventPlace, HistoryPorts, Scan, Undo, Upkeep } from '#core/history/ports.ts'
import type { ChainWriter, QuarantinedLog } from '#core/indexing/ports.ts'

/** What is kept, of all chains and trees. Several stores may share it, as processes share a server. */
export type MemoryTables = {
  readonly heads: Map<string, HeadEntry>
  readonly upkeep: Map<number, Upkeep>
  readonly blocks: Map<string, BlockHeader & { readonly chainId: number }>
  readonly canonical: Map<string, Hash>
  readonly events: Map<string, ChainEvent & { readonly chainId: number }>
  readonly quarantined: Map<string, QuarantinedLog>
  readonly documents: Map<
    string,
    { readonly tree: string; readonly kind: DocumentKind; version: Version }
  >
  readonly undo: Map<string, Undo & { readonly tree: string }>
}

export const createMemoryTables = (): MemoryTables => ({
  heads: new Map(),
  upkeep: new Map(),
  blocks: new Map(),
  canonical: new Map(),
  events: new Map(),
  quarantined: new Map(),
  documents: new Map(),
  undo: new Map(),
})

/** Called around every single write, so that a simulation can stop a writer there. `name` says which write. */
export type WriteStep = (name: string, moment: 'before' | 'after') => Promise<void>

/** Documents have no transaction around them here: each single one is a write of its own, as on a server. */
export function createMemoryChainStore(
  tables: MemoryTables,
  step: WriteStep = () => Promise.resolve(),
): HistoryPorts & { readonly writer: ChainWriter } {
  async function write<T>(name: string, apply: () => T): Promise<T> {
    await step(name, 'before')
    const result = apply()
    await step(name, 'after')
    return result
  }
  const insert = <V>(table: Map<string, V>, key: string, value: V): boolean => {
    if (table.has(key)) return false
    table.set(key, value)
    return true
  }

  return {
    heads: {
      async latest(chainId) {
        return entriesOf(tables, chainId).at(-1)
      },
      async since(chainId, fromMove) {
        return entriesOf(tables, chainId).filter((entry) => entry.move >= fromMove)
      },
      async upkeep(chainId) {
        return tables.upkeep.get(chainId) ?? { settledTo: -1, sweptTo: -1, cleanTo: -1 }
      },
      async blocks(chainId, from, to) {
        return [...tables.blocks.values()]
          .filter(
            (block) => block.chainId === chainId && block.number >= from && block.number <= to,
          )
          .toSorted((a, b) => a.number - b.number)
      },
      async canonicalHashes(chainId, numbers) {
        const found = new Map<number, Hash>()
        for (const number of numbers) {
          const hash = tables.canonical.get(`${chainId} ${number}`)
          if (hash) found.set(number, hash)
        }
        return found
      },
    },

    tree: {
      async read<K extends DocumentKind>(tree: string, kind: K, keys: readonly Key[]) {
        return keys.map(
          (key) => tables.documents.get(documentKey(tree, kind, key))?.version as Version<K>,
        )
      },
      async readUndo<K extends DocumentKind>(tree: string, kind: K, keys: readonly Key[]) {
        const wanted = new Map(keys.map((key) => [keyText(kind, key), [] as Undo<K>[]]))
        for (const record of tables.undo.values()) {
          if (record.tree !== tree || record.id.kind !== kind) continue
          wanted.get(keyText(kind, record.id.key))?.push(record as unknown as Undo<K>)
        }
        return keys.map((key) => wanted.get(keyText(kind, key)) ?? [])
      },
      async scan<K extends DocumentKind>(tree: string, scan: Scan<K>) {
        const direction = scan.descending ? -1 : 1
        return [...tables.documents.values()]
          .filter((document) => document.tree === tree && document.kind === scan.kind)
          .map(({ version }) => ({
            version: version as Version<K>,
            key: orderKey(scan.kind, scan.order, version.value as Documents[K]),
          }))
          .filter(({ key }) => isWithin(scan, key))
          .toSorted((a, b) => direction * compareKeys(a.key, b.key))
          .slice(0, scan.limit)
          .map(({ version }) => version)
      },
    },

    events: {
      async list(chainId, query) {
        const direction = query.descending ? -1 : 1
        return [...tables.events.values()]
          .filter(
            (event) =>
              event.chainId === chainId &&
              familyOf[event.body.type] === query.family &&
              (query.address === undefined || event.address === query.address) &&
              (query.from === undefined || event.block.number >= query.from) &&
              (query.to === undefined || event.block.number <= query.to) &&
              (query.after === undefined || direction * comparePlaces(event, query.after) > 0),
          )
          .toSorted((a, b) => direction * comparePlaces(a, { ...placeOf(b), hash: b.block.hash }))
          .slice(0, query.limit)
      },
    },

    writer: {
      atomically: (steps) => steps(),
      async putBlocks(chainId, blocks) {
        for (const block of blocks)
          await write(`block ${block.number}`, () =>
            insert(tables.blocks, blockKey(chainId, block), { ...block, chainId }),
          )
      },
      async putEvents(chainId, blocks) {
        for (const event of blocks.flatMap(({ events }) => events))
          await write(`event ${event.logIndex}`, () =>
            insert(tables.events, eventKey(chainId, event), { ...event, chainId }),
          )
      },
      async putQuarantined(chainId, logs) {
        for (const quarantined of logs) {
          const key = `${blockKey(chainId, quarantined.block)} ${quarantined.log.logIndex}`
          await write(`quarantine`, () => insert(tables.quarantined, key, quarantined))
        }
      },
      async putUndo(tree, records) {
        for (const record of records)
          await write(`undo ${record.id.kind}`, () =>
            insert(tables.undo, undoKey(tree, record), { ...record, tree }),
          )
      },
      async replace(tree, changes) {
        const missed: number[] = []
        for (const [index, { id, version, expected }] of changes.entries()) {
          const key = documentKey(tree, id.kind, id.key)
          await write(`document ${id.kind}`, () => {
            const stored = tables.documents.get(key)?.version
            if (stored?.at.hash !== expected?.at.hash || stored?.move !== expected?.move)
              missed.push(index)
            else if (version) tables.documents.set(key, { tree, kind: id.kind, version })
            else tables.documents.delete(key)
          })
        }
        return missed
      },
      appendHead: (entry) =>
        write('head', () => insert(tables.heads, `${entry.chainId} ${entry.move}`, entry)),
      async putCanonical(chainId, blocks) {
        for (const { number, hash } of blocks)
          await write('canonical', () => insert(tables.canonical, `${chainId} ${number}`, hash))
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
      async undoReplacedIn(tree, { from, to }) {
        return [...tables.undo.values()].filter(
          (record) => record.tree === tree && record.by.number >= from && record.by.number <= to,
        )
      },
      async deleteUndo(tree, records) {
        for (const record of records)
          await write('delete undo', () => tables.undo.delete(undoKey(tree, record)))
      },
      async deleteBlocks(chainId, blocks) {
        for (const block of blocks)
          await write('delete block', () => {
            for (const [key, event] of tables.events)
              if (event.chainId === chainId && event.block.hash === block.hash)
                tables.events.delete(key)
            for (const [key, { block: at }] of tables.quarantined)
              if (at.hash === block.hash) tables.quarantined.delete(key)
            tables.blocks.delete(blockKey(chainId, block))
          })
      },
    },
  }
}

const entriesOf = (tables: MemoryTables, chainId: number): HeadEntry[] =>
  [...tables.heads.values()]
    .filter((entry) => entry.chainId === chainId)
    .toSorted((a, b) => a.move - b.move)

const blockKey = (chainId: number, { hash }: BlockRef): string => `${chainId} ${hash}`
const eventKey = (chainId: number, event: ChainEvent): string =>
  `${blockKey(chainId, event.block)} ${event.logIndex}`
const documentKey = (tree: string, kind: DocumentKind, key: Key): string =>
  `${tree} ${keyText(kind, key)}`
const undoKey = (tree: string, { id, version, by }: Undo): string =>
  `${documentKey(tree, id.kind, id.key)} ${by.hash} ${version?.at.hash}`

const placeOf = ({ block, logIndex }: ChainEvent): EventPlace => ({
  number: block.number,
  logIndex,
})
function comparePlaces(event: ChainEvent, place: EventPlace & { readonly hash?: Hash }): number {
  const { number, hash } = event.block
  const order = number - place.number || event.logIndex - place.logIndex
  return order !== 0 || place.hash === undefined ? order : compareParts(hash, place.hash)
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
