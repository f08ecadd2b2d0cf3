import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryTables, type WriteStep } from '#adapters/memory/chain-store.ts'
import { newId } from '#adapters/node/new-id.ts'
import { catalogue } from '#core/catalogue.ts'
import type { HeadEntry, View } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { clearRebuilds } from '#core/indexing/rebuild/clear-rebuilds.ts'
import { rebuildHistory } from '#core/indexing/rebuild/rebuild-history.ts'
import { createFakeChain, type FakeChain } from '../fakes/fake-chain.ts'
import { createFakeSource } from '../fakes/fake-source.ts'
import { createFakeClock, fakeIndexPorts } from '../fakes/index-app.ts'
import { CHAIN_ID, drained, GO_ON, INPUT, type Ports, verified } from '../fakes/rebuild-app.ts'
import type { StoreConnection, StoreHarness } from './chain-store.contract.ts'

const FINALITY = 3
const BLOCKS = 24
const WISH = {
  projections: ['holdings'],
  changed: { ranges: [{ from: 6, to: 9 }], families: catalogue.families },
}

/** What every implementation of the chain store keeps while parts of a history are made anew. */
export function rebuildContract(name: string, open: () => Promise<StoreHarness>): void {
  describe(`parts of a history made anew: ${name}`, () => {
    let harness: StoreHarness
    let chain: FakeChain
    const connections: StoreConnection[] = []

    beforeEach(async () => {
      harness = await open()
      chain = createFakeChain(91, { maxLogs: 5 })
      await chain.mine(BLOCKS)
    })
    afterEach(async () => {
      for (const connection of connections.splice(0)) await connection.close()
      await harness.dispose()
    })

    async function connect(step?: WriteStep): Promise<Ports> {
      const connection = await harness.connect(step)
      connections.push(connection)
      const source = createFakeSource({ blocks: () => chain.blocks, finality: FINALITY })
      const ports = {
        ...fakeIndexPorts(createMemoryTables(), source),
        ...commitPorts(connection, createFakeClock(), CHAIN_ID),
        newId,
      }
      return { ...ports, reading: async () => ports }
    }

    const indexed = async (ports: Ports): Promise<HeadEntry> => {
      await drained(backfill(ports, INPUT, GO_ON))
      return (await ports.heads.latest(CHAIN_ID)) as HeadEntry
    }
    const viewOf = async ({ heads }: Ports): Promise<View> =>
      (await createViews(heads, CHAIN_ID).current()) as View
    test('what was made takes the place of what was, and nothing of that is left', async () => {
      const ports = await connect()
      const before = await indexed(ports)
      await drained(rebuildHistory(ports, { ...INPUT, ...WISH }, GO_ON))
      const { head } = await viewOf(ports)
      expect(head).toMatchObject({ reason: 'rebuild', number: BLOCKS - 1 - FINALITY })
      expect(await verified(ports)).toEqual([])
      const trees = await ports.writer.trees(CHAIN_ID)
      expect(trees).toContain(head.projections.holdings)
      expect(trees).toContain(before.projections.pools?.concat(`.${suffixOf(head)}`))
      expect(trees).not.toContain(before.projections.holdings)
      const rows = await ports.heads.blocks(CHAIN_ID, { from: 5, to: 10 })
      expect(rows.map(({ number }) => number)).toEqual([5, 6, 7, 8, 9, 10])
      const after = await indexed(ports)
      expect(after.digest).toEqual(before.digest)
      expect(await verified(ports)).toEqual([])
    })

    const suffixOf = ({ projections }: HeadEntry): string | undefined =>
      projections.holdings?.split('.')[1]

    test('a rebuild that dies at any write is as if it had not begun, or done', async () => {
      let isOver = false
      const before = await indexed(await connect())
      const every = Math.max(1, harness.everyNth)
      for (let dieAt = 1; !isOver; dieAt += every + (dieAt >> 3)) {
        let writes = 0
        const dying = await connect(async (_, moment) => {
          if (moment === 'before' && ++writes >= dieAt) throw new Error('killed')
        })
        const outcome = await drained(rebuildHistory(dying, { ...INPUT, ...WISH }, GO_ON)).catch(
          (error: unknown) => error,
        )
        isOver = !(outcome instanceof Error)
        const ports = await connect()
        expect((await indexed(ports)).digest).toEqual(before.digest)
      }
      const ports = await connect()
      expect(await verified(ports)).toEqual([])
      await clearRebuilds(ports, await viewOf(ports))
      expect(await verified(ports)).toEqual([])
      const { head } = await viewOf(ports)
      const named = new Set(Object.values(head.projections))
      for (const tree of await ports.writer.trees(CHAIN_ID))
        if (tree.includes('.')) expect(named).toContain(tree)
    })
  })
}
