import type { CollectSetting } from '#core/indexing/collect.ts'
import { planOf } from '#core/indexing/ranges/plan-of.ts'
import type { Settings } from '#wiring/settings.ts'
import { sha256 } from '#wiring/system.ts'

/** What a configuration has collected and indexed, and how it is proven. */
export const collectSetting = ({ chain, sources }: Settings): CollectSetting => ({
  chainId: chain.id,
  sources,
  proof: chain.proof,
  commits: chain.commits,
})

/** The name of what processes with this configuration collect together. */
export const planIn = (settings: Settings): string =>
  planOf(sha256, {
    ...collectSetting(settings),
    rangeBlocks: settings.workers.rangeBlocks,
  })
