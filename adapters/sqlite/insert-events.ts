import type { Address } from '#core/chain.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import type { CommitId, DerivedRef } from '#core/history/head.ts'
import { ROW } from '#core/indexing/block-rows.ts'
import type { Database } from './database.ts'
import { createCutSegments, type KindNumber, kindNumber } from './event-segment.ts'
import { type BlockBytes, type PackedBlocks, unpackBlocks } from './packed-blocks.ts'
import { contractTable, eventTable } from './schema.ts'

/** Where the events of a family go. */
type FamilyWriter = {
  readonly name: string
  /** Its rows in the block at hand, by where their numbers begin in the block's offsets. */
  readonly rows: number[]
  /** The heights of all blocks in which a contract emitted some of them, by its id. */
  readonly heights: Map<number, number[]>
  readonly insertSegment: (...parameters: unknown[]) => void
}

/** Stores events of blocks that are stored; those that are there already stay as they are. */
export type InsertEvents = (chainId: number, commit: CommitId, packed: PackedBlocks) => void

/** It is made once for a connection: what each call made anew, V8 would compile anew for each. */
export function createInsertEvents(db: Database, catalogue: HistoryCatalogue): InsertEvents {
  const writers = catalogue.families.map(({ name }) => newWriter(db, name))
  const writerOf = new Map<number, FamilyWriter>()
  const kinds = new Map<number, KindNumber>()
  for (const [index, { events }] of catalogue.families.entries())
    for (const spec of events) {
      writerOf.set(spec.number, writers[index] as FamilyWriter)
      kinds.set(spec.number, kindNumber(spec))
    }
  const cutSegments = createCutSegments(kinds)
  const contracts = contractIds(db)
  /** The contracts of the rows at hand, by where they are named first. */
  const named = new Set<number>()
  /** The short ids of contracts of the block at hand, likewise. */
  const idAt = new Map<number, number>()

  function sortRows({ bytes, offsets }: BlockBytes): void {
    for (let at = 0; at < offsets.length; at += ROW.width) {
      const writer = writerOf.get(offsets[at + ROW.kind] as number)
      if (!writer) {
        const kind = wordAt(bytes, offsets[at + ROW.kindAt] as number)
        throw new Error(`events of the kind ${kind} are in a family of the catalogue`)
      }
      writer.rows.push(at)
    }
  }

  function addHeights(writer: FamilyWriter, { number, bytes, offsets }: BlockBytes): void {
    named.clear()
    let last: number | undefined
    for (const at of writer.rows) {
      const contractAt = offsets[at + ROW.contractAt] as number
      // Contracts tell most things by several events in a row.
      if (contractAt !== last) named.add(contractAt)
      last = contractAt
    }
    for (const at of named) {
      let contract = idAt.get(at)
      if (contract === undefined) {
        contract = contracts.idOf(wordAt(bytes, at) as Address)
        idAt.set(at, contract)
      }
      const heights = writer.heights.get(contract)
      if (heights) heights.push(number)
      else writer.heights.set(contract, [number])
    }
  }

  function addBlock(chainId: number, commit: CommitId, block: BlockBytes): void {
    const { number } = block
    const blockId = idOfBlock(db, chainId, { number, commit })
    sortRows(block)
    idAt.clear()
    for (const writer of writers) {
      if (writer.rows.length === 0) continue
      cutSegments(block, writer.rows, ({ firstIndex, lastIndex, rows }) =>
        writer.insertSegment(chainId, number, firstIndex, blockId, lastIndex, rows),
      )
      addHeights(writer, block)
      writer.rows.length = 0
    }
  }

  return (chainId, commit, packed) => {
    // A call before may have ended in the middle.
    contracts.forget()
    for (const { rows, heights } of writers) {
      rows.length = 0
      heights.clear()
    }
    for (const block of unpackBlocks(packed)) addBlock(chainId, commit, block)
    for (const { name, heights } of writers) insertHeights(db, name, chainId, heights)
  }
}

function newWriter(db: Database, name: string): FamilyWriter {
  const sql = insertSegmentSql(name)
  return {
    name,
    rows: [],
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
  if (heights.size === 0) return
  const many = db.prepareRun(insertHeightsSql(family, HEIGHTS_AT_ONCE))
  let parameters: number[] = [chainId]
  for (const contract of [...heights.keys()].toSorted((a, b) => a - b))
    for (const number of heights.get(contract) as readonly number[]) {
      parameters.push(contract, number)
      if (parameters.length > 2 * HEIGHTS_AT_ONCE) {
        many(...parameters)
        parameters = [chainId]
      }
    }
  const one = db.prepareRun(insertHeightsSql(family, 1))
  for (let at = 1; at < parameters.length; at += 2) one(chainId, parameters[at], parameters[at + 1])
}

/** What stands in a row up to the next space. */
const wordAt = (bytes: Buffer, at: number): string =>
  bytes.toString('latin1', at, bytes.indexOf(SPACE, at))

const SPACE = 0x20

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
