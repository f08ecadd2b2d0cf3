import type { Address } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import { pagesOfDocuments } from '#core/history/walk-documents.ts'
import { tickDocuments } from './tick.ts'

/** What each initialised tick of a pool, as it is stored, adds to the liquidity in range; by index. */
export async function readTicks(
  ports: ResolvePorts,
  view: View,
  pool: Address,
): Promise<Map<number, bigint>> {
  const nets = new Map<number, bigint>()
  for await (const page of pagesOfDocuments(ports, view, tickDocuments, [pool]))
    for (const { value } of page)
      if (value.liquidityGross > 0n) nets.set(value.index, value.liquidityNet)
  return nets
}
