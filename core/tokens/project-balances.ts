import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import type { Sync } from '#core/dex/event-bodies.ts'
import { type PoolChange, poolFamily, type Swap, swapFamily } from '#core/dex/events.ts'
import { type Pool, poolDocuments } from '#core/dex/pool.ts'
import { listedPools } from '#core/dex/sources/listed-pools.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { Fold, FoldInput, Mutable, Projection, Wanted } from '#core/history/projection.ts'
import {
  balanceDocuments,
  balancePointDocuments,
  balancesVersion,
  newSummary,
  reserveCheckDocuments,
  summaryDocuments,
  type TokenBalance,
  type TokenSummary,
  type UntoldReason,
} from './balance.ts'
import { amountSent, createPoolTransfers } from './pool-transfers.ts'
import { tokenFamily, type TokenRebase, type TokenTransfer } from './token-transfer.ts'

type AnyEvent = TokenTransfer | TokenRebase | Swap | PoolChange

/**
 * Who holds how much of ERC-20 tokens, now and after every block, and whether the events of a token can be trusted to tell:
 * swaps and reserves of pools are held against the transfers of their transaction.
 */
export const balancesProjection: Projection<AnyEvent> = {
  ...balancesVersion,
  documents: [balanceDocuments, balancePointDocuments, summaryDocuments, reserveCheckDocuments],
  families: [tokenFamily, swapFamily, poolFamily],
  reads: ['pools'],
  wants: wantedByTransfers,
  begin: foldBalances,
  isOpen: ({ spec }) => spec === summaryDocuments || spec === reserveCheckDocuments,
}

const isTransfer = (event: ChainEvent<AnyEvent>): event is ChainEvent<TokenTransfer> =>
  event.body.type === 'tokenTransfer'
const isRebase = (event: ChainEvent<AnyEvent>): event is ChainEvent<TokenRebase> =>
  event.body.type === 'tokenRebase'
const isSwap = (event: ChainEvent<AnyEvent>): event is ChainEvent<Swap> =>
  event.body.type === 'swap'
/** A pair of Uniswap V2 tells of what it holds, nothing less: others keep fees apart. */
const isSync = (event: ChainEvent<AnyEvent>): event is ChainEvent<Sync> =>
  event.body.type === 'sync' && event.body.protocol === 'uniswap-v2'

/** Parties of a transfer that have a balance. */
const partiesOf = ({ from, to }: TokenTransfer): Address[] =>
  [...new Set([from, to])].filter((account) => account !== ZERO_ADDRESS)

function wantedByTransfers(events: readonly ChainEvent<AnyEvent>[]): Wanted[] {
  const wanted: Wanted[] = []
  const transfers = createPoolTransfers()
  for (const event of events) {
    const { address, body, block } = event
    if (isTransfer(event) || isRebase(event))
      wanted.push({ spec: summaryDocuments, key: [address] })
    if (isTransfer(event)) {
      transfers.note(event)
      if (event.body.amount === 0n) continue
      for (const account of partiesOf(event.body)) {
        wanted.push({ spec: balanceDocuments, key: [address, account] })
        const key = [address, account, block.number]
        wanted.push({ spec: balancePointDocuments, key, isNew: true })
      }
    } else if (transfers.hasAny(event) && (body.type === 'swap' || isSync(event))) {
      const tokens = transfers.tokensOf(event)
      if (tokens.length === 0) continue
      wanted.push({ spec: poolDocuments, key: [address] })
      if (isSync(event))
        for (const token of tokens) {
          wanted.push({ spec: reserveCheckDocuments, key: [address, token] })
          // A transfer of nothing asks for no balance.
          wanted.push({ spec: balanceDocuments, key: [token, address] })
        }
    }
  }
  return wanted
}

/** Evidence of another kind takes the place of a weaker one; of the same kind the first stays. */
const STRENGTH: Readonly<Record<UntoldReason, number>> = {
  'rebase-event': 3,
  'reserve-differs': 2,
  'sent-more-than-received': 1,
}

