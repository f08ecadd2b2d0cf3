import { loadSettings, type Settings } from '#adapters/config-file/load.ts'
import { environment } from '#adapters/env/environment.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import type { HistoryPorts } from '#core/history/ports.ts'

/** The configuration that the local chain's services are started with. */
export const readSettings = (path: string): Settings => loadSettings(path, environment)

/** The history that an earlier run has stored, to compare it with the chain. */
export async function openHistory(
  path: string,
): Promise<Pick<HistoryPorts, 'heads'> & AsyncDisposable> {
  const store = openSqliteChainStore(path)
  return { heads: store.heads, [Symbol.asyncDispose]: async () => store.close() }
}
