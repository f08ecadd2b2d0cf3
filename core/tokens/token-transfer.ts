import type { Address } from '#core/chain.ts'
import { type EventFamily, eventSpec } from '#core/history/event.ts'

/** Units of an ERC-20 token that moved: from the zero address when they are made, to it when they are destroyed. */
export type TokenTransfer = {
  readonly type: 'tokenTransfer'
  readonly protocol: 'erc20'
  readonly from: Address
  readonly to: Address
  readonly amount: bigint
}

/** Events by which tokens tell that all balances have changed, without a Transfer each. */
export type RebaseEvent = 'LogRebase' | 'TokenRebased'

/** A token said that balances have changed otherwise than by transfers. */
export type TokenRebase = {
  readonly type: 'tokenRebase'
  readonly protocol: 'erc20'
  readonly event: RebaseEvent
}

export const transferOfErc20 = eventSpec<TokenTransfer>({
  type: 'tokenTransfer',
  protocol: 'erc20',
  number: 58,
  fields: { from: 'hex', to: 'hex', amount: 'uint256' },
})
export const rebaseOfErc20 = eventSpec<TokenRebase>({
  type: 'tokenRebase',
  protocol: 'erc20',
  number: 59,
  fields: { event: 'text' },
})

export const tokenFamily: EventFamily<TokenTransfer | TokenRebase> = {
  name: 'token',
  version: 1,
  events: [transferOfErc20, rebaseOfErc20],
}
