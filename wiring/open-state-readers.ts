import { createLens } from '#adapters/rpc/lens.ts'
import { createRpcNftReader } from '#adapters/rpc/nft-reader.ts'
import { createRpcStateReader } from '#adapters/rpc/state-reader.ts'
import type { StateReader } from '#core/dex/ports.ts'
import type { NftReader } from '#core/nft/ports.ts'
import type { ChainNode } from './open-node.ts'

/** What asks contracts for states as of one block. */
export type StateReaders = { readonly states: StateReader; readonly nfts: NftReader }

export const openStateReaders = ({ rpc }: ChainNode): StateReaders => ({
  states: createRpcStateReader(createLens(rpc)),
  nfts: createRpcNftReader(rpc),
})
