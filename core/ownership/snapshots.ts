import type { View } from '#core/history/head.ts'
import { storedBlockAt } from '#core/history/block-at.ts'
import {
  type Snapshot,
  snapshotHolders,
  type SnapshotPorts,
  type SnapshotQuery,
} from './snapshot-holders.ts'

/** Snapshots of holders; the last few are remembered. */
export type Snapshots = {
  /** @throws AppError as `snapshotHolders` does */
  take(view: View, query: SnapshotQuery): Promise<Snapshot>
}

/** Snapshots of some ten megabytes each, for collections of 10,000 tokens. */
const REMEMBERED_MAX = 4

/** What was taken at one block of one history is the same for all who ask for it, also while it is being taken. */
export function createSnapshots(ports: SnapshotPorts): Snapshots {
  const remembered = new Map<string, Promise<Snapshot>>()
  return {
    async take(view, query) {
      const at = query.at ?? view.head.finalized.number
      const block = await storedBlockAt(ports.heads, view, at)
      // What was rebuilt since may have other transfers at the same block.
      const key = `${query.collection} ${block?.hash} ${JSON.stringify([view.head.projections, view.head.rewrites])}`
      const known = block && remembered.get(key)
      if (known) return known
      const taking = snapshotHolders(ports, view, query)
      if (!block) return taking
      const [oldest] = remembered.keys()
      if (remembered.size >= REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest)
      remembered.set(key, taking)
      taking.catch(() => remembered.delete(key))
      return taking
    },
  }
}
