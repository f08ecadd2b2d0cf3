import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { RpcFailure } from '#adapters/rpc/endpoint.ts'
import { createSlices } from '#core/dex/quoting/in-slices.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import { indexedCollections } from '#core/nft/indexed-collections.ts'
import type { CheckPorts } from '#core/ownership/check-ownership.ts'
import { createOwnershipChecker, type OwnershipChecker } from '#core/ownership/checker.ts'
import type { OwnerReader } from '#core/ownership/ports.ts'
import type { SnapshotPorts } from '#core/ownership/snapshot-holders.ts'
import { createSnapshots, type Snapshots } from '#core/ownership/snapshots.ts'
import type { ChainNode } from './open-node.ts'
import type { Settings } from './settings.ts'

/**
 * Decisions on who owns what.
 *
 * @param blockMs for how long a block counts as the newest
 */
export const openOwnership = (
  node: ChainNode,
  history: ResolvePorts & Pick<CheckPorts, 'clock'>,
  { chain, sources, ownership }: Pick<Settings, 'chain' | 'sources' | 'ownership'>,
  blockMs: number,
): OwnershipChecker => {
  const erc721 = new Set(
    sources.flatMap((source) => (source.kind === 'erc721' ? [source.address] : [])),
  )
  return createOwnershipChecker(
    {
      ...history,
      owners: openOwnerReader(node, chain.id),
      collections: indexedCollections(sources),
      isKnownErc721: (collection) => erc721.has(collection),
      escrows: ownership.escrows,
    },
    blockMs,
  )
}

/** Who held what of a collection at a block. */
export const openSnapshots = (
  history: Omit<SnapshotPorts, 'sources' | 'keccak' | 'slices'> & Pick<CheckPorts, 'clock'>,
  { sources }: Pick<Settings, 'sources'>,
): Snapshots =>
  createSnapshots({ ...history, sources, keccak, slices: createSlices(history.clock) })

/** ethers takes as long to load as everything else together: it is loaded by the first who asks. */
export function openOwnerReader({ rpc }: ChainNode, chainId: number): OwnerReader {
  let opening: Promise<OwnerReader> | undefined
  const open = async (): Promise<OwnerReader> => {
    const { createEthersOwnerReader } = await import('#adapters/ethers/owner-reader.ts')
    return createEthersOwnerReader(async (method, params) => {
      const { value } = await rpc.call([{ method, params }], ([result]) => {
        if (result === null) throw new RpcFailure('bad-answer', `${method}: nothing`)
        return result
      })
      return value
    }, chainId)
  }
  const opened = (): Promise<OwnerReader> => (opening ??= open())
  return {
    blockAt: async (finality) => (await opened()).blockAt(finality),
    read: async (block, reads) => (await opened()).read(block, reads),
    timestamps: async (numbers) => (await opened()).timestamps(numbers),
  }
}
