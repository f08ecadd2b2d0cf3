import { type Auditor, createAuditor } from '#core/indexing/audit-blocks.ts'
import { catalogueOf } from '#core/catalogue.ts'
import { type CollectionSource, isCollection } from '#core/nft/sources.ts'
import type { StateReaders } from '#wiring/open-state-readers.ts'
import type { Settings } from '#wiring/settings.ts'
import { sha256 } from '#wiring/system.ts'
import { countReading, type Reading } from './reading.ts'
import { backfillPatience, type HistoryApp, toStderr, type Warn, wireHistory } from './wire.ts'

/** What holding a history against its chain takes. */
export type ChainVerifyApp = AsyncDisposable & {
  readonly history: HistoryApp['history']
  /** What has been read of the chain so far. */
  readonly reading: Reading
  readonly auditor: Auditor
  readonly readers: StateReaders
  /** The collections of NFTs that are indexed. */
  readonly collections: readonly CollectionSource[]
}

/**
 * @param stop ends what waits for the chain when aborted
 * @throws AppError `unavailable` where nothing is stored yet
 */
export async function wireChainVerifying(
  settings: Settings,
  stop: AbortSignal,
  warn: Warn = toStderr,
): Promise<ChainVerifyApp> {
  const [{ openNode }, { openStateReaders }, { openProving }] = await Promise.all([
    import('#wiring/open-node.ts'),
    import('#wiring/open-state-readers.ts'),
    import('#wiring/open-indexing.ts'),
  ])
  await using stack = new AsyncDisposableStack()
  const { history } = stack.use(await wireHistory(settings, warn))
  const { chain, sources } = settings
  const node = stack.use(openNode(chain, backfillPatience(stop, warn)))
  const { source, ...proofs } = openProving(node, chain, { warn })
  const counted = countReading(source)
  const opened = stack.move()
  return {
    history,
    reading: counted.reading,
    readers: openStateReaders(node),
    collections: sources.filter(isCollection),
    auditor: createAuditor(
      { ...history, ...proofs, source: counted.source, catalogue: catalogueOf(chain), sha256 },
      { chainId: chain.id, sources, commits: chain.commits },
    ),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
