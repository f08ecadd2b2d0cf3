import type { ChainEvent } from '#core/history/event.ts'
import type { LiquidityChange } from '#core/dex/events.ts'
import { block } from './blocks.ts'
import { pool, protocol } from './pools.ts'
import {
  address,
  amountOf,
  bigint,
  choice,
  field,
  hash,
  int,
  linkTo,
  maybe,
  resource,
} from './resource.ts'

const liquidityChangeType = choice<LiquidityChange['type']>('LiquidityChangeType', {
  mint: {},
  burn: {},
  collect: {},
  modifyLiquidity: { description: 'Uniswap V4: liquidity that was added or, below 0, taken out.' },
})

export const liquidityChange = resource<ChainEvent<LiquidityChange>>(
  'LiquidityChange',
  'Tokens that went into a pool or came out of it, and what that did to its liquidity. Raw units.',
  {
    block: field(block, (event) => event.block),
    transactionHash: field(hash, ({ transactionHash }) => transactionHash),
    logIndex: field(int, ({ logIndex }) => logIndex),
    type: field(liquidityChangeType, ({ body }) => body.type),
    protocol: field(protocol, ({ body }) => body.protocol),
    pool: field(linkTo(pool), (event) => event.address),
    sender: maybe(address, ({ body }) => ('sender' in body ? body.sender : null)),
    owner: maybe(address, ({ body }) => ('owner' in body ? body.owner : null)),
    recipient: maybe(address, ({ body }) => ('recipient' in body ? body.recipient : null)),
    amount0: amountOf(
      0,
      maybe(
        bigint,
        ({ body }) => ('amount0' in body ? body.amount0 : null),
        'Null for Uniswap V4, which does not tell it.',
      ),
    ),
    amount1: amountOf(
      1,
      maybe(bigint, ({ body }) => ('amount1' in body ? body.amount1 : null)),
    ),
    liquidity: maybe(bigint, ({ body }) =>
      'liquidity' in body ? body.liquidity : 'liquidityDelta' in body ? body.liquidityDelta : null,
    ),
    tickLower: maybe(int, ({ body }) => ('tickLower' in body ? body.tickLower : null)),
    tickUpper: maybe(int, ({ body }) => ('tickUpper' in body ? body.tickUpper : null)),
  },
)
