import { AppError } from '#core/errors.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { QuarantineTable } from '#core/indexing/ports.ts'
import type { TokenTable } from '#core/tokens/ports.ts'

type Store = HistoryPorts & {
  readonly quarantine: QuarantineTable
  readonly tokens: TokenTable
  close(): void | Promise<void>
}

/** A store that cannot be opened is tried again after so long: looking through a damaged file is not cheap. */
const RETRY_MS = 5_000

/**
 * A store that may not be there yet, as before the first run of an indexer: until it is, it has no head, which readers
 * know as "nothing is indexed". Looked for at every answer until then. A failure to open it is the answer of every
 * reader, and it is tried again every few seconds.
 *
 * @param open gives undefined where there is nothing to open
 * @param nowMs a clock that never goes back
 */
export function createLateStore(
  open: () => Promise<Store | undefined>,
  nowMs: () => number,
): Store {
  let store: Store | undefined
  let opening: Promise<Store | undefined> | undefined
  let failure: { readonly error: unknown; readonly untilMs: number } | undefined

  async function look(): Promise<Store | undefined> {
    try {
      store = await open()
      failure = undefined
      return store
    } catch (error) {
      failure = { error, untilMs: nowMs() + RETRY_MS }
      throw error
    } finally {
      opening = undefined
    }
  }

  async function found(): Promise<Store | undefined> {
    if (store) return store
    if (failure && nowMs() < failure.untilMs) throw failure.error
    return (opening ??= look())
  }

  async function opened(): Promise<Store> {
    const there = await found()
    if (!there)
      throw new AppError('unavailable', 'store: it is not there yet', {
        details: { field: 'store' },
      })
    return there
  }

  return {
    heads: {
      latest: async (chainId) => (await found())?.heads.latest(chainId),
      since: async (...args) => (await opened()).heads.since(...args),
      upkeep: async (...args) => (await opened()).heads.upkeep(...args),
      settled: async (...args) => (await opened()).heads.settled(...args),
      settledBlock: async (...args) => (await opened()).heads.settledBlock(...args),
      blocks: async (...args) => (await opened()).heads.blocks(...args),
      block: async (...args) => (await opened()).heads.block(...args),
      asOneAnswer: async (read) => (await found())?.heads.asOneAnswer(read) ?? read(),
      asOneView: async (...args) => (await opened()).heads.asOneView(...args),
    },
    tree: {
      read: async (...args) => (await opened()).tree.read(...args),
      readPrevious: async (...args) => (await opened()).tree.readPrevious(...args),
      versions: async (...args) => (await opened()).tree.versions(...args),
      scan: async (...args) => (await opened()).tree.scan(...args),
    },
    events: { list: async (...args) => (await opened()).events.list(...args) },
    tokens: {
      read: async (chainId, addresses) =>
        (await found())?.tokens.read(chainId, addresses) ?? addresses.map(() => undefined),
    },
    quarantine: { list: async (...args) => (await opened()).quarantine.list(...args) },
    async close() {
      await opening?.catch(() => undefined)
      await store?.close()
    },
  }
}
