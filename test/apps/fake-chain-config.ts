import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { createFakeChain, fakeSources } from '../fakes/fake-chain.ts'
import { type FakeNode, refusingContracts, startFakeNode } from '../fakes/fake-node.ts'

/** Sources as a configuration file has them. */
export const configuredFakeSources: readonly object[] = fakeSources.map(
  ({ startBlock, ...source }) => {
    const { feePips, ...rest } = source as { feePips?: number | null } & object
    return {
      ...rest,
      ...(feePips && { feeBps: feePips / 100 }),
      ...(startBlock !== null && { startBlock }),
    }
  },
)

/** Writes a configuration of the fake chain, served at `rpc`, and gives its path. */
export function writeFakeConfig(
  folder: string,
  rpc: string,
  name: string,
  more: object = {},
): string {
  const path = join(folder, `${name}.json`)
  const config = {
    chain: { id: 31_337, rpc: [rpc] },
    store: `sqlite:${name}.db`,
    sources: configuredFakeSources,
    ...more,
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}

/** A made-up chain that is served while a file's tests run, and a folder for what they store of it. */
export function serveFakeChain(name: string, seed: number, blocks: number) {
  const folder = mkdtempSync(join(tmpdir(), `halyard-${name}-`))
  const chain = createFakeChain(seed, { maxLogs: 6 })
  let node: FakeNode
  beforeAll(async () => {
    await chain.mine(blocks)
    node = await startFakeNode({ blocks: () => chain.blocks, hooks: refusingContracts })
  }, 60_000)
  afterAll(async () => {
    await node.close()
    rmSync(folder, { recursive: true })
  })
  return {
    folder,
    node: (): FakeNode => node,
    configOf: (config: string, more: object = {}): string =>
      writeFakeConfig(folder, node.url, config, more),
  }
}
