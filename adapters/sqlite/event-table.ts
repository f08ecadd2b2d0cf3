import type { SQLInputValue } from 'node:sqlite'
import type { Address, Hash } from '#core/chain.ts'
import {
  type ChainEvent,
  decodeEventBody,
  type EventKind,
  eventKinds,
} from '#core/history/event.ts'
import type { EventQuery, EventTable } from '#core/history/ports.ts'
import type { Database, Row } from './database.ts'
import { eventTable } from './schema.ts'

export const createSqliteEventTable = (db: Database): EventTable => ({
  async list(chainId, query) {
    const { sql, parameters } = listSql(chainId, query)
    return db.all(sql, ...parameters).map(eventOf)
  },
})

function listSql(chainId: number, query: EventQuery): { sql: string; parameters: SQLInputValue[] } {
  const conditions = ['e.chain = ?']
  const parameters: SQLInputValue[] = [chainId]
  const add = (condition: string, ...values: SQLInputValue[]): void => {
    conditions.push(condition)
    parameters.push(...values)
  }
  // The heights at which a pool changed are found first, then what happened there.
  const byHeight = query.family === 'pool' && query.address !== undefined
  const first = byHeight ? 'p' : 'e'
  if (byHeight) add('p.chain = ? AND e.contract = p.contract AND e.number = p.number', chainId)
  if (query.address !== undefined)
    add(`${first}.contract = (SELECT id FROM contract WHERE address = ?)`, query.address)
  if (query.from !== undefined) add(`${first}.number >= ?`, query.from)
  if (query.to !== undefined) add(`${first}.number <= ?`, query.to)
  if (query.after) {
    const operator = query.descending ? '<' : '>'
    const { number, logIndex, hash } = query.after
    if (hash === undefined) add(`(e.number, e.log_index) ${operator} (?, ?)`, number, logIndex)
    else {
      const block = '(SELECT id FROM block WHERE chain = ? AND number = ? AND hash = ?)'
      add(
        `(e.number, e.log_index, e.block) ${operator} (?, ?, ${block})`,
        number,
        logIndex,
        chainId,
        number,
        hash,
      )
    }
  }
  const direction = query.descending ? 'DESC' : 'ASC'
  parameters.push(query.limit)
  return {
    sql: `SELECT e.number, e.log_index, e.kind, c.address, e.transaction_hash, e.body, b.hash, b.timestamp
      FROM ${byHeight ? 'pool_block p CROSS JOIN ' : ''}${eventTable(query.family)} e JOIN block b ON b.id = e.block JOIN contract c ON c.id = e.contract
      WHERE ${conditions.join(' AND ')}
      ORDER BY ${first}.number ${direction}, e.log_index ${direction}, e.block ${direction} LIMIT ?`,
    parameters,
  }
}

const eventOf = (row: Row): ChainEvent => ({
  block: {
    number: row.number as number,
    hash: row.hash as Hash,
    timestamp: row.timestamp as number,
  },
  transactionHash: `0x${Buffer.from(row.transaction_hash as Uint8Array).toString('hex')}`,
  logIndex: row.log_index as number,
  address: row.address as Address,
  body: decodeEventBody(eventKinds[row.kind as number] as EventKind, row.body as string),
})
