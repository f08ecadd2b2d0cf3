import type { MetadataTable } from '#core/nft/metadata/ports.ts'
import type { OwnershipChecker } from '#core/ownership/checker.ts'
import type { OwnerReader } from '#core/ownership/ports.ts'
import type { Snapshots } from '#core/ownership/snapshots.ts'
import { createViews, type Views } from '#core/history/view.ts'
import { openEmpty, openIfThere, openToRead } from '#wiring/open-chain-store.ts'
import { openMetadataIfKept } from '#wiring/open-metadata.ts'
import { openNode } from '#wiring/open-node.ts'
import { openOwnerReader, openOwnership, openSnapshots } from '#wiring/open-ownership.ts'
import type { Settings } from '#wiring/settings.ts'
import { systemClock } from '#wiring/system.ts'
import { tellWarnings, toStderr, type Warn } from './wire.ts'

/** What deciding on ownership takes. */
export type OwnershipApp = AsyncDisposable & {
  readonly ownership: OwnershipChecker
  /** Undefined where it is not kept. */
  readonly metadata: MetadataTable | undefined
}

/** Somebody waits for the answer. */
const NODE = { timeoutMs: 10_000, rounds: 1 } as const
/** It is asked for once. */
const BLOCK_MS = 60_000

/** Before anything is indexed, what only transfers could tell is not known. */
export async function wireOwnership(
  settings: Settings,
  warn: Warn = toStderr,
): Promise<OwnershipApp> {
  const store = (await openIfThere(settings.store)) ?? (await openEmpty())
  tellWarnings(store, warn)
  const metadata = await openMetadataIfKept(settings)
  const node = openNode(settings.chain, { ...NODE, warn })
  const views = createViews(store.heads, settings.chain.id)
  return {
    metadata,
    ownership: openOwnership(
      node,
      { ...store, views, clock: systemClock, metadata },
      settings,
      BLOCK_MS,
    ),
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
      await metadata?.close()
      await store.close()
    },
  }
}

/** What taking snapshots takes. */
export type SnapshotApp = AsyncDisposable & {
  readonly snapshots: Snapshots
  readonly views: Views
  readonly owners: OwnerReader
}

/** @throws AppError `unavailable` where nothing is stored yet */
export async function wireSnapshots(
  settings: Settings,
  warn: Warn = toStderr,
): Promise<SnapshotApp> {
  const store = await openToRead(settings.store)
  tellWarnings(store, warn)
  const node = openNode(settings.chain, { ...NODE, warn })
  const views = createViews(store.heads, settings.chain.id)
  return {
    views,
    snapshots: openSnapshots({ ...store, views, clock: systemClock }, settings),
    owners: openOwnerReader(node, settings.chain.id),
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
      await store.close()
    },
  }
}
