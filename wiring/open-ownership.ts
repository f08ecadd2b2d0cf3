import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { RpcFailure } from '#adapters/rpc/endpoint.ts'
import { createSlices } from '#core/dex/quoting/in-slices.ts'
import type { SignatureVerifier } from '#core/identity/ports.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import { indexedCollections } from '#core/nft/indexed-collections.ts'
import type { CheckPorts } from '#core/ownership/check-ownership.ts'
import { createOwnershipChecker, type OwnershipChecker } from '#core/ownership/checker.ts'
import type { DelegationReader, OwnerReader } from '#core/ownership/ports.ts'
import type { SnapshotPorts } from '#core/ownership/snapshot-holders.ts'
import { createTraitIndex } from '#core/ownership/trait-index.ts'
import type { MetadataTable } from '#core/nft/metadata/ports.ts'
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
  history: ResolvePorts &
    Pick<CheckPorts, 'clock'> & { readonly metadata: Pick<MetadataTable, 'read'> | undefined },
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
      traits: createTraitIndex(history.metadata, chain.id),
      delegations: { ...ownership.delegations, reader: openDelegationReader(node, chain.id) },
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

/** Signatures of accounts of a chain. */
export function openSignatures(node: ChainNode, chainId: number): SignatureVerifier {
  const open = once(async () => {
    const { createEthersSignatureVerifier } = await import('#adapters/ethers/signature-verifier.ts')
    return createEthersSignatureVerifier(requestOf(node), chainId)
  })
  return { verify: async (signed) => (await open()).verify(signed) }
}

/** ethers takes as long to load as everything else together: it is loaded by the first who asks. */
export function openOwnerReader(node: ChainNode, chainId: number): OwnerReader {
  const open = once(async () => {
    const { createEthersOwnerReader } = await import('#adapters/ethers/owner-reader.ts')
    return createEthersOwnerReader(requestOf(node), chainId)
  })
  return {
    blockAt: async (finality) => (await open()).blockAt(finality),
    read: async (block, reads) => (await open()).read(block, reads),
    timestamps: async (numbers) => (await open()).timestamps(numbers),
  }
}

function openDelegationReader(node: ChainNode, chainId: number): DelegationReader {
  const open = once(async () => {
    const { createEthersDelegationReader } = await import('#adapters/ethers/delegation-reader.ts')
    return createEthersDelegationReader(requestOf(node), chainId)
  })
  return { incoming: async (...asked) => (await open()).incoming(...asked) }
}

const requestOf =
  ({ rpc }: ChainNode) =>
  async (method: string, params: readonly unknown[]): Promise<unknown> => {
    const { value } = await rpc.call([{ method, params }], ([result]) => {
      if (result === null) throw new RpcFailure('bad-answer', `${method}: nothing`)
      return result
    })
    return value
  }

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opening: Promise<T> | undefined
  return () => (opening ??= open())
}
