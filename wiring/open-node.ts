import { describeCapabilities } from '#adapters/rpc/capabilities.ts'
import { createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import { createRpc, type Rpc, type RpcOptions } from '#adapters/rpc/rpc.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import type { Settings } from './settings.ts'

/** The endpoints of a chain, as one node. */
export type ChainNode = AsyncDisposable & {
  readonly rpc: Rpc
  /** Blocks as they come, for the newest of them: no header is proven, and the cheapest finality is asked for. */
  readonly newestBlocks: BlockSource
  /** How each endpoint is doing and what has been learned of it, as JSON. */
  endpoints(): readonly object[]
}

export type NodeOptions = Omit<RpcOptions, 'chainId'>

/** Nothing is asked before somebody asks. */
export function openNode(chain: Settings['chain'], options: NodeOptions): ChainNode {
  const rpc = createRpc(chain.rpc, { ...options, chainId: chain.id })
  return {
    rpc,
    newestBlocks: createRpcBlockSource(rpc, { finality: 0 }),
    endpoints: () =>
      rpc.status().map(({ learned, ...rest }) => ({ ...rest, ...describeCapabilities(learned) })),
    [Symbol.asyncDispose]: () => rpc.close(),
  }
}
