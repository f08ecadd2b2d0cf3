import { describe, expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { backfill, type BackfillPlan } from '#core/indexing/backfill.ts'
import { followHead } from '#core/indexing/follow-head.ts'
import { createFakeChain, type FakeBlock, fakeSources } from '../../fakes/fake-chain.ts'
import { createFakeSource } from '../../fakes/fake-source.ts'
import { fakeIndexPorts } from '../../fakes/index-app.ts'

const INPUT = { chainId: 31_337, sources: fakeSources, proof: 'auto' } as const

async function chainOf(seed: number, count: number): Promise<readonly FakeBlock[]> {
  const chain = createFakeChain(seed)
  await chain.mine(count)
  return chain.blocks
}

describe('a chain that was begun anew, of the same id', () => {
  test.each([
    ['lower', 12],
    ['as high', 30],
    ['higher', 40],
    ['of one block', 1],
  ])(
    'and is %s, is noticed by follower and backfill, which leave the store as it is',
    async (_name, count) => {
      const [first, second] = [await chainOf(1, 30), await chainOf(2, count)]
      let blocks = first
      const source = createFakeSource({ blocks: () => blocks })
      const tables = createMemoryTables()
      const ports = fakeIndexPorts(tables, source)
      for await (const _ of backfill(ports, INPUT, { aborted: false }));
      const before = await ports.heads.latest(INPUT.chainId)
      blocks = second

      const cancel = { aborted: false }
      const seen: string[] = []
      for await (const event of followHead(ports, { ...INPUT, pollMs: 10 }, cancel)) {
        if (event.status === 'idle' && count > 1) throw new Error('it is taken to be at the head')
        if (event.status === 'degraded') seen.push(event.error.message)
        if (seen.length === 3) cancel.aborted = true
      }
      expect(new Set(seen).size).toBe(1)
      expect(seen[0]).toMatch(/another chain.*same id.*fresh store/)

      await expect(backfill(ports, INPUT, { aborted: false }).next()).rejects.toThrow(seen[0])
      expect(await ports.heads.latest(INPUT.chainId)).toEqual(before)
      // It was an endpoint that was mixed up: all goes on.
      blocks = first
      expect((await backfill(ports, INPUT, { aborted: false }).next()).value).toMatchObject({
        watermark: { number: 29 },
      })
    },
  )
})

test('what named ranges leave out for good is told before anything is written', async () => {
  const blocks = await chainOf(3, 40)
  const ports = fakeIndexPorts(createMemoryTables(), createFakeSource({ blocks: () => blocks }))
  const holesOf = async (ranges: readonly { from: number; to: number }[]) => {
    let plan: BackfillPlan | undefined
    let writtenBefore: unknown
    const head = async () => (await ports.heads.latest(INPUT.chainId))?.number
    const before = await head()
    const onPlan = (told: BackfillPlan): void => {
      plan = told
      writtenBefore = head()
    }
    for await (const _ of backfill(ports, { ...INPUT, ranges, onPlan }, { aborted: false }));
    expect(await writtenBefore).toEqual(before)
    return plan?.holes
  }
  expect(await holesOf([{ from: 0, to: 9 }])).toEqual([])
  expect(
    await holesOf([
      { from: 10, to: 11 },
      { from: 15, to: 16 },
    ]),
  ).toEqual([{ from: 12, to: 14 }])
  expect(await holesOf([{ from: 20, to: 22 }])).toEqual([{ from: 17, to: 19 }])
  expect(await holesOf([{ from: 23, to: 30 }])).toEqual([])
})

test('a run that is stopped keeps what it has read', async () => {
  const blocks = await chainOf(4, 300)
  const source = createFakeSource({ blocks: () => blocks })
  const ports = fakeIndexPorts(createMemoryTables(), source)
  const cancel = { aborted: false }
  let chunks = 0
  const stopping = {
    ...source,
    async headers(...args: Parameters<typeof source.headers>) {
      if (++chunks === 5) cancel.aborted = true
      return source.headers(...args)
    },
  }
  const steps = backfill({ ...ports, source: stopping }, INPUT, cancel)
  while (!(await steps.next()).done);
  const head = await ports.heads.latest(INPUT.chainId)
  // Far below what one commit aims at.
  expect(head?.number).toBeGreaterThan(10)
  expect(head?.number).toBeLessThan(296)
})
