import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { chainStoreContract } from '../contracts/chain-store.contract.ts'

chainStoreContract('memory', async () => {
  const tables = createMemoryTables()
  return {
    connect: async (step) => ({ ...createMemoryChainStore(tables, step), close: () => undefined }),
    dispose: () => undefined,
    locks: false,
    everyNth: 1,
  }
})
