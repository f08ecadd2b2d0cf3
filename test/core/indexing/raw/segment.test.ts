import { describe, expect, test } from 'vitest'
import {
  decodeSegment,
  encodeSegment,
  type RawBlock,
  type SegmentBody,
} from '#core/indexing/raw/segment.ts'
import { PROOF_LEVELS } from '#core/history/proof.ts'
import { createFakeChain } from '../../../fakes/fake-chain.ts'
import { plainBlocks } from '../../../fakes/plain-logs.ts'

async function blocksOf(seed: number, count: number): Promise<RawBlock[]> {
  const chain = createFakeChain(seed, { maxLogs: 8 })
  await chain.mine(count)
  return chain.blocks.map(({ header: { number, hash, parentHash, timestamp }, logs }) => ({
    header: { number, hash, parentHash, timestamp },
    logs,
    level: PROOF_LEVELS[(number >> 2) % PROOF_LEVELS.length] ?? 'linked',
  }))
}

const again = (blocks: readonly RawBlock[]) => plainBlocks(decodeSegment(encodeSegment(blocks)))

const noBytes = new Uint8Array()
const textOf = (columns: object): SegmentBody => ({
  text: JSON.stringify(columns),
  bytes: noBytes,
})

/** The columns of the form in which data were text. */
function columnsOf(blocks: readonly RawBlock[]): Columns {
  const columns = JSON.parse(encodeSegment(blocks).text) as Columns
  const logs = plainBlocks(blocks).flatMap((block) => block.logs)
  return { ...columns, form: 3, data: logs.map(({ data }) => data) }
}
type Columns = {
  form: number
  levels: unknown
  head: number[]
  heads: number[][]
  data: unknown[]
}

describe('a segment', () => {
  test('gives back its blocks and logs, bit by bit', async () => {
    for (const seed of [1, 2, 3]) {
      const blocks = await blocksOf(seed, 60)
      expect(again(blocks)).toEqual(blocks)
      expect(again(blocks.slice(7, 8))).toEqual(blocks.slice(7, 8))
      // What was read of a segment has bytes in the place of text.
      expect(again(decodeSegment(encodeSegment(blocks)))).toEqual(blocks)
      const quiet = blocks.map((block) => ({ ...block, logs: [] }))
      expect(again(quiet)).toEqual(quiet)
    }
  })

  test('of the form that repeats the contract and topics of each log is read', async () => {
    const blocks = await blocksOf(6, 20)
    const { head, heads, ...columns } = columnsOf(blocks)
    expect(new Set(heads.map((each) => each.join())).size).toBe(heads.length)
    const old = { ...columns, form: 2, heads: head.map((place) => heads[place]) }
    expect(decodeSegment(textOf(old))).toEqual(blocks)
  })

  test('of the form that did not tell how blocks were proven is read, and nothing is made up', async () => {
    const blocks = await blocksOf(5, 20)
    const { levels, head, heads, ...rest } = columnsOf(blocks)
    const columns = { ...rest, heads: head.map((place) => heads[place]) }
    expect(levels).toEqual([
      ['unverified', 4],
      ['linked', 4],
      ['bloom', 4],
      ['receipts', 4],
      ['unverified', 4],
    ])
    expect(decodeSegment(textOf({ ...columns, form: 1 }))).toEqual(
      blocks.map((block) => ({ ...block, level: 'unverified' })),
    )
  })

  test('of the form with data as text is read', async () => {
    const blocks = await blocksOf(7, 20)
    expect(decodeSegment(textOf(columnsOf(blocks)))).toEqual(blocks)
  })

  test('keeps data that are no hex, or end within a byte, as they are', async () => {
    const block = (await blocksOf(8, 20)).find(({ logs }) => logs.length > 4)
    const { header, level, logs } = block as RawBlock
    const texts = ['0x', '0xzz', '0x123', '0x12é4', '0x00zz', `0x${'ab'.repeat(40)}`] as const
    const odd = texts.flatMap((data) => logs.slice(0, 2).map((log) => ({ ...log, data })))
    const blocks = [{ header, level, logs: odd }]
    expect(again(blocks)).toEqual(blocks)
  })

  test('of a newer form is told apart from a damaged one', async () => {
    const body = encodeSegment(await blocksOf(4, 20))
    const { text, bytes } = body
    expect(() => decodeSegment({ text: text.replace('"form":4', '"form":5'), bytes })).toThrow(
      /^raw: a segment has form 5, .*use the version that wrote it/,
    )
    for (const damaged of [
      { text: text.replace(/"txBlock":\[\d+/, '"txBlock":[999'), bytes },
      { text: text.slice(0, -20), bytes },
      { text, bytes: bytes.subarray(1) },
      { text, bytes: noBytes },
      { text, bytes: Uint8Array.of(...bytes, 0) },
    ])
      expect(() => decodeSegment(damaged)).toThrow(/^raw: .*is damaged/)
  })

  test('is damaged where a column is missing, too short, or names what is not there', async () => {
    const { text, bytes } = encodeSegment(await blocksOf(4, 20))
    const columns = JSON.parse(text) as Columns & Record<string, unknown>
    const faults: Record<string, unknown>[] = [{ head: columns.head.map(() => 9_999) }]
    for (const [name, column] of Object.entries(columns)) {
      if (!Array.isArray(column)) continue
      faults.push({ [name]: undefined }, { [name]: null }, { [name]: column.slice(1) })
    }
    for (const head of [[0, 9_999], [], null, 0])
      faults.push({ heads: columns.heads.map(() => head) })
    for (const run of [['receipts', 19], ['receipts', 21], ['surely', 20], ['receipts', '20'], 20])
      faults.push({ levels: [run] })
    const size = columns.data.find((each) => (each as number) > 0) as number
    for (const wrong of [null, [], size + 1, -size, size + 0.5])
      faults.push({ data: columns.data.with(columns.data.indexOf(size), wrong) })
    for (const fault of faults)
      expect(
        () => decodeSegment({ text: JSON.stringify({ ...columns, ...fault }), bytes }),
        JSON.stringify(fault).slice(0, 100),
      ).toThrow(/^raw: the segment .*is damaged/)
    for (const other of ['null', '7', '[]'])
      expect(() => decodeSegment({ text: other, bytes: noBytes }), other).toThrow(/^raw: /)
  })
})
