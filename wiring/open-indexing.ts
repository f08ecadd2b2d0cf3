import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { type BlockSourceOptions, createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import { catalogueOf } from '#core/catalogue.ts'
import type { IndexPorts } from '#core/indexing/backfill.ts'
import type { FetchPorts } from '#core/indexing/fetch-proven.ts'
import type { RawLayer } from '#core/indexing/raw/obtain-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import type { ChainStore } from './open-chain-store.ts'
import type { ChainNode } from './open-node.ts'
import type { Settings } from './settings.ts'

type Tell = Pick<BlockSourceOptions, 'warn' | 'seen'>

/** What proving blocks takes: headers are hashed as the chain's profile says, and receipts to the root in them. */
export function openProving({ rpc }: ChainNode, chain: Settings['chain'], tell: Tell): FetchPorts {
  const { headerForm, commits, finality } = chain
  return {
    ...PROOFS,
    source: createRpcBlockSource(rpc, {
      ...tell,
      finality,
      headerHash: headerForm ? createHeaderHash(keccak, headerForm, commits.since) : undefined,
    }),
  }
}

const PROOFS = { keccak, receiptsRoot: createReceiptsRoot(keccakBytes) } as const

/** What making history of proven blocks takes. */
export const openDeriving = (
  store: ChainStore,
  chain: Pick<Settings['chain'], 'id' | 'keepsActivity'>,
): Omit<IndexPorts, 'source' | 'raw'> => ({
  ...commitPorts(store, systemClock, chain.id),
  catalogue: catalogueOf(chain),
  ...PROOFS,
  sha256,
  newId,
})

/** What indexing takes. */
export const openIndexing = (
  store: ChainStore,
  raw: RawLayer | undefined,
  node: ChainNode,
  chain: Settings['chain'],
  tell: Tell,
): IndexPorts => ({ ...openDeriving(store, chain), ...openProving(node, chain, tell), raw })
