import type { ChainEvent } from '#core/history/event.ts'
import type { TokenTransfer } from '#core/tokens/token-transfer.ts'
import { block } from './blocks.ts'
import { address, bigint, field, hash, int, linkTo, resource } from './resource.ts'
import { token } from './tokens.ts'

export const tokenTransfer = resource<ChainEvent<TokenTransfer>>(
  'TokenTransfer',
  'Units of an ERC-20 token that moved: from the zero address when they are made, to it when they are destroyed.',
  {
    block: field(block, (event) => event.block),
    transactionHash: field(hash, ({ transactionHash }) => transactionHash),
    logIndex: field(int, ({ logIndex }) => logIndex),
    token: field(linkTo(token), (event) => event.address),
    from: field(address, ({ body }) => body.from),
    to: field(address, ({ body }) => body.to),
    amount: field(bigint, ({ body }) => body.amount),
  },
)
