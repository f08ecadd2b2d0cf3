import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fakeSources } from '../fakes/fake-chain.ts'

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
