import { AppError } from '#core/errors.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { QuarantineTable } from '#core/indexing/ports.ts'
import type { TokenTable } from '#core/tokens/ports.ts'

type Store = HistoryPorts & {
  readonly quarantine: QuarantineTable
  readonly tokens: TokenTable
  close(): void | Promise<void>
}

/**
 * A store that may not be there yet, as before the first run of an indexer: until it is, it has no head, which readers
 * know as "nothing is indexed". Looked for at every answer until then.
 *
 * @param open gives undefined where there is nothing to open
 */
export function createLateStore(open: () => Store | undefined): Store {
  let store = open()
  const found = (): Store | undefined => (store ??= open())

  function opened(): Store {
    const there = found()
    if (!there)
      throw new AppError('unavailable', 'store: it is not there yet', {
        details: { field: 'store' },
      })
    return there
  }

  return {
    heads: {
      latest: async (chainId) => found()?.heads.latest(chainId),
      since: async (...args) => opened().heads.since(...args),
      upkeep: async (...args) => opened().heads.upkeep(...args),
      settled: async (...args) => opened().heads.settled(...args),
      settledBlock: async (...args) => opened().heads.settledBlock(...args),
      blocks: async (...args) => opened().heads.blocks(...args),
      block: async (...args) => opened().heads.block(...args),
      asOneAnswer: (read) => found()?.heads.asOneAnswer(read) ?? read(),
    },
    tree: {
      read: async (...args) => opened().tree.read(...args),
      readPrevious: async (...args) => opened().tree.readPrevious(...args),
      versions: async (...args) => opened().tree.versions(...args),
      scan: async (...args) => opened().tree.scan(...args),
    },
    events: { list: async (...args) => opened().events.list(...args) },
    tokens: {
      read: async (chainId, addresses) =>
        found()?.tokens.read(chainId, addresses) ?? addresses.map(() => undefined),
    },
    quarantine: { list: async (...args) => opened().quarantine.list(...args) },
    close: () => store?.close(),
  }
}
