import type { Address, Hash } from '#core/chain.ts'
import type { BurnV3, Collect, MintV3 } from '#core/dex/event-bodies.ts'
import type { LiquidityChange } from '#core/dex/events.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { PositionEvent } from './position-events.ts'

/** What a pool told of a position that a contract holds in it. */
export type PoolChange = { readonly pool: Address; readonly body: MintV3 | BurnV3 | Collect }

/**
 * Finds the event of the pool that belongs to an event of the position manager, which names neither pool nor ticks.
 *
 * The manager asks the pool first and tells afterwards, and between the two nothing runs that could tell anything else:
 * `Mint`, `Burn` and `Collect` are the last that the pool does, and what the manager does behind them calls no contract
 * that is not its own or the pool (NonfungiblePositionManager 1.0.0: mint, increaseLiquidity, decreaseLiquidity,
 * collect). So it is the newest event of the same transaction whose position the manager holds. A `Mint` that another
 * contract paid for in the manager's name has another sender. Kind and amounts must agree as well, so that nothing is
 * taken for the pool's where the pool is not indexed.
 */
export type Pairing = {
  /** The next event of a pool, in chain order. */
  note(event: ChainEvent<LiquidityChange>): void
  /** The pool's event that belongs to this one; a transfer leaves it to the event behind it. */
  take(event: ChainEvent<PositionEvent>): PoolChange | undefined
  /** No transaction is at hand any more. */
  forget(): void
}

export function createPairing(): Pairing {
  /** By the contract that holds the position. */
  const newest = new Map<Address, PoolChange & { readonly transactionHash: Hash }>()
  return {
    note({ body, address, transactionHash }) {
      if (body.protocol !== 'uniswap-v3') return
      if (body.type === 'mint' && body.sender !== body.owner) return
      newest.set(body.owner, { pool: address, body, transactionHash })
    },
    take({ body, address, transactionHash }) {
      const change = newest.get(address)
      if (!change || change.transactionHash !== transactionHash) return undefined
      if (body.type !== 'transferPosition') newest.delete(address)
      return belongs(body, change.body) ? change : undefined
    },
    forget: () => newest.clear(),
  }
}

function belongs(body: PositionEvent, change: PoolChange['body']): boolean {
  switch (body.type) {
    case 'transferPosition':
      return change.type === 'mint'
    case 'increasePosition':
      return change.type === 'mint' && isSameChange(body, change)
    case 'decreasePosition':
      return change.type === 'burn' && isSameChange(body, change)
    case 'collectPosition':
      // The manager tells what it asked for; what it owes itself to rounding the pool does not pay.
      return (
        change.type === 'collect' &&
        change.recipient === body.recipient &&
        change.amount0 <= body.amount0 &&
        change.amount1 <= body.amount1
      )
    default:
      return body satisfies never
  }
}

type Change = Pick<MintV3, 'liquidity' | 'amount0' | 'amount1'>

const isSameChange = (one: Change, other: Change): boolean =>
  one.liquidity === other.liquidity &&
  one.amount0 === other.amount0 &&
  one.amount1 === other.amount1
