import type { SQLInputValue } from 'node:sqlite'
import type { Hash } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import { type ChainEvent, decodeEventBody } from '#core/history/event.ts'
import type { EventQuery, EventTable } from '#core/history/ports.ts'
import { type StoredRow, storedRow } from '#core/history/stored-row.ts'
import type { EventRow } from '#core/indexing/block-rows.ts'
import type { Database, Row } from './database.ts'
import { readSegment } from './event-segment.ts'
import { contractTable, eventTable } from './schema.ts'

/** A row of a segment, or the segment as a whole where it cannot be read. */
type FoundRow = {
  readonly number: number
  readonly logIndex: number
  /** The row of its block. */
  readonly block: number
  readonly read: () => StoredRow<ChainEvent>
}

export const createSqliteEventTable = (db: Database, catalogue: HistoryCatalogue): EventTable => ({
  async list(chainId, query) {
    const { sql, parameters } = listSql(chainId, query)
    const page: FoundRow[] = []
    // Segments of a block that several commits brought lie over one another: what the next one may come before waits.
    let waiting: FoundRow[] = []
    const take = (rows: readonly FoundRow[]): void => {
      for (const row of rows.toSorted(placesOf(query))) page.push(row)
    }
    for (const segment of db.iterate(sql, ...parameters)) {
      const isBefore = comesBefore(segment, query.descending)
      take(waiting.filter(isBefore))
      if (page.length >= query.limit) break
      waiting = waiting.filter((row) => !isBefore(row))
      for (const row of rowsOf(catalogue, segment, query)) waiting.push(row)
    }
    if (page.length < query.limit) take(waiting)
    return page.slice(0, query.limit).map(({ read }) => read())
  },
})

const comparePlaces = (a: FoundRow, b: FoundRow): number =>
  a.number - b.number || a.logIndex - b.logIndex || a.block - b.block

const placesOf = ({ descending }: EventQuery): ((a: FoundRow, b: FoundRow) => number) =>
  descending ? (a, b) => comparePlaces(b, a) : comparePlaces

/** Whether a row comes before all rows of a segment, and of those that follow it. */
const comesBefore = (segment: Row, descending = false): ((row: FoundRow) => boolean) => {
  const [number, first] = [segment.number as number, segment.log_index as number]
  const last = segment.last_index as number
  return descending
    ? (row) => row.number > number || (row.number === number && row.logIndex > last)
    : (row) => row.number < number || (row.number === number && row.logIndex < first)
}

/** The segments that may have rows of a page, in the order of the page. */
function listSql(
  chainId: number,
  { family, address, from, to, after, descending }: EventQuery,
): { sql: string; parameters: SQLInputValue[] } {
  const byContract = address !== undefined
  const conditions: string[] = []
  const parameters: SQLInputValue[] = []
  const add = (condition: string, ...values: SQLInputValue[]): void => {
    conditions.push(condition)
    parameters.push(...values)
  }
  const first = byContract ? 'c' : 'e'
  add(`${first}.chain = ?`, chainId)
  if (byContract) {
    add('c.contract = (SELECT id FROM contract WHERE address = ?)', address)
    conditions.push('e.chain = c.chain AND e.number = c.number')
  }
  const least = descending ? from : Math.max(from ?? 0, after?.number ?? 0)
  const most = descending
    ? Math.min(to ?? Number.MAX_SAFE_INTEGER, after?.number ?? Number.MAX_SAFE_INTEGER)
    : to
  if (least !== undefined) add(`${first}.number >= ?`, least)
  if (most !== undefined) add(`${first}.number <= ?`, most)
  if (after) {
    const behind = descending ? 'e.log_index <= ?' : 'e.last_index >= ?'
    add(`(e.number <> ? OR ${behind})`, after.number, after.logIndex)
  }
  const order = descending
    ? `${first}.number DESC, e.last_index DESC`
    : `${first}.number, e.log_index`
  const index = byContract ? `${contractTable(family)} c CROSS JOIN ` : ''
  return {
    sql: `SELECT e.number, e.log_index, e.last_index, e.block, e.rows, b.hash, b.timestamp, b."commit"
      FROM ${index}${eventTable(family)} e JOIN block b ON b.id = e.block
      WHERE ${conditions.join(' AND ')} ORDER BY ${order}`,
    parameters,
  }
}

/** The rows of a segment that a query asks for. */
function rowsOf(catalogue: HistoryCatalogue, segment: Row, query: EventQuery): FoundRow[] {
  const number = segment.number as number
  const block = segment.block as number
  const commit = segment.commit as string
  const { after, address } = query
  const isAfter = ({ logIndex }: Pick<EventRow, 'logIndex'>): boolean => {
    if (after?.number !== number) return true
    const order = logIndex - after.logIndex
    const beyond = order || (after.branch === undefined ? 0 : block - Number(after.branch))
    return query.descending ? beyond < 0 : beyond > 0
  }
  const found: FoundRow[] = []
  const add = (logIndex: number, decode: () => ChainEvent): void => {
    const place = { number, logIndex }
    const read = () => storedRow({ place, commit, branch: block }, decode)
    found.push({ number, logIndex, block, read })
  }
  try {
    readSegment(segment.rows as Uint8Array, (row) => {
      if ((address === undefined || row.address === address) && isAfter(row))
        add(row.logIndex, () => eventOf(catalogue, segment, row))
    })
  } catch (error) {
    if (!isAppError(error)) throw error
    // Nobody knows which rows it had; whoever asks for any of them is told.
    const logIndex = [segment.log_index, segment.last_index].find((index) =>
      isAfter({ logIndex: index as number }),
    )
    if (logIndex !== undefined)
      add(logIndex as number, () => {
        throw error
      })
  }
  return found
}

const eventOf = (
  catalogue: HistoryCatalogue,
  segment: Row,
  { transactionHash, logIndex, address, kind, body }: EventRow,
): ChainEvent => ({
  block: {
    number: segment.number as number,
    hash: segment.hash as Hash,
    timestamp: segment.timestamp as number,
  },
  transactionHash,
  logIndex,
  address,
  body: decodeEventBody(catalogue.eventOfNumber(Number(kind)), body),
})
