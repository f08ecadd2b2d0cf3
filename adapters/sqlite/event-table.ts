import type { SQLInputValue } from 'node:sqlite'
import type { Address, Hash } from '#core/chain.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import { type ChainEvent, decodeEventBody } from '#core/history/event.ts'
import type { EventQuery, EventTable } from '#core/history/ports.ts'
import { type StoredRow, storedRow } from '#core/history/stored-row.ts'
import type { Database, Row } from './database.ts'
import { eventTable, heightTable } from './schema.ts'

export const createSqliteEventTable = (db: Database, catalogue: HistoryCatalogue): EventTable => {
  const seldom = new Set(
    catalogue.families.filter(({ byContract }) => byContract === 'seldom').map(({ name }) => name),
  )
  return {
    async list(chainId, query) {
      const { sql, parameters } = listSql(chainId, query, seldom.has(query.family))
      return db.all(sql, ...parameters).map((row) => storedEventOf(catalogue, row))
    },
  }
}

function listSql(
  chainId: number,
  query: EventQuery,
  isSeldomByContract: boolean,
): { sql: string; parameters: SQLInputValue[] } {
  const conditions = ['e.chain = ?']
  const parameters: SQLInputValue[] = [chainId]
  const add = (condition: string, ...values: SQLInputValue[]): void => {
    conditions.push(condition)
    parameters.push(...values)
  }
  // The heights at which a contract emitted any are found first, then what happened there.
  const byHeight = isSeldomByContract && query.address !== undefined
  const first = byHeight ? 'p' : 'e'
  if (byHeight) add('p.chain = ? AND e.contract = p.contract AND e.number = p.number', chainId)
  if (query.address !== undefined)
    add(`${first}.contract = (SELECT id FROM contract WHERE address = ?)`, query.address)
  const { after, from, to, descending } = query
  // Of two bounds on the same end only one may stand here: SQLite walks to the first row along the one that it picks.
  if (from !== undefined && (descending || !after || after.number < from))
    add(`${first}.number >= ?`, from)
  if (to !== undefined && (!descending || !after || after.number > to))
    add(`${first}.number <= ?`, to)
  if (after) {
    if (byHeight) add(`p.number ${descending ? '<=' : '>='} ?`, after.number)
    const operator = descending ? '<' : '>'
    const { number, logIndex, branch } = after
    if (branch === undefined) add(`(e.number, e.log_index) ${operator} (?, ?)`, number, logIndex)
    else
      add(
        `(e.number, e.log_index, e.block) ${operator} (?, ?, ?)`,
        number,
        logIndex,
        Number(branch),
      )
  }
  const direction = query.descending ? 'DESC' : 'ASC'
  parameters.push(query.limit)
  return {
    sql: `SELECT e.number, e.log_index, e.kind, c.address, e.transaction_hash, e.body, e.block, b.hash, b.timestamp, b."commit"
      FROM ${byHeight ? `${heightTable(query.family)} p CROSS JOIN ` : ''}${eventTable(query.family)} e JOIN block b ON b.id = e.block JOIN contract c ON c.id = e.contract
      WHERE ${conditions.join(' AND ')}
      ORDER BY ${first}.number ${direction}, e.log_index ${direction}, e.block ${direction} LIMIT ?`,
    parameters,
  }
}

const storedEventOf = (catalogue: HistoryCatalogue, row: Row): StoredRow<ChainEvent> => {
  const [number, logIndex] = [row.number as number, row.log_index as number]
  const place = { number, logIndex }
  return storedRow({ place, commit: row.commit as string, branch: row.block as number }, () => ({
    block: { number, hash: row.hash as Hash, timestamp: row.timestamp as number },
    transactionHash: `0x${Buffer.from(row.transaction_hash as Uint8Array).toString('hex')}`,
    logIndex,
    address: row.address as Address,
    body: decodeEventBody(catalogue.eventOfNumber(row.kind as number), row.body as string),
  }))
}
