import { AppError } from '#core/errors.ts'
import { type IndexedCollections, indexedCollections } from '#core/nft/indexed-collections.ts'
import type { FollowMetadataPorts } from '#core/nft/metadata/follow-metadata.ts'
import type { MetadataTable } from '#core/nft/metadata/ports.ts'
import type { Address as ListenAddress } from '#faces/listen.ts'
import { openToRead } from '#wiring/open-chain-store.ts'
import { openMetadataFollower, openMetadataStore } from '#wiring/open-metadata.ts'
import { openNode } from '#wiring/open-node.ts'
import { readDeployment, readSettings } from '#wiring/settings.ts'
import { tellWarnings, toStderr, type Warn } from './wire.ts'

/** What fetching for one chain takes. */
export type ChainMetadata = {
  readonly name: string
  readonly chainId: number
  readonly ports: FollowMetadataPorts
}

/** What fetching takes. */
type MetadataApp = AsyncDisposable & {
  readonly chains: readonly ChainMetadata[]
  /** Where probes and metrics listen; undefined: nowhere. */
  readonly metricsAt: ListenAddress | undefined
}

/** A follower has time, and goes on by itself. */
const NODE = { timeoutMs: 15_000, rounds: 1 } as const

/**
 * @throws AppError `invalid` where the configuration has no section `metadata`; `unavailable` where nothing is stored yet
 *   of a chain, or records cannot be used
 */
export async function wireMetadata(
  config: string,
  stop: AbortSignal,
  warn: Warn = toStderr,
): Promise<MetadataApp> {
  const { chains, byDefault } = readDeployment(config)
  const { metadata, records } = byDefault
  if (!metadata)
    throw new AppError(
      'invalid',
      'metadata: the configuration does not say that it is kept; give the section metadata, which may be empty: {}',
      { details: { field: 'metadata' } },
    )
  await using stack = new AsyncDisposableStack()
  const table = stack.adopt(await openMetadataStore(records), async (each) => each.close())
  const follower = openMetadataFollower({ metadata }, table)
  const opened: ChainMetadata[] = []
  for (const { chain, store: setting } of chains) {
    // oxlint-disable-next-line no-await-in-loop -- opened one after the other
    const store = stack.adopt(await openToRead(setting), async (each) => each.close())
    tellWarnings(store, warn)
    const node = stack.use(openNode(chain, { ...NODE, stop, warn }))
    opened.push({ name: chain.name, chainId: chain.id, ports: follower(node, store, chain.id) })
  }
  const all = stack.move()
  const { metricsHost: host, metricsPort: port } = metadata
  const metricsAt = port === null ? undefined : { host, port, field: 'metadata.metricsPort' }
  return { chains: opened, metricsAt, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** What is stored of a chain's tokens. */
export async function openMetadataReading(
  config: string,
  name: string | undefined,
): Promise<
  AsyncDisposable & {
    readonly chainId: number
    readonly collections: IndexedCollections
    readonly metadata: MetadataTable
  }
> {
  const { chain, sources, records } = readSettings(config, name)
  const metadata = await openMetadataStore(records)
  return {
    chainId: chain.id,
    collections: indexedCollections(sources),
    metadata,
    [Symbol.asyncDispose]: async () => metadata.close(),
  }
}