function foldBalances({ documents, sources }: FoldInput): Fold<AnyEvent> {
  const listed = listedPools(sources)
  const transfers = createPoolTransfers()

  function changeSummary(
    { block }: ChainEvent,
    token: Address,
    change: (summary: Mutable<TokenSummary>) => void,
  ): void {
    const slot = documents.slot(summaryDocuments, [token])
    const summary = { ...(slot.value ?? newSummary(token)) }
    change(summary)
    slot.value = summary
    slot.changedAt = block
  }

  function accuse(event: ChainEvent, token: Address, reason: UntoldReason, account: Address): void {
    const known = documents.slot(summaryDocuments, [token]).value?.untoldReason
    if (known && STRENGTH[known] >= STRENGTH[reason]) return
    changeSummary(event, token, (summary) => {
      summary.untoldReason = reason
      summary.untoldBlock = event.block.number
      summary.untoldTransaction = event.transactionHash
      summary.untoldAccount = account
    })
  }

  /** Changes a balance; gives how many more accounts hold the token, and whether what was sent was there. */
  function move(
    { address: token, block }: ChainEvent<TokenTransfer>,
    account: Address,
    change: (balance: TokenBalance) => TokenBalance,
  ): { readonly holders: number; readonly isLacking: boolean } {
    if (account === ZERO_ADDRESS) return { holders: 0, isLacking: false }
    const slot = documents.slot(balanceDocuments, [token, account])
    const before = slot.value ?? { token, account, balance: 0n, shortfall: 0n }
    const after = change(before)
    slot.value = after
    slot.changedAt = block
    const { number, timestamp } = block
    const point = documents.slot(balancePointDocuments, [token, account, number])
    point.value = { token, account, number, timestamp, balance: after.balance }
    point.changedAt = block
    return {
      holders: (after.balance > 0n ? 1 : 0) - (before.balance > 0n ? 1 : 0),
      isLacking: after.shortfall > before.shortfall,
    }
  }

  function transfer(event: ChainEvent<TokenTransfer>): void {
    transfers.note(event)
    const { address: token, body } = event
    const { from, to, amount } = body
    if (amount === 0n) {
      changeSummary(event, token, (summary) => summary.transfers++)
      return
    }
    const sent = move(event, from, (balance) => send(balance, amount))
    const got = move(event, to, (each) => ({ ...each, balance: each.balance + amount }))
    changeSummary(event, token, (summary) => {
      summary.transfers++
      summary.holders += sent.holders + got.holders
      if (from === ZERO_ADDRESS) summary.minted += amount
      if (to === ZERO_ADDRESS) summary.burnt += amount
    })
    if (sent.isLacking) accuse(event, token, 'sent-more-than-received', from)
  }

  /** The pool's tokens that moved in the transaction, each with its side. */
  function sidesOf(event: ChainEvent): { readonly token: Address; readonly side: 0 | 1 }[] {
    const moved = transfers.tokensOf(event)
    if (moved.length === 0) return []
    const { address } = event
    const pool: Pool | undefined =
      documents.slot(poolDocuments, [address]).value ?? listed.get(address)
    return ([0, 1] as const).flatMap((side) => {
      const token = side === 0 ? pool?.token0 : pool?.token1
      return token && moved.includes(token) ? [{ token, side }] : []
    })
  }

  function compareReserves(event: ChainEvent<Sync>): void {
    const { address: pool, body, block } = event
    for (const { token, side } of sidesOf(event)) {
      const { balance, shortfall } = documents.slot(balanceDocuments, [token, pool]).value ?? {
        balance: 0n,
        shortfall: 0n,
      }
      const surplus = (side === 0 ? body.reserve0 : body.reserve1) - (balance - shortfall)
      const slot = documents.slot(reserveCheckDocuments, [pool, token])
      if (slot.value?.surplus === surplus) continue
      if (slot.value) accuse(event, token, 'reserve-differs', pool)
      slot.value = { pool, token, surplus }
      slot.changedAt = block
    }
  }

  /** A pool sends the recipient of a swap all at once; where that is divided, the token took its part. */
  function compareSwap(event: ChainEvent<Swap>): void {
    const { address: pool, body, block, transactionHash } = event
    // Uniswap V4 settles apart from swaps.
    if (body.protocol === 'uniswap-v4') return
    for (const { token, side } of sidesOf(event)) {
      const out = amountSent(body, side)
      const { total, received } = transfers.sentBy(event, token, body.recipient)
      if (out === 0n || total !== out || received >= out || body.recipient === pool) continue
      if (documents.slot(summaryDocuments, [token]).value?.taxBlock != null) continue
      changeSummary(event, token, (summary) => {
        summary.taxBlock = block.number
        summary.taxTransaction = transactionHash
        summary.taxPool = pool
        summary.taxSent = out
        summary.taxReceived = received
      })
    }
    transfers.closeSwap(event)
  }

  return {
    apply(event) {
      if (isTransfer(event)) transfer(event)
      else if (isRebase(event)) accuse(event, event.address, 'rebase-event', event.address)
      // Most pools are of tokens that nobody follows.
      else if (!transfers.hasAny(event)) return
      else if (isSync(event)) compareReserves(event)
      else if (isSwap(event)) compareSwap(event)
    },
    finish: () => transfers.forget(),
  }
}

/** The balance after `amount` was sent; what it was not seen to have is added to the shortfall. */
function send(before: TokenBalance, amount: bigint): TokenBalance {
  const missing = amount > before.balance ? amount - before.balance : 0n
  return {
    ...before,
    balance: before.balance + missing - amount,
    shortfall: before.shortfall + missing,
  }
}
