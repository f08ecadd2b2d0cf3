import type { BlockRef } from '#core/chain.ts'
import type { SwapRow } from '#core/dex/trading/list-swaps.ts'
import { quoteBlock } from './blocks.ts'
import { address, field, listOf, maybe, resource, text } from './resource.ts'
import { swap } from './swaps.ts'

/** Trades as they were committed. */
export type SwapUpdate = {
  readonly retractedTo: BlockRef | null
  readonly swaps: readonly SwapRow[]
  readonly finalized: BlockRef | null
  /** Where to go on after this update. */
  readonly cursor: string
}

/** A trade whose pool is named by its address: an update is not read at one block, as a pool would be. */
const newSwap = resource<SwapRow>('NewSwap', swap.description, {
  ...swap.fields,
  pool: field(address, ({ event }) => event.address),
})

export const swapUpdate = resource<SwapUpdate>(
  'SwapUpdate',
  'Trades that were committed, in order. What a reorganisation took back is told before what replaces it.',
  {
    retractedTo: maybe(
      quoteBlock,
      (update) => update.retractedTo,
      'A reorganisation took back everything above this block: what was told of those blocks is no longer true. Null where nothing was taken back.',
    ),
    swaps: field(listOf(newSwap), (update) => update.swaps, 'Oldest first.'),
    finalized: maybe(
      quoteBlock,
      (update) => update.finalized,
      'The newest final block, where it has changed: nothing up to it will be taken back.',
    ),
    cursor: field(text, (update) => update.cursor, 'Where to go on, as `after` takes it.'),
  },
)
