import { expect, test } from 'vitest'
import type { BlockRange, Hash } from '#core/chain.ts'
import { createFinalEvents } from '#core/relay/final-events.ts'
import type { PointsEvent } from '#core/relay/ports.ts'

const operation = (number: number): Hash => `0x${number.toString(16).padStart(64, '0')}`

/** A chain with an operation that is cancelled in each of some blocks. */
function openChain(...blocks: number[]) {
  const asked: BlockRange[] = []
  const cancelled = new Set(blocks)
  const chain = {
    nodeCount: 1,
    events: async (range: BlockRange): Promise<PointsEvent[][]> => {
      asked.push(range)
      const found = [...cancelled].filter((each) => each >= range.from && each <= range.to)
      return [
        found.map((blockNumber) => ({
          kind: 'cancelled',
          operation: operation(blockNumber),
          blockNumber,
        })),
      ]
    },
  }
  const events = createFinalEvents(chain, 100)
  return {
    cancelled,
    asked,
    read: async (toBlock: number) =>
      [...(await events.read(toBlock)).values()].map(({ blockNumber }) => blockNumber),
  }
}

test('events that were read are remembered, and only the newest blocks are read again', async () => {
  const { read, asked, cancelled } = openChain(100, 5_000, 9_000)
  expect(await read(9_099)).toEqual([100, 5_000, 9_000])
  expect(asked).toHaveLength(5)
  asked.length = 0
  cancelled.add(9_500)
  expect(await read(9_600)).toEqual([100, 5_000, 9_000, 9_500])
  expect(asked).toEqual([
    { from: 7_100, to: 9_099 },
    { from: 9_100, to: 9_600 },
  ])
  // A final block was taken back, a short while after.
  cancelled.delete(9_500)
  expect(await read(9_600)).toEqual([100, 5_000, 9_000])
})

test('what is taken back far below the newest blocks is seen within a day of comparisons', async () => {
  const { read, cancelled } = openChain(100, 9_000)
  await read(9_000)
  cancelled.delete(100)
  for (let time = 1; time < 24; time++) expect(await read(9_000)).toEqual([100, 9_000])
  expect(await read(9_000)).toEqual([9_000])
})

test('nothing is left out where a read has failed, or a node is behind what was read', async () => {
  const { read, cancelled, asked } = openChain(150, 4_000)
  expect(await read(4_000)).toEqual([150, 4_000])
  const { push } = asked
  asked.push = () => {
    throw new Error('the node is away')
  }
  cancelled.add(4_100)
  await expect(read(4_200)).rejects.toThrow('the node is away')
  asked.push = push
  expect(await read(4_200)).toEqual([150, 4_000, 4_100])
  cancelled.add(4_250)
  expect(await read(3_000)).toEqual([150])
  expect(await read(4_300)).toEqual([150, 4_000, 4_100, 4_250])
})
