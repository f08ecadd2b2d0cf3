import { expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { emptyDigest } from '#core/history/digest.ts'
import type { DocumentId, Version } from '#core/history/document.ts'
import type { Holder } from '#core/nft/holding.ts'
import type { Replacement } from '#core/indexing/ports.ts'
import { type HeadEntry, viewFrom } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { putBack } from '#core/indexing/put-back.ts'
import { addressOf } from '../../fakes/encode.ts'

const HEAD_MOVE = 9
const hash = `0x${'1'.repeat(64)}` as const
const collection = addressOf(0x721)
const owner = addressOf(1)
const id: DocumentId = { tree: 't', kind: 'holder', key: [collection, owner] }

const version = (commit: string, number: number, move: number): Version<Holder> => ({
  number,
  commit,
  move,
  value: { collection, owner, tokenCount: number, amount: 1n },
})

/** A document whose current version is of a dead commit, with the one that the head shows beside it. */
async function openStore() {
  const { writer, ...history } = createMemoryChainStore(createMemoryTables())
  await writer.putSettled(1, [{ commit: 'shown', from: 4, to: 4 }])
  const shown = version('shown', 4, 2)
  const dead = version('dead', 6, 5)
  await writer.replace([{ id, version: dead, previous: shown, expected: null }])
  const head: HeadEntry = {
    chainId: 1,
    move: HEAD_MOVE,
    reason: 'fence',
    number: 8,
    hash,
    timestamp: 0,
    blocks: 0,
    commit: 'head',
    finalized: { number: 8, hash },
    floorMove: HEAD_MOVE,
    digest: emptyDigest,
    coverage: [{ from: 0, to: 8 }],
    proof: [],
    projections: { holdings: 't' },
    committedAtMs: 0,
  }
  const views = createViews(history.heads, 1)
  /** The number of late writers that get between the look and the replacement. */
  const run = async (rivals: number): Promise<boolean> => {
    let late = 0
    const rivalled = {
      ...writer,
      async replace(changes: readonly Replacement[]) {
        const [current] = await history.tree.read(id, [id.key])
        if (late < rivals && current) {
          late++
          const other = version(`late-${late}`, 7, 6)
          const displaced = { id, version: other, previous: shown, expected: current }
          await writer.replace([displaced])
        }
        return writer.replace(changes)
      },
    }
    const ports = { ...history, views, writer: rivalled }
    return putBack(ports, viewFrom(head), [id], ({ move }) => move <= HEAD_MOVE)
  }
  const current = async (): Promise<string | undefined> =>
    (await history.tree.read(id, [id.key]))[0]?.commit
  return { run, current }
}

test('a document gets back what the head shows', async () => {
  const { run, current } = await openStore()
  expect(await run(0)).toBe(true)
  expect(await current()).toBe('shown')
})

test('a late writer that gets between is put back, too', async () => {
  const { run, current } = await openStore()
  expect(await run(2)).toBe(true)
  expect(await current()).toBe('shown')
})

test('where late writers keep on, it is said, so that nothing is dropped that the document may need', async () => {
  const { run } = await openStore()
  expect(await run(Number.POSITIVE_INFINITY)).toBe(false)
})
