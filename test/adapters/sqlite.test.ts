import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { openThreadedSqliteChainStore } from '#adapters/sqlite/threaded-chain-store.ts'
import {
  chainStoreContract,
  steppedWriter,
  type StoreHarness,
} from '../contracts/chain-store.contract.ts'

const harnessOf = async (
  everyNth: number,
  openStore: (path: string) => ReturnType<typeof openThreadedSqliteChainStore>,
): Promise<StoreHarness> => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-sqlite-'))
  return {
    async connect(step) {
      const store = await openStore(join(folder, 'test.db'))
      return step ? { ...store, writer: steppedWriter(store.writer, step) } : store
    },
    dispose: () => rmSync(folder, { recursive: true }),
    locks: true,
    everyNth,
  }
}

chainStoreContract('SQLite', () =>
  harnessOf(1, async (path) => {
    const store = openSqliteChainStore(path)
    return { ...store, close: async () => store.close() }
  }),
)

// A thread takes a while to start: a sample of the places to die at will do, the steps being the same.
chainStoreContract('SQLite in a thread of its own', () =>
  harnessOf(7, openThreadedSqliteChainStore),
)
