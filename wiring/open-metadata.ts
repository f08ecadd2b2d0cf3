import { createOutsideFetcher } from '#adapters/http/outside-fetcher.ts'
import { createRpcTokenUriReader } from '#adapters/rpc/token-uri-reader.ts'
import { createHistoryFeed } from '#core/history/feed.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import { createViews } from '#core/history/view.ts'
import type { FollowMetadataPorts } from '#core/nft/metadata/follow-metadata.ts'
import type { MetadataStore } from '#core/nft/metadata/ports.ts'
import { refuseOldRecords } from './open-ledger.ts'
import type { ChainNode } from './open-node.ts'
import type { Settings, StoreSetting } from './settings.ts'
import { systemClock } from './system.ts'

/** @throws AppError `conflict` where the records wait for a migration; `unavailable` where they cannot be used */
export async function openMetadataStore(setting: StoreSetting): Promise<MetadataStore> {
  await refuseOldRecords(setting)
  switch (setting.kind) {
    case 'sqlite': {
      const { openSqliteMetadataStore } = await import('#adapters/sqlite/metadata-store.ts')
      return openSqliteMetadataStore(setting.path)
    }
    case 'mongodb': {
      const { openMongoMetadataStore } = await import('#adapters/mongo/metadata-store.ts')
      return openMongoMetadataStore(setting.url)
    }
    default:
      return setting satisfies never
  }
}

/** The same where the configuration says that it is kept. */
export const openMetadataIfKept = async ({
  metadata,
  records,
}: Pick<Settings, 'metadata' | 'records'>): Promise<MetadataStore | undefined> =>
  metadata ? openMetadataStore(records) : undefined

/** What keeping the metadata of tokens of a chain takes. One fetcher serves all chains: its limits are of hosts. */
export function openMetadataFollower(
  { metadata: { gateways, allowed } }: { readonly metadata: NonNullable<Settings['metadata']> },
  metadata: MetadataStore,
): (
  node: ChainNode,
  history: Pick<HistoryPorts, 'heads' | 'events'>,
  chainId: number,
) => FollowMetadataPorts {
  const outside = createOutsideFetcher(allowed, () => systemClock.monotonicMs())
  return ({ rpc }, history, chainId) => {
    const views = createViews(history.heads, chainId)
    return {
      metadata,
      outside,
      gateways,
      uris: createRpcTokenUriReader(rpc),
      feed: createHistoryFeed({ ...history, views }),
      clock: systemClock,
    }
  }
}
