import type { TokenCollector } from '#core/tokens/collect-tokens.ts'
import type { LookUpPorts } from '#core/tokens/look-up-tokens.ts'
import type { TokenReader, TokenStore, TokenTable } from '#core/tokens/ports.ts'
import type { Quoter } from '#core/dex/quoter.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import { createViews, type Views } from '#core/history/view.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { QuarantinePorts } from '#core/indexing/list-quarantine.ts'
import type { IndexPorts } from '#core/indexing/backfill.ts'
import type { MigrationStore } from '#core/operations/ports.ts'
import {
  type HistoryStore,
  openEmpty,
  openIfThere,
  openToRead,
  openToWrite,
} from '#wiring/open-chain-store.ts'
import { openMigrations } from '#wiring/open-migrations.ts'
import type { Settings } from '#wiring/settings.ts'
import { sha256, systemClock } from '#wiring/system.ts'

/*
 * What commands share. What talks to a chain is imported by those that do: its packages take longer to load than a
 * command on the store alone takes altogether.
 */

/** What reading history takes. */
export type HistoryApp = AsyncDisposable & {
  readonly settings: Settings
  readonly history: HistoryPorts &
    QuarantinePorts & { readonly views: Views; readonly tokens: TokenTable }
}

/** What indexing takes. */
export type IndexApp = AsyncDisposable & {
  readonly settings: Settings
  readonly ports: IndexPorts
  readonly tokens: TokenCollector
}

/** What quoting takes. */
export type QuoteApp = AsyncDisposable & {
  readonly quoter: Quoter
  readonly tokens: TokenReader
}

export type Warn = (message: string) => void

export const toStderr: Warn = (message) => void process.stderr.write(`halyard: ${message}\n`)

/** The configuration that a command names. */
export { readDeployment, readSettings } from '#wiring/settings.ts'

/** @throws AppError `unavailable` where nothing is stored yet */
export async function wireHistory(settings: Settings, warn: Warn = toStderr): Promise<HistoryApp> {
  const store = await openToRead(settings.store)
  tellWarnings(store, warn)
  return {
    settings,
    history: { ...store, views: createViews(store.heads, settings.chain.id) },
    [Symbol.asyncDispose]: async () => store.close(),
  }
}

/** A run of hours is not given up for an outage of a minute. */
const BACKFILL_PATIENCE_MS = 180_000

export const backfillPatience = (stop: AbortSignal | undefined, warn: Warn) => ({
  patienceMs: BACKFILL_PATIENCE_MS,
  ...(stop && { stop }),
  warn,
  onWait: (reason: string, ms: number) =>
    warn(`${reason}; it is tried again in ${Math.ceil(ms / 1_000)} s`),
})

/** @param stop ends what waits for the chain when aborted */
export async function wireIndexing(
  settings: Settings,
  stop?: AbortSignal,
  warn: Warn = toStderr,
): Promise<IndexApp> {
  const [{ openNode }, { openIndexing }, { openRaw }, { openTokenCollector }] = await Promise.all([
    import('#wiring/open-node.ts'),
    import('#wiring/open-indexing.ts'),
    import('#wiring/open-raw.ts'),
    import('#wiring/open-tokens.ts'),
  ])
  const store = await openToWrite(settings.store)
  tellWarnings(store, warn)
  const raw = await openRaw(settings.raw)
  tellWarnings(raw, warn)
  const node = openNode(settings.chain, backfillPatience(stop, warn))
  const views = createViews(store.heads, settings.chain.id)
  const tokens = openTokenCollector(node, { ...store, views, clock: systemClock }, settings)
  return {
    settings,
    tokens,
    ports: {
      ...openIndexing(store, raw.place?.raw, node, settings.chain, { warn }),
      committed: tokens.found,
    },
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
      await raw[Symbol.asyncDispose]()
      await store.close()
    },
  }
}

/** What reading tokens anew takes. */
export type TokensApp = AsyncDisposable & {
  readonly tokens: LookUpPorts & { readonly tokens: TokenStore }
}

/** What is asked for by hand is told of soon, also where no node answers. */
const TOKENS_NODE = { patienceMs: 10_000 } as const

/** @throws AppError `unavailable` where nothing is stored yet */
export async function wireTokens(settings: Settings, warn: Warn = toStderr): Promise<TokensApp> {
  const [{ openNode }, { openTokenSource }] = await Promise.all([
    import('#wiring/open-node.ts'),
    import('#wiring/open-tokens.ts'),
  ])
  // Opened to be read first, so that a misspelt path makes no file.
  await (await openToRead(settings.store)).close()
  const store = await openToWrite(settings.store)
  tellWarnings(store, warn)
  const node = openNode(settings.chain, { ...TOKENS_NODE, warn })
  return {
    tokens: {
      source: openTokenSource(node),
      views: createViews(store.heads, settings.chain.id),
      clock: systemClock,
      tokens: store.tokens,
    },
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
      await store.close()
    },
  }
}

/** Somebody waits for the answer, which can be made from the index too. */
const QUOTE_NODE = { timeoutMs: 10_000, rounds: 1 } as const
/** A quote is asked for once. */
const GAS_PRICE_MS = 60_000

/** Before anything is indexed, quotes are of the pools that the configuration lists. */
export async function wireQuotes(settings: Settings, warn: Warn = toStderr): Promise<QuoteApp> {
  const [{ openNode }, { openQuoter }, { openTokens }, { openTipOnce }] = await Promise.all([
    import('#wiring/open-node.ts'),
    import('#wiring/open-quoter.ts'),
    import('#wiring/open-tokens.ts'),
    import('#wiring/open-tip.ts'),
  ])
  const { chain } = settings
  const stored = await openIfThere(settings.store)
  if (!stored)
    warn('the store is not there yet: only pools that the configuration lists are looked at')
  const store = stored ?? (await openEmpty())
  tellWarnings(store, warn)
  const node = openNode(chain, { ...QUOTE_NODE, warn })
  const views = createViews(store.heads, chain.id)
  const tokens = openTokens(node, { views, clock: systemClock, tokens: store.tokens }, settings)
  const history = {
    ...store,
    views,
    tip: openTipOnce(node),
    tokens,
    clock: systemClock,
  }
  return {
    tokens,
    quoter: openQuoter(node, history, settings, {
      gasPriceMs: GAS_PRICE_MS,
      isWithoutIndex: !stored,
    }),
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
      await store.close()
    },
  }
}

/** What migrating people's records takes. */
export type MigrationApp = AsyncDisposable & {
  readonly migrations: MigrationStore
  readonly sha256: Sha256
}

/** @throws AppError `unavailable` or `invalid` where the records cannot be used */
export async function wireMigrations(
  records: Settings['records'],
  warn: Warn = toStderr,
): Promise<MigrationApp> {
  const opened = await openMigrations(records)
  tellWarnings(opened, warn)
  return {
    migrations: opened.migrations,
    sha256,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

export function tellWarnings({ warnings = [] }: Pick<HistoryStore, 'warnings'>, warn: Warn): void {
  for (const warning of warnings) warn(warning)
}
