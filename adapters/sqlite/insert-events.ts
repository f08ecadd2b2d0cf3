import type { Address, BlockRef } from '#core/chain.ts'
import type { CommitId, DerivedRef } from '#core/history/head.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import { readBlockRows } from '#core/indexing/block-rows.ts'
import type { Database } from './database.ts'
import { eventTable, heightTable } from './schema.ts'

/** The rows of one block's events as text, which crosses to another thread as it is. */
export type BlockRows = { readonly block: BlockRef; readonly rows: string }

type Insert = {
  readonly run: (...parameters: unknown[]) => void
  readonly kind: number
  /** Of a family of which only the heights are kept by contract: the contracts of the block at hand. */
  readonly heights: Set<number> | undefined
}

/** Stores events of blocks that are stored; those that are there already stay as they are. */
export function insertEvents(
  db: Database,
  catalogue: HistoryCatalogue,
  chainId: number,
  commit: CommitId,
  blocks: readonly BlockRows[],
): void {
  const contracts = new Map<Address, number>()
  const heightsOf: { readonly heights: Set<number>; readonly run: Insert['run'] }[] = []
  const inserts = new Map<string, Insert>(
    catalogue.families.flatMap(({ name, byContract, events }) => {
      const run = db.prepareRun(insertSql(name))
      const heights = byContract === 'seldom' ? new Set<number>() : undefined
      if (heights) heightsOf.push({ heights, run: db.prepareRun(insertHeightSql(name)) })
      return events.map(({ kind, number }) => [kind, { run, kind: number, heights }] as const)
    }),
  )
  const contractId = (address: Address): number => {
    const known = contracts.get(address)
    if (known !== undefined) return known
    const id = makeContract(db, address)
    contracts.set(address, id)
    return id
  }
  for (const { block, rows } of blocks) {
    if (rows === '') continue
    const blockId = idOfBlock(db, chainId, { number: block.number, commit })
    // Rows of one transaction follow one another.
    let transaction = ''
    let hash = Buffer.alloc(0)
    readBlockRows(rows, ({ transactionHash, logIndex, address, kind, body }) => {
      if (transactionHash !== transaction) {
        transaction = transactionHash
        hash = Buffer.from(transactionHash.slice(2), 'hex')
      }
      const insert = inserts.get(kind) as Insert
      const contract = contractId(address)
      insert.heights?.add(contract)
      insert.run(chainId, block.number, logIndex, blockId, insert.kind, contract, hash, body)
    })
    for (const { heights, run } of heightsOf) {
      for (const contract of heights) run(chainId, contract, block.number)
      heights.clear()
    }
  }
}

const insertSql = (family: string): string =>
  `INSERT INTO ${eventTable(family)}
  (chain, number, log_index, block, kind, contract, transaction_hash, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

const insertHeightSql = (family: string): string =>
  `INSERT INTO ${heightTable(family)} (chain, contract, number) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`

function makeContract(db: Database, address: Address): number {
  db.run('INSERT INTO contract (address) VALUES (?) ON CONFLICT DO NOTHING', address)
  return db.get('SELECT id FROM contract WHERE address = ?', address)?.id as number
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
