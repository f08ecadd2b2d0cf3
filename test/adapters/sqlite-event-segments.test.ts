import { beforeEach, expect, test } from 'vitest'
import { openSqliteDatabase } from '#adapters/sqlite/chain-ports.ts'
import type { Database } from '#adapters/sqlite/database.ts'
import { createCutSegments, kindNumber, unpackRows } from '#adapters/sqlite/event-segment.ts'
import { createInsertEvents, type InsertEvents } from '#adapters/sqlite/insert-events.ts'
import { packBlocks, unpackBlocks } from '#adapters/sqlite/packed-blocks.ts'
import { contractTable, eventTable } from '#adapters/sqlite/schema.ts'
import { catalogue } from '#core/catalogue.ts'
import type { Address, Hash } from '#core/chain.ts'
import type { EventBody } from '#core/history/event.ts'
import { createBlockRows, readBlockRows, ROW } from '#core/indexing/block-rows.ts'
import { createRandom, type Random } from '../fakes/random.ts'

const CHAIN_ID = 1
const COMMIT = 'a'
const FAMILIES = ['token', 'contract', 'transfer']
const SIZES = [0, 1, 30, 450, 900]

const hash = (number: number): Hash => `0x${number.toString(16).padStart(64, '0')}`
/** Contracts, and pools of Uniswap V4, which have longer names. */
const contract = (index: number): Address =>
  `0x${index.toString(16).padStart(index % 3 === 0 ? 64 : 40, '0')}`

let db: Database
let insertEvents: InsertEvents
beforeEach(() => {
  db = openSqliteDatabase(':memory:', catalogue)
  insertEvents = createInsertEvents(db, catalogue)
  return () => db.close()
})

/** Bodies of several families and kinds; texts that are not of single bytes, and that fill a segment alone. */
function body(random: Random): EventBody {
  const from = contract(1)
  const to = contract(2)
  switch (random.int(4)) {
    case 0:
      return { type: 'tokenRebase', protocol: 'erc20', event: 'LogRebase' } as EventBody
    case 1: {
      const ids = { tokenIds: [random.bits(20)], amounts: [1n] }
      return { type: 'transfer', protocol: 'erc721', operator: null, from, to, ...ids } as EventBody
    }
    case 2: {
      const words = Array.from({ length: random.chance(0.01) ? 900 : 2 }, () => random.bits(256))
      const signature = random.pick(['Set(uint256)', 'Größe("uint256")', '🙂(uint256)'])
      return { type: 'contractEvent', protocol: 'declared', signature, words } as EventBody
    }
    default: {
      const amount = random.bits(90)
      return { type: 'tokenTransfer', protocol: 'erc20', from, to, amount } as EventBody
    }
  }
}

/** A block as it is decoded: transactions of one row and of hundreds, and malformed logs between. */
function blockOf(random: Random, number: number, size: number) {
  const rows = createBlockRows()
  let [logIndex, transaction] = [0, 0]
  for (let row = 0; row < size; row++) {
    logIndex += 1 + random.int(3)
    if (random.chance(size > 500 ? 0.01 : 0.3)) transaction += 1 + random.int(2)
    const of = hash(transaction)
    if (random.chance(0.1)) rows.quarantined(of, logIndex)
    else {
      const event = body(random)
      const address = contract(random.int(6))
      rows.event(of, logIndex, address, catalogue.kindOf(event), event)
    }
  }
  const block = { number, hash: hash(number), timestamp: number }
  return { block, rows: rows.text(), offsets: rows.offsets() }
}

type Segment = { firstIndex: number; lastIndex: number; rows: string }

/** The segments of a family, made of the rows one by one. */
function segmentsOf(family: string, text: string): { segments: Segment[]; contracts: Address[] } {
  const specs = catalogue.families.find(({ name }) => name === family)?.events ?? []
  const segments: Segment[] = []
  const contracts = new Set<Address>()
  let [size, characters, transaction] = [0, 0, '']
  readBlockRows(text, ({ transactionHash, logIndex, address, kind, body: json }) => {
    const spec = specs.find((each) => each.kind === kind)
    if (!spec) return
    if (size === 200 || characters >= 65_536) [size, characters, transaction] = [0, 0, '']
    if (size === 0) segments.push({ firstIndex: logIndex, lastIndex: 0, rows: '' })
    const segment = segments.at(-1) as Segment
    const lines = segment.rows === '' ? [] : [segment.rows]
    if (transactionHash !== transaction) lines.push(transactionHash)
    lines.push(`${logIndex} ${address} ${spec.number} ${json}`)
    segment.rows = lines.join('\n')
    segment.lastIndex = logIndex
    transaction = transactionHash
    characters += json.length
    size++
    contracts.add(address)
  })
  return { segments, contracts: [...contracts].toSorted() }
}

const storedSegments = (family: string, number: number): Segment[] =>
  db
    .all(`SELECT * FROM ${eventTable(family)} WHERE number = ? ORDER BY log_index`, number)
    .map((row) => ({
      firstIndex: row.log_index as number,
      lastIndex: row.last_index as number,
      rows: unpackRows(row.rows as Uint8Array),
    }))

