import type { Address } from '#core/chain.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import type { CommitId, DerivedRef } from '#core/history/head.ts'
import { ROW } from '#core/indexing/block-rows.ts'
import type { BlockEvents } from '#core/indexing/ports.ts'
import type { Database } from './database.ts'
import { createSegmentWriter, type SegmentWriter } from './event-segment.ts'
import { contractTable, eventTable } from './schema.ts'

/** The rows of one block's events as text, which crosses to another thread as it is, and where they are in it. */
export type BlockRows = Pick<BlockEvents, 'block' | 'rows' | 'offsets'>

/** Where the events of a family go. */
type FamilyWriter = {
  readonly name: string
  readonly rows: SegmentWriter
  /** The contracts of the block at hand, by where they are named first. */
  readonly contracts: Set<number>
  /** The heights of all blocks in which a contract emitted some of them, by its id. */
  readonly heights: Map<number, number[]>
  readonly insertSegment: (...parameters: unknown[]) => void
}

/** Stores events of blocks that are stored; those that are there already stay as they are. */
export type InsertEvents = (chainId: number, commit: CommitId, blocks: readonly BlockRows[]) => void

/** It is made once for a connection: what each call made anew, V8 would compile anew for each. */
export function createInsertEvents(db: Database, catalogue: HistoryCatalogue): InsertEvents {
  const writers = catalogue.families.map(({ name }) => newWriter(db, name))
  const kinds = new Map(
    catalogue.families.flatMap(({ events }, index) =>
      events.map(({ kind, number }) => {
        const writer = writers[index] as FamilyWriter
        return [number, { kind, writer }] as const
      }),
    ),
  )
  const contracts = contractIds(db)

  function addRow(given: BlockRows, at: number, close: (writer: FamilyWriter) => void): void {
    const { rows, offsets } = given
    const known = kinds.get(offsets[at + ROW.kind] as number)
    if (!known) {
      const kind = wordAt(rows, offsets[at + ROW.kindAt] as number)
      throw new Error(`events of the kind ${kind} are in a family of the catalogue`)
    }
    const { kind, writer } = known
    writer.rows.add(given, at, kind)
    writer.contracts.add(offsets[at + ROW.contractAt] as number)
    if (writer.rows.isFull()) close(writer)
  }

  function addBlock(chainId: number, commit: CommitId, given: BlockRows): void {
    const { block, rows, offsets } = given
    const blockId = idOfBlock(db, chainId, { number: block.number, commit })
    const close = (writer: FamilyWriter): void => {
      const segment = writer.rows.close()
      if (!segment) return
      const { firstIndex, lastIndex, rows: packed } = segment
      writer.insertSegment(chainId, block.number, firstIndex, blockId, lastIndex, packed)
    }
    for (let at = 0; at < offsets.length; at += ROW.width) addRow(given, at, close)
    for (const writer of writers) {
      close(writer)
      for (const at of writer.contracts) {
        const contract = contracts.idOf(wordAt(rows, at) as Address)
        const heights = writer.heights.get(contract)
        if (heights) heights.push(block.number)
        else writer.heights.set(contract, [block.number])
      }
      writer.contracts.clear()
    }
  }

  return (chainId, commit, blocks) => {
    // A call before may have ended in the middle.
    contracts.forget()
    for (const { rows, contracts: named, heights } of writers) {
      rows.forget()
      named.clear()
      heights.clear()
    }
    for (const block of blocks) if (block.offsets.length > 0) addBlock(chainId, commit, block)
    for (const { name, heights } of writers) insertHeights(db, name, chainId, heights)
  }
}

function newWriter(db: Database, name: string): FamilyWriter {
  const sql = insertSegmentSql(name)
  return {
    name,
    rows: createSegmentWriter(),
    contracts: new Set(),
    heights: new Map(),
    // Not prepared before it is needed: most who open a file read it.
    insertSegment: (...parameters) => db.prepareRun(sql)(...parameters),
  }
}

/** Rows that go into an index by one statement: to run one costs as much as to insert a row. */
const HEIGHTS_AT_ONCE = 32

/** Inserts the heights of contracts in the order of the index, which keeps to a page while it can. */
function insertHeights(
  db: Database,
  family: string,
  chainId: number,
  heights: ReadonlyMap<number, readonly number[]>,
): void {
  const values = [...heights]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([contract, numbers]) => numbers.flatMap((number) => [contract, number]))
  if (values.length === 0) return
  const many = db.prepareRun(insertHeightsSql(family, HEIGHTS_AT_ONCE))
  const one = db.prepareRun(insertHeightsSql(family, 1))
  const width = 2 * HEIGHTS_AT_ONCE
  const whole = values.length - (values.length % width)
  for (let from = 0; from < whole; from += width) many(chainId, ...values.slice(from, from + width))
  for (let at = whole; at < values.length; at += 2) one(chainId, values[at], values[at + 1])
}

/** What stands in a row up to the next space. */
const wordAt = (rows: string, at: number): string => rows.slice(at, rows.indexOf(' ', at))

const insertSegmentSql = (family: string): string =>
  `INSERT INTO ${eventTable(family)} (chain, number, log_index, block, last_index, rows)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

const insertHeightsSql = (family: string, count: number): string =>
  `INSERT INTO ${contractTable(family)} (chain, contract, number)
  VALUES ${Array.from({ length: count }, () => '(?1, ?, ?)').join(', ')} ON CONFLICT DO NOTHING`

/** The short ids of contracts, made where they are not there yet. Those made in a transaction may go with it. */
function contractIds(db: Database) {
  const ids = new Map<Address, number>()
  return {
    idOf(address: Address): number {
      const known = ids.get(address)
      if (known !== undefined) return known
      db.run('INSERT INTO contract (address) VALUES (?) ON CONFLICT DO NOTHING', address)
      const id = db.get('SELECT id FROM contract WHERE address = ?', address)?.id as number
      ids.set(address, id)
      return id
    },
    forget: () => ids.clear(),
  }
}

/** The row of a block as a commit stored it. @throws where it is not stored */
function idOfBlock(db: Database, chainId: number, ref: DerivedRef): number {
  const id = findBlock(db, chainId, ref)
  if (id === undefined) throw new Error(`block ${ref.number} is stored before what refers to it`)
  return id
}

export function findBlock(
  db: Database,
  chainId: number,
  { number, commit }: DerivedRef,
): number | undefined {
  const sql = 'SELECT id FROM block WHERE chain = ? AND number = ? AND "commit" = ?'
  return db.get(sql, chainId, number, commit)?.id as number | undefined
}
