import type { Address, BlockRef } from '#core/chain.ts'
import type { Fold, FoldInput, Projection, Wanted } from '#core/history/projection.ts'
import { type LiquidityChange, liquidityFamily } from './events.ts'
import { poolDocuments, wantedPools } from './pool.ts'
import { tickDocuments, tickMoves, ticksVersion } from './tick.ts'

/** The ticks of V3 pools whose creation was seen. */
export const ticksProjection: Projection<LiquidityChange> = {
  ...ticksVersion,
  documents: [tickDocuments],
  families: [liquidityFamily],
  reads: ['pools'],

  wants(events) {
    const wanted: Wanted[] = []
    const addresses = new Set<Address>()
    for (const { address, body } of events) {
      if (!('tickLower' in body) || body.type === 'collect') continue
      addresses.add(address)
      for (const index of [body.tickLower, body.tickUpper])
        wanted.push({ spec: tickDocuments, key: [address, index] })
    }
    return [...wanted, ...wantedPools(addresses)]
  },

  begin: foldTicks,
}

function foldTicks({ documents }: FoldInput): Fold<LiquidityChange> {
  function move(pool: Address, index: number, gross: bigint, net: bigint, block: BlockRef): void {
    const slot = documents.slot(tickDocuments, [pool, index])
    const before = slot.value ?? { pool, index, liquidityGross: 0n, liquidityNet: 0n }
    const sum = before.liquidityGross + gross
    slot.value = {
      pool,
      index,
      liquidityGross: sum < 0n ? 0n : sum,
      liquidityNet: before.liquidityNet + net,
    }
    slot.changedAt = block
  }

  return {
    apply({ address, body, block }) {
      const moves = tickMoves(body)
      if (moves.length === 0) return
      // Of a pool whose past is unknown, the sums would be of no use.
      const pool = documents.slot(poolDocuments, [address]).value
      if (!pool || pool.createdBlock === null) return
      for (const { index, gross, net } of moves) move(address, index, gross, net, block)
    },
    finish: () => undefined,
  }
}
