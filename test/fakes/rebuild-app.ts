import { type MemoryTables } from '#adapters/memory/chain-store.ts'
import type { Source } from '#core/catalogue.ts'
import type { HeadEntry, View } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import type { IndexPorts } from '#core/indexing/backfill.ts'
import { followHead } from '#core/indexing/follow-head.ts'
import type { QuarantineTable } from '#core/indexing/ports.ts'
import {
  rebuildHistory,
  type RebuildInput,
  type RebuildPorts,
  type RebuildReport,
} from '#core/indexing/rebuild/rebuild-history.ts'
import { type Damage, verifyStore } from '#core/indexing/verify-store.ts'
import { createFakeChain, type FakeChain, fakeSources } from './fake-chain.ts'
import { createFakeSource } from './fake-source.ts'
import { fakeIndexPorts } from './index-app.ts'

export const CHAIN_ID = 31_337
export const FINALITY = 6
export const GO_ON = { aborted: false }
export const INPUT = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto' } as const

type Step = (name: string, moment: 'before' | 'after') => Promise<void>

/** What rebuilding and indexing take, over a memory store. */
export function portsOver(
  tables: MemoryTables,
  chain: FakeChain,
  step?: Step,
): IndexPorts & RebuildPorts & { readonly quarantine: QuarantineTable } {
  const source = createFakeSource({ blocks: () => chain.blocks, finality: FINALITY })
  const ports = fakeIndexPorts(tables, source, step ? { step } : {}) as IndexPorts & {
    readonly quarantine: QuarantineTable
  }
  return { ...ports, reading: async () => ports }
}

export type Ports = ReturnType<typeof portsOver>

/** Walks to the end. */
export async function drained<T, R>(steps: AsyncGenerator<T, R>): Promise<R> {
  let step = await steps.next()
  while (!step.done) step = await steps.next()
  return step.value
}

export const rebuilt = async (
  ports: Ports,
  input: Partial<RebuildInput> = {},
): Promise<RebuildReport> => {
  const report = await drained(rebuildHistory(ports, { ...INPUT, ...input }, GO_ON))
  if (!report) throw new Error('it was not cancelled')
  return report
}

/** Follows the chain to its head, as an indexer does. */
export async function followed(
  ports: Ports,
  sources: readonly Source[] = fakeSources,
): Promise<HeadEntry> {
  const cancel = { aborted: false }
  for await (const event of followHead(ports, { ...INPUT, sources, pollMs: 10 }, cancel))
    if (event.status === 'idle') cancel.aborted = true
  return (await ports.heads.latest(CHAIN_ID)) as HeadEntry
}

/** What is damaged. */
export const verified = async (ports: Ports): Promise<Damage[]> => {
  const views = createViews(ports.heads, CHAIN_ID)
  const view = (await views.current()) as View
  return drained(verifyStore({ ...ports, views }, view, GO_ON))
}

export async function chainOf(seed: number, blocks: number): Promise<FakeChain> {
  const chain = createFakeChain(seed, { maxLogs: 6 })
  await chain.mine(blocks)
  return chain
}
