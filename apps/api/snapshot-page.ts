import type { Address } from '#core/chain.ts'
import type { Snapshot } from '#core/ownership/snapshot-holders.ts'
import { type Page, pageOf } from '#core/page.ts'
import { type ProvenHolder, provenHolder } from '#resources/snapshots.ts'

/** Holders of a snapshot by address, each with its proof. @param owner only this one */
export function holdersOf(
  snapshot: Snapshot,
  {
    owner,
    after,
    limit,
  }: {
    readonly owner?: Address | undefined
    readonly after?: Address | undefined
    readonly limit: number
  },
): Page<ProvenHolder> {
  const places = snapshot.holders.flatMap((holder, index) =>
    (owner === undefined || holder.owner === owner) && (after === undefined || holder.owner > after)
      ? [index]
      : [],
  )
  const { items, hasMore } = pageOf(places, limit)
  return { items: items.map((index) => provenHolder(snapshot, index)), hasMore }
}
