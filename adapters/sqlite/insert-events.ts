import type { Address, BlockRef } from '#core/chain.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import type { CommitId, DerivedRef } from '#core/history/head.ts'
import { readBlockRows } from '#core/indexing/block-rows.ts'
import type { Database } from './database.ts'
import { createSegmentWriter, type SegmentWriter } from './event-segment.ts'
import { contractTable, eventTable } from './schema.ts'

/** The rows of one block's events as text, which crosses to another thread as it is. */
export type BlockRows = { readonly block: BlockRef; readonly rows: string }

/** Where the events of a family go. */
type FamilyWriter = {
  readonly rows: SegmentWriter
  /** The contracts of the block at hand. */
  readonly contracts: Set<Address>
  readonly insertSegment: (...parameters: unknown[]) => void
  readonly insertContract: (...parameters: unknown[]) => void
}

/** Stores events of blocks that are stored; those that are there already stay as they are. */
export function insertEvents(
  db: Database,
  catalogue: HistoryCatalogue,
  chainId: number,
  commit: CommitId,
  blocks: readonly BlockRows[],
): void {
  const families = catalogue.families.map(({ name, events }) => ({
    events,
    writer: {
      rows: createSegmentWriter(),
      contracts: new Set<Address>(),
      insertSegment: db.prepareRun(insertSegmentSql(name)),
      insertContract: db.prepareRun(insertContractSql(name)),
    } satisfies FamilyWriter,
  }))
  const kinds = new Map(
    families.flatMap(({ events, writer }) =>
      events.map(({ kind, number }) => [kind, { number, writer }] as const),
    ),
  )
  const contractId = contractIds(db)

  function close(writer: FamilyWriter, number: number, blockId: number): void {
    const segment = writer.rows.close()
    if (!segment) return
    const { firstIndex, lastIndex, rows } = segment
    writer.insertSegment(chainId, number, firstIndex, blockId, lastIndex, rows)
  }

  for (const { block, rows } of blocks) {
    if (rows === '') continue
    const blockId = idOfBlock(db, chainId, { number: block.number, commit })
    readBlockRows(rows, (row) => {
      const kind = kinds.get(row.kind)
      if (!kind) throw new Error(`events of the kind ${row.kind} are in a family of the catalogue`)
      const { writer, number } = kind
      writer.rows.add(row, number)
      writer.contracts.add(row.address)
      if (writer.rows.isFull()) close(writer, block.number, blockId)
    })
    for (const { writer } of families) {
      close(writer, block.number, blockId)
      for (const contract of writer.contracts)
        writer.insertContract(chainId, contractId(contract), block.number)
      writer.contracts.clear()
    }
  }
}

const insertSegmentSql = (family: string): string =>
  `INSERT INTO ${eventTable(family)} (chain, number, log_index, block, last_index, rows)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

const insertContractSql = (family: string): string =>
  `INSERT INTO ${contractTable(family)} (chain, contract, number) VALUES (?, ?, ?)
  ON CONFLICT DO NOTHING`

/** The short ids of contracts, made where they are not there yet. Those made in a transaction may go with it. */
function contractIds(db: Database): (address: Address) => number {
  const ids = new Map<Address, number>()
  return (address) => {
    const known = ids.get(address)
    if (known !== undefined) return known
    db.run('INSERT INTO contract (address) VALUES (?) ON CONFLICT DO NOTHING', address)
    const id = db.get('SELECT id FROM contract WHERE address = ?', address)?.id as number
    ids.set(address, id)
    return id
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
