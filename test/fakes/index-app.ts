import {
  createMemoryChainStore,
  type MemoryTables,
  type WriteStep,
} from '#adapters/memory/chain-store.ts'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import type { Clock } from '#core/clock.ts'
import type { IndexPorts } from '#core/indexing/backfill.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import type { RawLayer } from '#core/indexing/raw/obtain-blocks.ts'

const receiptsRoot = createReceiptsRoot(keccakBytes)

/** A clock whose time passes only by sleeping, so that a simulation runs as fast as it can. */
export function createFakeClock(): Clock & { readonly slept: number } {
  let now = 0
  return {
    get slept() {
      return now
    },
    nowMs: () => now,
    monotonicMs: () => now,
    async sleep(ms) {
      now += ms
      // Lets everything else that is ready go first.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** Ids that a simulation can give again: one row of them a set of tables. */
const ids = new WeakMap<MemoryTables, number>()
const idsOf = (tables: MemoryTables) => (): string => {
  const id = (ids.get(tables) ?? 0) + 1
  ids.set(tables, id)
  return `commit-${id}`
}

/** What proving takes. */
export const fakeProofs = { keccak, receiptsRoot } as const

/** What indexing takes, over a memory store. */
export function fakeIndexPorts(
  tables: MemoryTables,
  source: BlockSource,
  options: {
    readonly step?: WriteStep
    readonly clock?: Clock
    readonly chainId?: number
    readonly raw?: RawLayer
  } = {},
): IndexPorts {
  const clock = options.clock ?? createFakeClock()
  const store = createMemoryChainStore(tables, options.step)
  return {
    ...commitPorts(store, clock, options.chainId ?? 31_337),
    sha256,
    newId: idsOf(tables),
    ...fakeProofs,
    raw: options.raw,
    source,
  }
}
