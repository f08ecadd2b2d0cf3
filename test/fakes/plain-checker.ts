import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { ZERO_ADDRESS } from '#core/chain.ts'
import { createViews } from '#core/history/view.ts'
import { createOwnershipChecker, type OwnershipChecker } from '#core/ownership/checker.ts'
import type { OwnerReader } from '#core/ownership/ports.ts'

const BLOCK_MS = 60_000

/** Who owns what by the contracts alone: without an index, escrows, metadata or delegations. */
export function createPlainChecker(owners: OwnerReader, chainId: number): OwnershipChecker {
  const store = createMemoryChainStore(createMemoryTables())
  return createOwnershipChecker(
    {
      ...store,
      views: createViews(store.heads, chainId),
      owners,
      collections: new Set(),
      isKnownErc721: () => false,
      escrows: [],
      traits: null,
      delegations: {
        registry: ZERO_ADDRESS,
        rights: `0x${'0'.repeat(64)}`,
        reader: { incoming: async () => ({ status: 'no-code' }) },
      },
      clock: systemClock,
    },
    BLOCK_MS,
  )
}