const storedContracts = (family: string, number: number): string[] =>
  db
    .all(
      `SELECT address FROM ${contractTable(family)} c JOIN contract ON id = c.contract WHERE number = ?`,
      number,
    )
    .map(({ address }) => address as string)
    .toSorted()

function put(blocks: readonly ReturnType<typeof blockOf>[]): void {
  for (const { block } of blocks)
    db.run(
      `INSERT INTO block (chain, number, hash, parent_hash, timestamp, "commit") VALUES (?, ?, ?, '', 0, ?)`,
      CHAIN_ID,
      block.number,
      block.hash,
      COMMIT,
    )
  insertEvents(CHAIN_ID, COMMIT, packBlocks(blocks))
}

test('segments hold the rows of their family as they stand in the block, whatever is between them', () => {
  const random = createRandom(11)
  const blocks = Array.from({ length: 25 }, (_, number) =>
    blockOf(random, number, SIZES[number % SIZES.length] as number),
  )
  put(blocks)
  let most = 0
  for (const { block, rows } of blocks)
    for (const family of FAMILIES) {
      const expected = segmentsOf(family, rows)
      expect(storedSegments(family, block.number)).toEqual(expected.segments)
      expect(storedContracts(family, block.number)).toEqual(expected.contracts)
      most = Math.max(most, expected.segments.length)
    }
  expect(most).toBeGreaterThan(2)
})

test('a transaction that goes on in the next segment is named in it too', () => {
  const rows = createBlockRows()
  const event = { type: 'tokenRebase', protocol: 'erc20', event: 'LogRebase' } as EventBody
  for (let logIndex = 0; logIndex < 201; logIndex++)
    rows.event(hash(9), logIndex, contract(1), catalogue.kindOf(event), event)
  const block = { number: 1, hash: hash(1), timestamp: 1 }
  put([{ block, rows: rows.text(), offsets: rows.offsets() }])
  expect(storedSegments('token', 1).map((segment) => segment.rows.split('\n').length)).toEqual([
    201, 2,
  ])
  expect(storedSegments('token', 1)[1]?.rows).toBe(
    `${hash(9)}\n200 ${contract(1)} 59 ["LogRebase"]`,
  )
})

test('a number that is longer than the name of its kind has room', () => {
  const spec = { type: 'a', protocol: 'b', kind: 'a/b', number: 2_000_000_000, fields: {} }
  const rows = createBlockRows()
  for (let logIndex = 0; logIndex < 200; logIndex++)
    rows.event(hash(9), logIndex, contract(1), spec, spec)
  const block = { number: 1, hash: hash(1), timestamp: 1 }
  const [packed] = unpackBlocks(packBlocks([{ block, rows: rows.text(), offsets: rows.offsets() }]))
  if (!packed) throw new Error('no block')
  const segments: string[] = []
  createCutSegments(new Map([[spec.number, kindNumber(spec)]]))(
    packed,
    Array.from({ length: 200 }, (_, row) => row * ROW.width),
    (segment) => segments.push(unpackRows(segment.rows)),
  )
  expect(segments).toEqual([rows.text().replaceAll(' a/b ', ' 2000000000 ')])
})

test('rows of a kind that no family has are refused by its name, and leave nothing to the next blocks', () => {
  const rows = createBlockRows()
  const event = { type: 'tokenRebase', protocol: 'erc20', event: 'LogRebase' } as EventBody
  rows.event(hash(1), 0, contract(7), catalogue.kindOf(event), event)
  const spec = {
    type: 'strange',
    protocol: 'erc20',
    kind: 'strange/erc20',
    number: 9_999,
    fields: {},
  }
  rows.event(hash(1), 1, contract(1), spec, spec)
  const block = { number: 1, hash: hash(1), timestamp: 1 }
  expect(() => put([{ block, rows: rows.text(), offsets: rows.offsets() }])).toThrow(
    'events of the kind strange/erc20 are in a family of the catalogue',
  )
  expectStored(blockOf(createRandom(13), 2, 40))
})

test('a contract whose number was rolled back is given one again', () => {
  const given = blockOf(createRandom(14), 1, 40)
  db.begin('cheap')
  put([given])
  db.rollback()
  expectStored(given)
})

/** That just these events are stored of a block that is put. */
function expectStored(given: ReturnType<typeof blockOf>): void {
  put([given])
  for (const family of FAMILIES) {
    const expected = segmentsOf(family, given.rows)
    expect(storedSegments(family, given.block.number)).toEqual(expected.segments)
    expect(storedContracts(family, given.block.number)).toEqual(expected.contracts)
  }
}

test('a contract of a block is told by the place where it is named first', () => {
  const { rows, offsets } = blockOf(createRandom(12), 1, 300)
  const named = new Map<Address, Set<number | undefined>>()
  let at = 0
  readBlockRows(rows, ({ address }) => {
    const places = named.get(address) ?? new Set()
    named.set(address, places.add(offsets[at + ROW.contractAt]))
    at += ROW.width
  })
  expect(at).toBe(offsets.length)
  for (const [address, places] of named)
    expect([...places]).toEqual([rows.indexOf(` ${address} `) + 1])
})
