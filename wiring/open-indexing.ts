import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { type BlockSourceOptions, createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import type { IndexPorts } from '#core/indexing/backfill.ts'
import { commitPorts } from '#core/indexing/commit.ts'
import type { ChainStore } from './open-chain-store.ts'
import type { ChainNode } from './open-node.ts'
import type { Settings } from './settings.ts'

/** What indexing takes: headers are hashed as the chain's profile says, and receipts to the root in them. */
export function openIndexing(
  store: ChainStore,
  { rpc }: ChainNode,
  chain: Settings['chain'],
  tell: Pick<BlockSourceOptions, 'warn' | 'seen'>,
): IndexPorts {
  const { headerForm, commits, finality } = chain
  return {
    ...commitPorts(store, systemClock, chain.id),
    sha256,
    newId,
    keccak,
    receiptsRoot: createReceiptsRoot(keccakBytes),
    source: createRpcBlockSource(rpc, {
      ...tell,
      finality,
      headerHash: headerForm ? createHeaderHash(keccak, headerForm, commits.since) : undefined,
    }),
  }
}
