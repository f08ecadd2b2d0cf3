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

  test('of the form that did not tell how blocks were proven is read, and nothing is made up', async () => {
    const blocks = await blocksOf(5, 20)
    const { levels, ...columns } = JSON.parse(encodeSegment(blocks)) as { levels: unknown }
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
    expect(() => decodeSegment(text.replace('"form":2', '"form":3'))).toThrow(
      /^raw: a segment has form 3, .*use the version that wrote it/,
    )
    expect(() => decodeSegment(text.replace(/"txBlock":\[\d+/, '"txBlock":[999'))).toThrow(
      /^raw: .*is damaged/,
    )
    expect(() => decodeSegment(text.slice(0, -20))).toThrow(/^raw: .*is damaged/)
  })
})
