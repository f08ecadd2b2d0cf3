import { catalogue } from '#core/catalogue.ts'
import { invalidField } from '#core/errors.ts'
import { createViews } from '#core/history/view.ts'
import type { IndexPorts } from '#core/indexing/backfill.ts'
import type { CollectPorts } from '#core/indexing/collect.ts'
import type { FetchPorts } from '#core/indexing/fetch-proven.ts'
import type { RangeQueue } from '#core/indexing/ranges/ports.ts'
import type { WorkerPorts } from '#core/indexing/ranges/run-worker.ts'
import type { SharePorts } from '#core/indexing/ranges/share-backfill.ts'
import type { RawLayer } from '#core/indexing/raw/obtain-blocks.ts'
import type { RebuildPorts } from '#core/indexing/rebuild/rebuild-history.ts'
import type { TokenCollector } from '#core/tokens/collect-tokens.ts'
import { openToWrite } from '#wiring/open-chain-store.ts'
import { openRangeQueue } from '#wiring/open-range-queue.ts'
import { openRaw, type RawPlace } from '#wiring/open-raw.ts'
import { placeOf, type Settings } from '#wiring/settings.ts'
import { newId, ownName, sha256, systemClock } from '#wiring/system.ts'
import { backfillPatience, tellWarnings, toStderr, type Warn } from './wire.ts'

/** What looking after proven logs takes. */
export type RawApp = AsyncDisposable & RawPlace

/** What looking after ranges takes. */
export type RangesApp = RawApp & { readonly queue: RangeQueue }

/** What collecting proven logs takes. */
export type CollectApp = AsyncDisposable & { readonly ports: CollectPorts }

/** What making parts of a history anew takes, but for where blocks are read. */
export type RebuildApp = AsyncDisposable & {
  readonly ports: Omit<IndexPorts, 'source' | 'raw'> & Omit<RebuildPorts, 'reading'>
  /** Undefined where the configuration keeps no logs. */
  readonly raw: RawLayer | undefined
}

/** What reading blocks again and mending them takes. */
export type ReindexApp = RebuildApp & { readonly node: FetchPorts }

/** What sharing a backfill takes, and what this process and the history are called in it. */
export type ShareApp = AsyncDisposable & {
  readonly ports: SharePorts
  readonly tokens: TokenCollector
  readonly owner: string
  readonly history: string
}

/** What collecting for others takes, and what this process is called. */
export type WorkApp = AsyncDisposable & {
  readonly ports: CollectPorts & WorkerPorts
  readonly owner: string
}

/*
 * What talks to a chain is imported by the commands that do: its packages take longer to load than a command without
 * one takes.
 */

/** @throws AppError `invalid` where the configuration keeps no logs */
export async function wireRaw({ raw }: Settings, warn: Warn = toStderr): Promise<RawApp> {
  const opened = await openRaw(raw)
  tellWarnings(opened, warn)
  if (!opened.place)
    throw invalidField('raw', 'it is off, so no proven logs are kept; name a place for them')
  return { ...opened.place, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() }
}

/** @throws AppError as `wireRaw` does */
export async function wireRanges(settings: Settings, warn: Warn = toStderr): Promise<RangesApp> {
  await using stack = new AsyncDisposableStack()
  const place = stack.use(await wireRaw(settings, warn))
  const { queue } = stack.use(await openRangeQueue(settings.workers, warn))
  const opened = stack.move()
  return { ...place, queue, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/**
 * @param stop ends what waits for the chain when aborted
 * @throws AppError as `wireRaw` does
 */
export async function wireCollecting(
  settings: Settings,
  stop: AbortSignal,
  warn: Warn = toStderr,
): Promise<CollectApp> {
  const [{ openNode }, { openProving }] = await Promise.all([
    import('#wiring/open-node.ts'),
    import('#wiring/open-indexing.ts'),
  ])
  await using stack = new AsyncDisposableStack()
  const { raw } = stack.use(await wireRaw(settings, warn))
  const node = stack.use(openNode(settings.chain, backfillPatience(stop, warn)))
  const opened = stack.move()
  return {
    ports: { ...openProving(node, settings.chain, { warn }), raw, catalogue },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** @throws AppError where the store cannot be written to */
export async function wireRebuilding(
  settings: Settings,
  warn: Warn = toStderr,
): Promise<RebuildApp> {
  const { openDeriving } = await import('#wiring/open-indexing.ts')
  await using stack = new AsyncDisposableStack()
  const raw = stack.use(await openRaw(settings.raw))
  tellWarnings(raw, warn)
  const store = stack.adopt(await openToWrite(settings.store), async (each) => each.close())
  tellWarnings(store, warn)
  const opened = stack.move()
  return {
    ports: { ...openDeriving(store, settings.chain), quarantine: store.quarantine },
    raw: raw.place?.raw,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/**
 * @param stop ends what waits for the chain when aborted
 * @throws AppError where the store cannot be written to
 */
export async function wireReindexing(
  settings: Settings,
  stop: AbortSignal,
  warn: Warn = toStderr,
): Promise<ReindexApp> {
  const [{ openNode }, { openProving }] = await Promise.all([
    import('#wiring/open-node.ts'),
    import('#wiring/open-indexing.ts'),
  ])
  await using stack = new AsyncDisposableStack()
  const app = stack.use(await wireRebuilding(settings, warn))
  const node = stack.use(openNode(settings.chain, backfillPatience(stop, warn)))
  const opened = stack.move()
  return {
    ...app,
    node: openProving(node, settings.chain, { warn }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/**
 * @param stop ends what waits for the chain when aborted
 * @throws AppError as `wireRaw` does
 */
export async function wireSharing(
  settings: Settings,
  stop: AbortSignal,
  warn: Warn = toStderr,
): Promise<ShareApp> {
  const [{ openNode }, { openIndexing }, { openTokenCollector }] = await Promise.all([
    import('#wiring/open-node.ts'),
    import('#wiring/open-indexing.ts'),
    import('#wiring/open-tokens.ts'),
  ])
  await using stack = new AsyncDisposableStack()
  const place = stack.use(await wireRanges(settings, warn))
  const store = stack.adopt(await openToWrite(settings.store), async (each) => each.close())
  tellWarnings(store, warn)
  const node = stack.use(openNode(settings.chain, backfillPatience(stop, warn)))
  const indexing = openIndexing(store, place.raw, node, settings.chain, { warn })
  const views = createViews(store.heads, settings.chain.id)
  const tokens = openTokenCollector(node, { ...store, views, clock: systemClock }, settings)
  const opened = stack.move()
  return {
    owner: ownName(),
    history: `${settings.chain.id}-${sha256(placeOf(settings.store)).slice(2, 18)}`,
    tokens,
    ports: { ...indexing, ...place, committed: tokens.found },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/**
 * @param stop ends what waits for the chain when aborted
 * @throws AppError as `wireRaw` does
 */
export async function wireWorking(
  settings: Settings,
  stop: AbortSignal,
  warn: Warn = toStderr,
): Promise<WorkApp> {
  const [{ openNode }, { openProving }] = await Promise.all([
    import('#wiring/open-node.ts'),
    import('#wiring/open-indexing.ts'),
  ])
  await using stack = new AsyncDisposableStack()
  const place = stack.use(await wireRanges(settings, warn))
  const node = stack.use(openNode(settings.chain, backfillPatience(stop, warn)))
  const opened = stack.move()
  return {
    owner: ownName(),
    ports: {
      ...openProving(node, settings.chain, { warn }),
      ...place,
      catalogue,
      clock: systemClock,
      newId,
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
