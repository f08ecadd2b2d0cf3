import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { chainStoreContract, type StoreHarness } from '../contracts/chain-store.contract.ts'
import { rebuildContract } from '../contracts/rebuild.contract.ts'

const open = async (): Promise<StoreHarness> => {
  const tables = createMemoryTables()
  return {
    connect: async (step) => ({ ...createMemoryChainStore(tables, step), close: () => undefined }),
    dispose: () => undefined,
    locks: false,
    everyNth: 1,
  }
}

chainStoreContract('memory', open)
rebuildContract('memory', open)
