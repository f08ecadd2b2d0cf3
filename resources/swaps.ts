import { designOf, tellsPrice } from '#core/dex/events.ts'
import type { SwapRow } from '#core/dex/trading/list-swaps.ts'
import { block } from './blocks.ts'
import { pool, protocol } from './pools.ts'
import { address, amountOf, bigint, field, hash, int, linkTo, maybe, resource } from './resource.ts'

const v3 = ({ event: { body } }: SwapRow) => (tellsPrice(body) ? body : null)

export const swap = resource<SwapRow>(
  'Swap',
  'A trade. Amounts are raw units as the pool sees them: positive went into the pool, negative came out.',
  {
    block: field(block, ({ event }) => event.block),
    transactionHash: field(hash, ({ event }) => event.transactionHash),
    logIndex: field(int, ({ event }) => event.logIndex),
    protocol: field(protocol, ({ event }) => designOf(event.body)),
    pool: field(linkTo(pool), ({ event }) => event.address),
    sender: field(address, ({ event }) => event.body.sender),
    recipient: maybe(
      address,
      ({ event: { body } }) => ('recipient' in body ? body.recipient : null),
      'Null for Uniswap V4, which does not tell it.',
    ),
    amount0: amountOf(
      0,
      field(bigint, ({ amount0 }) => amount0),
    ),
    amount1: amountOf(
      1,
      field(bigint, ({ amount1 }) => amount1),
    ),
    sqrtPriceX96: maybe(
      bigint,
      (row) => v3(row)?.sqrtPriceX96 ?? null,
      'V3 only: after the trade, as are liquidity and tick.',
    ),
    liquidity: maybe(bigint, (row) => v3(row)?.liquidity ?? null),
    tick: maybe(int, (row) => v3(row)?.tick ?? null),
  },
)
