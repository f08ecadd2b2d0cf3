import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLens } from '#adapters/rpc/lens.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { createRpcStateReader } from '#adapters/rpc/state-reader.ts'
import { readConfig } from '#api/config.ts'
import { type Api, wire } from '#api/wire.ts'
import { readSettings, wireIndexing } from '#cli/wire.ts'
import { comparePools } from '#core/dex/compare-pools.ts'
import type { ComparedStates } from '#core/operations/chain-states.ts'
import type { View } from '#core/history/head.ts'
import { currentView } from '#core/history/at-head.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { DEVNET_CHAIN_ID } from '#devnet/anvil.ts'
import type { Chain } from './chain.ts'

/** An index of a local chain, and the API over it. */
export type IndexedChain = AsyncDisposable & {
  readonly api: Api
  /** Of the configuration file. */
  readonly path: string
  /** Indexes what is new. */
  index(): Promise<void>
  view(): Promise<View>
}

/**
 * @param sources as the configuration file has them
 * @param more other sections of it
 */
export async function indexChain(
  chain: Chain,
  sources: readonly object[],
  more: object = {},
): Promise<IndexedChain> {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-forks-'))
  const path = join(folder, 'halyard.json')
  const config = {
    chain: { id: DEVNET_CHAIN_ID, rpc: [chain.url], poll: 50 },
    store: 'sqlite:./history.db',
    sources,
    ...more,
  }
  writeFileSync(path, JSON.stringify(config))

  async function index(): Promise<void> {
    const settings = readSettings(path)
    await using app = await wireIndexing(settings)
    const steps = backfill(
      app.ports,
      { chainId: settings.chain.id, sources: settings.sources, proof: 'auto' },
      { aborted: false },
    )
    while (!(await steps.next()).done);
  }

  await index()
  const api = await wire(readConfig(path))
  return {
    api,
    path,
    index,
    view: () => currentView(api.ports.views),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Every pool of an index, compared with its contracts. */
export async function poolsCompared(
  chain: Chain,
  { api, view }: IndexedChain,
): Promise<ComparedStates> {
  const rpc = createRpc([chain.url], { chainId: DEVNET_CHAIN_ID })
  try {
    const states = createRpcStateReader(createLens(rpc))
    const all = { sample: undefined, random: () => 0 }
    const steps = comparePools({ ...api.ports, states }, await view(), all, { aborted: false })
    let step = await steps.next()
    while (!step.done) step = await steps.next()
    return step.value
  } finally {
    await rpc.close()
  }
}
