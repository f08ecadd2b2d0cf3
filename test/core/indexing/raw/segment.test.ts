import { describe, expect, test } from 'vitest'
import { decodeSegment, encodeSegment, type RawBlock } from '#core/indexing/raw/segment.ts'
import { PROOF_LEVELS } from '#core/history/proof.ts'
import { createFakeChain } from '../../../fakes/fake-chain.ts'

async function blocksOf(seed: number, count: number): Promise<RawBlock[]> {
  const chain = createFakeChain(seed, { maxLogs: 8 })
  await chain.mine(count)
  return chain.blocks.map(({ header: { number, hash, parentHash, timestamp }, logs }) => ({
    header: { number, hash, parentHash, timestamp },
    logs,
    level: PROOF_LEVELS[(number >> 2) % PROOF_LEVELS.length] ?? 'linked',
  }))
}

describe('a segment', () => {
  test('gives back its blocks and logs, bit by bit', async () => {
    for (const seed of [1, 2, 3]) {
      const blocks = await blocksOf(seed, 60)
      expect(decodeSegment(encodeSegment(blocks))).toEqual(blocks)
      expect(decodeSegment(encodeSegment(blocks.slice(7, 8)))).toEqual(blocks.slice(7, 8))
      const quiet = blocks.map((block) => ({ ...block, logs: [] }))
      expect(decodeSegment(encodeSegment(quiet))).toEqual(quiet)
    }
  })

  type Columns = { levels: unknown; head: number[]; heads: number[][] }

  test('of the form that repeats the contract and topics of each log is read', async () => {
    const blocks = await blocksOf(6, 20)
    const { head, heads, ...columns } = JSON.parse(encodeSegment(blocks)) as Columns
    expect(new Set(heads.map((each) => each.join())).size).toBe(heads.length)
    const old = { ...columns, form: 2, heads: head.map((place) => heads[place]) }
    expect(decodeSegment(JSON.stringify(old))).toEqual(blocks)
  })

  test('of the form that did not tell how blocks were proven is read, and nothing is made up', async () => {
    const blocks = await blocksOf(5, 20)
    const { levels, head, heads, ...rest } = JSON.parse(encodeSegment(blocks)) as Columns
    const columns = { ...rest, heads: head.map((place) => heads[place]) }
    expect(levels).toEqual([
      ['unverified', 4],
      ['linked', 4],
      ['bloom', 4],
      ['receipts', 4],
      ['unverified', 4],
    ])
    expect(decodeSegment(JSON.stringify({ ...columns, form: 1 }))).toEqual(
      blocks.map((block) => ({ ...block, level: 'unverified' })),
    )
  })

  test('of a newer form is told apart from a damaged one', async () => {
    const text = encodeSegment(await blocksOf(4, 20))
    expect(() => decodeSegment(text.replace('"form":3', '"form":4'))).toThrow(
      /^raw: a segment has form 4, .*use the version that wrote it/,
    )
    expect(() => decodeSegment(text.replace(/"txBlock":\[\d+/, '"txBlock":[999'))).toThrow(
      /^raw: .*is damaged/,
    )
    expect(() => decodeSegment(text.slice(0, -20))).toThrow(/^raw: .*is damaged/)
  })

  test('is damaged where a column is missing, too short, or names what is not there', async () => {
    const text = encodeSegment(await blocksOf(4, 20))
    const columns = JSON.parse(text) as Record<string, unknown>
    const faults: Record<string, unknown>[] = [
      { head: (columns.head as number[]).map(() => 9_999) },
    ]
    for (const [name, column] of Object.entries(columns)) {
      if (!Array.isArray(column)) continue
      faults.push({ [name]: undefined }, { [name]: null }, { [name]: column.slice(1) })
    }
    for (const head of [[0, 9_999], [], null, 0])
      faults.push({ heads: (columns.heads as number[][]).map(() => head) })
    for (const run of [['receipts', 19], ['receipts', 21], ['surely', 20], ['receipts', '20'], 20])
      faults.push({ levels: [run] })
    for (const fault of faults)
      expect(
        () => decodeSegment(JSON.stringify({ ...columns, ...fault })),
        Object.keys(fault).join(),
      ).toThrow(/^raw: the segment .*is damaged/)
    for (const other of ['null', '7', '[]'])
      expect(() => decodeSegment(other), other).toThrow(/^raw: /)
  })
})
