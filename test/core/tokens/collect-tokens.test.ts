import { describe, expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import type { Address } from '#core/chain.ts'
import { listTokens } from '#core/dex/list-tokens.ts'
import { currentView } from '#core/history/at-head.ts'
import { createViews } from '#core/history/view.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { BEFORE_GENESIS } from '#core/indexing/ports.ts'
import { createTokenCollector } from '#core/tokens/collect-tokens.ts'
import { refreshTokens } from '#core/tokens/refresh-tokens.ts'
import { addressOf } from '../../fakes/encode.ts'
import { createFakeChain, fakeSources, provenOf } from '../../fakes/fake-chain.ts'
import { createTokenWorld, FAILS, REFUSES, tells } from '../../fakes/token-world.ts'

const CHAIN_ID = 31_337
const HOUR_MS = 3_600_000
const configured = addressOf(0x7777)

/** A history of some blocks, and what collects its tokens; `append` brings more blocks. */
async function openHistory() {
  const world = createTokenWorld()
  const store = createMemoryChainStore(createMemoryTables())
  const views = createViews(store.heads, CHAIN_ID)
  const ports = { ...world, tree: store.tree, heads: store.heads, views }
  world.number = 1_000
  const createCollector = () =>
    createTokenCollector(ports, { chainId: CHAIN_ID, configured: [configured] })
  const collector = createCollector()
  const chain = createFakeChain(3, { maxLogs: 20 })
  const appender = createChainAppender(
    { ...commitPorts(store, systemClock, CHAIN_ID), sha256, newId, committed: collector.found },
    CHAIN_ID,
    fakeSources,
  )
  await appender.open()
  return {
    world,
    collector,
    createCollector,
    async append(count: number) {
      const from = chain.blocks.length
      await chain.mine(count)
      for (const block of chain.blocks.slice(from)) {
        // oxlint-disable-next-line no-await-in-loop -- one by one
        await appender.take([provenOf(block)])
        // oxlint-disable-next-line no-await-in-loop -- one by one
        expect(await appender.commit(BEFORE_GENESIS)).toBe('committed')
      }
    },
    async tokens(): Promise<readonly Address[]> {
      const view = await currentView(views)
      return (await listTokens(ports, view, [], { limit: 1_000 })).items
    },
    async stored() {
      return [...world.kept.values()].map(({ address }) => address).toSorted()
    },
  }
}

async function stepUntilDone({ step }: ReturnType<typeof createTokenCollector>) {
  for (let steps = 0; steps < 1_000; steps++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { isDone, trouble } = await step()
    if (isDone || trouble !== undefined) return trouble
  }
  throw new Error('it does not come to an end')
}

describe('collecting tokens’ words', () => {
  test('stores those of all pools of a history that was there before, and those that are configured', async () => {
    const { world, createCollector, append, tokens, stored } = await openHistory()
    await append(12)
    expect((await tokens()).length).toBeGreaterThan(3)
    expect(await stepUntilDone(createCollector())).toBeUndefined()
    expect(await stored()).toEqual([...(await tokens()), configured].toSorted())
    expect(world.asked).toHaveLength(new Set(world.asked).size)
  })

  test('stores the tokens of a new pool after the commit that brought it', async () => {
    const { world, collector, append, tokens, stored } = await openHistory()
    await append(1)
    await stepUntilDone(collector)
    const before = await stored()
    await append(30)
    const all = [...(await tokens()), configured].toSorted()
    expect(all.length).toBeGreaterThan(before.length)
    await stepUntilDone(collector)
    expect(await stored()).toEqual(all)
    expect(world.asked).toHaveLength(new Set(world.asked).size)
  })

  test('goes on where a node fails: nothing is stored of it, and it is asked again, ever less often', async () => {
    const { world, createCollector, append, tokens, stored } = await openHistory()
    await append(12)
    const collector = createCollector()
    world.isAway = true
    expect(await stepUntilDone(collector)).toMatch(/no endpoint answers/)
    expect(await stored()).toEqual([])
    const tries: number[] = []
    for (let seconds = 0; seconds < 3_600; seconds++) {
      world.ms += 1_000
      const before = world.requests
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await collector.step()
      if (world.requests > before) tries.push(seconds)
    }
    expect(tries.length).toBeGreaterThan(8)
    expect(tries.length).toBeLessThan(40)
    world.isAway = false
    world.ms += HOUR_MS
    expect(await stepUntilDone(collector)).toBeUndefined()
    expect(await stored()).toEqual([...(await tokens()), configured].toSorted())
  })

  test('a token that no node tells of does not keep the others from being stored', async () => {
    const { world, createCollector, append, tokens, stored } = await openHistory()
    await append(12)
    const [bad] = await tokens()
    world.looks.set(bad as Address, FAILS)
    expect(await stepUntilDone(createCollector())).toMatch(/no node tells all words of 1 token/)
    expect(await stored()).toEqual(
      [...(await tokens()), configured].filter((token) => token !== bad).toSorted(),
    )
  })

  test('asks a contract that refused again after a day, and one that told everything never', async () => {
    const { world, createCollector, append, tokens } = await openHistory()
    await append(12)
    const [refusing, telling] = (await tokens()) as [Address, Address]
    for (const token of [...(await tokens()), configured]) world.looks.set(token, tells('T'))
    world.looks.set(refusing, REFUSES)
    await stepUntilDone(createCollector())
    const before = world.asked.length
    world.ms += 23 * HOUR_MS
    await stepUntilDone(createCollector())
    expect(world.asked).toHaveLength(before)
    world.ms += HOUR_MS
    world.looks.set(refusing, tells('NEW'))
    await stepUntilDone(createCollector())
    expect(world.asked.slice(before)).toEqual([refusing])
    expect(await world.tokens.read(CHAIN_ID, [refusing, telling])).toMatchObject([
      { symbol: 'NEW' },
      { symbol: 'T' },
    ])
  })

  test('runs until it is cancelled, and tells of trouble once', async () => {
    const { world, createCollector, append, tokens, stored } = await openHistory()
    await append(12)
    world.isAway = true
    const cancel = { aborted: false }
    const warnings: string[] = []
    const running = createCollector().run(cancel, (reason) => warnings.push(reason))
    while (world.requests < 4) {
      // oxlint-disable-next-line no-await-in-loop -- until it is so
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(warnings).toHaveLength(1)
    world.isAway = false
    while ((await stored()).length < (await tokens()).length + 1) {
      // oxlint-disable-next-line no-await-in-loop -- until it is so
      await new Promise((resolve) => setImmediate(resolve))
    }
    cancel.aborted = true
    await running
  })
})

describe('reading tokens anew', () => {
  test('takes what the contract tells now', async () => {
    const { world } = await openHistory()
    const ports = { ...world, views: { current: async () => undefined } }
    world.looks.set(configured, tells('OLD'))
    expect(await refreshTokens(ports, CHAIN_ID, [configured])).toMatchObject([{ symbol: 'OLD' }])
    world.looks.set(configured, tells('NEW', 6))
    world.number++
    expect(await refreshTokens(ports, CHAIN_ID, [configured])).toMatchObject([
      { symbol: 'NEW', decimals: 6 },
    ])
  })

  test('a contract that tells nothing any more does not take away what it told before', async () => {
    const { world } = await openHistory()
    const ports = { ...world, views: { current: async () => undefined } }
    world.looks.set(configured, tells('OLD'))
    await refreshTokens(ports, CHAIN_ID, [configured])
    for (const look of [REFUSES, FAILS]) {
      world.looks.set(configured, look)
      world.number++
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refreshTokens(ports, CHAIN_ID, [configured])).toMatchObject([{ symbol: 'OLD' }])
    }
  })

  test('what no node proves is not stored', async () => {
    const { world } = await openHistory()
    world.looks.set(configured, FAILS)
    expect(await refreshTokens(world, CHAIN_ID, [configured])).toEqual([undefined])
  })
})
