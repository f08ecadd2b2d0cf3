import type { Address, Hash } from '#core/chain.ts'
import { type Swap, tellsPrice } from '#core/dex/events.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { TokenTransfer } from './token-transfer.ts'

/** What moved into and out of a contract within one transaction, since its last swap in it. */
type Moves = {
  /** Tokens that it was sent or sent. */
  readonly tokens: Set<Address>
  readonly sent: { readonly token: Address; readonly to: Address; readonly amount: bigint }[]
}

/** The transfers of a transaction by the contracts that they are from and to, so that pools can be held against them. */
export type PoolTransfers = {
  note(event: ChainEvent<TokenTransfer>): void
  /** Whether there was any transfer so far in the transaction of this event. */
  hasAny(event: Pick<ChainEvent, 'transactionHash'>): boolean
  /** Tokens that moved into or out of a contract so far in the transaction of this event. */
  tokensOf(event: Pick<ChainEvent, 'address' | 'transactionHash'>): readonly Address[]
  /** What a contract sent of a token since its last swap in the transaction: in all, and to one recipient. */
  sentBy(
    event: Pick<ChainEvent, 'address' | 'transactionHash'>,
    token: Address,
    recipient: Address,
  ): { readonly total: bigint; readonly received: bigint }
  /** The swap is over: what is sent behind it is of the next. */
  closeSwap(event: Pick<ChainEvent, 'address' | 'transactionHash'>): void
  /** No transaction is at hand any more. */
  forget(): void
}

const NO_TOKENS: readonly Address[] = []

export function createPoolTransfers(): PoolTransfers {
  let transaction: Hash | undefined
  const moves = new Map<Address, Moves>()

  function movesOf(account: Address): Moves {
    const known = moves.get(account)
    if (known) return known
    const fresh = { tokens: new Set<Address>(), sent: [] }
    moves.set(account, fresh)
    return fresh
  }
  const at = ({ address, transactionHash }: Pick<ChainEvent, 'address' | 'transactionHash'>) =>
    transactionHash === transaction ? moves.get(address) : undefined

  return {
    note({ address: token, body: { from, to, amount }, transactionHash }) {
      if (transactionHash !== transaction) {
        transaction = transactionHash
        moves.clear()
      }
      movesOf(to).tokens.add(token)
      const sender = movesOf(from)
      sender.tokens.add(token)
      sender.sent.push({ token, to, amount })
    },
    hasAny: ({ transactionHash }) => transactionHash === transaction,
    tokensOf(event) {
      const tokens = at(event)?.tokens
      return tokens ? [...tokens] : NO_TOKENS
    },
    sentBy(event, token, recipient) {
      let [total, received] = [0n, 0n]
      for (const each of at(event)?.sent ?? []) {
        if (each.token !== token) continue
        total += each.amount
        if (each.to === recipient) received += each.amount
      }
      return { total, received }
    },
    closeSwap(event) {
      const known = at(event)
      if (known) known.sent.length = 0
    },
    forget() {
      transaction = undefined
      moves.clear()
    },
  }
}

/** What a swap says that the pool sent of token 0 or 1, raw units. */
export function amountSent(swap: Swap, side: 0 | 1): bigint {
  if (!tellsPrice(swap)) {
    return side === 0 ? swap.amount0Out : swap.amount1Out
  }
  const amount = side === 0 ? swap.amount0 : swap.amount1
  return amount < 0n ? -amount : 0n
}
