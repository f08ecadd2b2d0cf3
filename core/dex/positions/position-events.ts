import type { Address } from '#core/chain.ts'
import { type EventFamily, eventSpec } from '#core/history/event.ts'

/** What the position manager says of one of its positions. Amounts in raw units. */
type OfPosition = { readonly protocol: 'uniswap-v3'; readonly tokenId: bigint }

/** Liquidity was added, and paid for. */
export type IncreasePosition = OfPosition & {
  readonly type: 'increasePosition'
  readonly liquidity: bigint
  readonly amount0: bigint
  readonly amount1: bigint
}

/** Liquidity was taken out. What it frees waits in the pool until it is collected. */
export type DecreasePosition = OfPosition & {
  readonly type: 'decreasePosition'
  readonly liquidity: bigint
  readonly amount0: bigint
  readonly amount1: bigint
}

/** What was freed, and fees, were paid out. The amounts are the manager's; its pool may pay a few units less. */
export type CollectPosition = OfPosition & {
  readonly type: 'collectPosition'
  readonly recipient: Address
  readonly amount0: bigint
  readonly amount1: bigint
}

/** The NFT of a position moved: from the zero address when it is made, to it when it is burnt. */
export type TransferPosition = OfPosition & {
  readonly type: 'transferPosition'
  readonly from: Address
  readonly to: Address
}

export type PositionEvent = IncreasePosition | DecreasePosition | CollectPosition | TransferPosition

const protocol = 'uniswap-v3'

/** Kinds of events of the NonfungiblePositionManager. */
export const eventsOfPositions = {
  increase: eventSpec<IncreasePosition>({
    type: 'increasePosition',
    protocol,
    number: 54,
    fields: { tokenId: 'uint256', liquidity: 'uint256', amount0: 'uint256', amount1: 'uint256' },
  }),
  decrease: eventSpec<DecreasePosition>({
    type: 'decreasePosition',
    protocol,
    number: 55,
    fields: { tokenId: 'uint256', liquidity: 'uint256', amount0: 'uint256', amount1: 'uint256' },
  }),
  collect: eventSpec<CollectPosition>({
    type: 'collectPosition',
    protocol,
    number: 56,
    fields: { tokenId: 'uint256', recipient: 'hex', amount0: 'uint256', amount1: 'uint256' },
  }),
  transfer: eventSpec<TransferPosition>({
    type: 'transferPosition',
    protocol,
    number: 57,
    fields: { tokenId: 'uint256', from: 'hex', to: 'hex' },
  }),
}

export const positionFamily: EventFamily<PositionEvent> = {
  name: 'position',
  version: 1,
  events: Object.values(eventsOfPositions),
}
