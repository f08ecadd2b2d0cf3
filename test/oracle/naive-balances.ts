import type { EventLine } from './text.ts'

const NOBODY = `0x${'0'.repeat(40)}`

type Row<Body> = Omit<EventLine, 'body'> & { readonly body: Body }
type Transfer = {
  readonly type: 'tokenTransfer'
  readonly from: string
  readonly to: string
  readonly amount: bigint
}
type Sync = { readonly type: 'sync'; readonly reserve0: bigint; readonly reserve1: bigint }
type Swap = {
  readonly type: 'swap'
  readonly recipient: string
  readonly amount0?: bigint
  readonly amount1?: bigint
  readonly amount0Out?: bigint
  readonly amount1Out?: bigint
}
type PoolTokens = { readonly address: string; readonly token0: string; readonly token1: string }
type Document = { readonly kind: string; readonly value: object }

/**
 * What a token's events say of it, each document by going through all of them anew: balances, balances after blocks,
 * how many hold any, and what speaks against them.
 *
 * @param rows all events, in the order of the chain
 * @param documents pools are taken from these
 */
export function naiveBalances(
  rows: readonly EventLine[],
  documents: readonly Document[],
): Document[] {
  const pools = documents
    .filter(({ kind }) => kind === 'pool')
    .map(({ value }) => value as PoolTokens)
  const transfers = ofType<Transfer>(rows, 'tokenTransfer')
  const told = rows.filter(({ body }) => (body as { type: string }).type.startsWith('token'))
  const checks = checksOf(rows, transfers, pools)
  return [...new Set(told.map(({ address }) => address))].flatMap((token) => {
    const own = transfers.filter(({ address }) => address === token)
    // Who is only told to have moved nothing has no balance.
    const moving = own.filter(({ body }) => body.amount > 0n)
    const accounts = new Set(moving.flatMap(({ body: { from, to } }) => [from, to]))
    accounts.delete(NOBODY)
    const balances = Array.from(accounts, (account) => ({
      token,
      account,
      ...balanceOf(account, own),
    }))
    const newest = new Map(
      checks.filter((check) => check.token === token).map((check) => [check.pool, check]),
    )
    const sum = (amounts: readonly Row<Transfer>[]): bigint =>
      amounts.reduce((total, { body }) => total + body.amount, 0n)
    const summary = {
      token,
      holders: balances.filter(({ balance }) => balance > 0n).length,
      transfers: own.length,
      minted: sum(own.filter(({ body }) => body.from === NOBODY)),
      burnt: sum(own.filter(({ body }) => body.to === NOBODY)),
      ...untoldOf(token, rows, own, checks),
      ...taxOf(token, rows, own, pools),
    }
    return [
      ...balances.map((value) => ({ kind: 'tokenBalance', value })),
      ...balances.flatMap(({ account }) => pointsOf(token, account, moving)),
      { kind: 'tokenSummary', value: summary },
      ...Array.from(newest.values(), ({ pool, surplus }) => ({
        kind: 'reserveCheck',
        value: { pool, token, surplus },
      })),
    ]
  })
}

const ofType = <Body>(rows: readonly EventLine[], type: string): Row<Body>[] =>
  rows.filter(({ body }) => (body as { type: string }).type === type) as Row<Body>[]

/** What an account has of a token after these transfers of it, and what it sent without having it. */
function balanceOf(account: string, transfers: readonly Row<Transfer>[]) {
  let [balance, shortfall] = [0n, 0n]
  for (const { body } of transfers) {
    if (body.from === account) {
      const lacks = body.amount > balance ? body.amount - balance : 0n
      balance += lacks - body.amount
      shortfall += lacks
    }
    if (body.to === account) balance += body.amount
  }
  return { balance, shortfall }
}

/** The balance after each block that moved any units of the account. */
function pointsOf(token: string, account: string, transfers: readonly Row<Transfer>[]): Document[] {
  const blocks = new Map(
    transfers
      .filter(({ body: { from, to } }) => from === account || to === account)
      .map(({ block }) => [block.number, block]),
  )
  return Array.from(blocks.values(), ({ number, timestamp }) => {
    const until = transfers.filter(({ block }) => block.number <= number)
    const { balance } = balanceOf(account, until)
    return { kind: 'balancePoint', value: { token, account, number, timestamp, balance } }
  })
}

type Check = { readonly row: EventLine; pool: string; token: string; surplus: bigint }

/** By how much the reserve of a pair is more than transfers brought, at each Sync behind a transfer of its transaction. */
function checksOf(
  rows: readonly EventLine[],
  transfers: readonly Row<Transfer>[],
  pools: readonly PoolTokens[],
): Check[] {
  return ofType<Sync>(rows, 'sync').flatMap((row) => {
    const { address, body } = row
    const terms = pools.find((pool) => pool.address === address)
    if (!terms) return []
    const sides = [
      { token: terms.token0, reserve: body.reserve0 },
      { token: terms.token1, reserve: body.reserve1 },
    ]
    return sides.flatMap(({ token, reserve }) => {
      const before = transfers.filter(
        (each) =>
          each.address === token &&
          isBefore(each, row) &&
          (each.body.from === address || each.body.to === address),
      )
      if (!before.some((each) => each.transactionHash === row.transactionHash)) return []
      let net = 0n
      for (const { body: moved } of before) {
        if (moved.to === address) net += moved.amount
        if (moved.from === address) net -= moved.amount
      }
      return [{ row, pool: address, token, surplus: reserve - net }]
    })
  })
}

const isBefore = (a: EventLine, b: EventLine): boolean =>
  a.block.number < b.block.number || (a.block.number === b.block.number && a.logIndex < b.logIndex)

/** The strongest of what tells that transfers do not tell balances, where it was first seen. */
function untoldOf(
  token: string,
  rows: readonly EventLine[],
  own: readonly Row<Transfer>[],
  checks: readonly Check[],
) {
  const seen = (untoldReason: string, { block, transactionHash }: EventLine, account: string) => ({
    untoldReason,
    untoldBlock: block.number,
    untoldTransaction: transactionHash,
    untoldAccount: account,
  })
  const rebase = ofType(rows, 'tokenRebase').find(({ address }) => address === token)
  if (rebase) return seen('rebase-event', rebase as EventLine, token)
  const ofToken = checks.filter((check) => check.token === token)
  const differs = ofToken.find((check, index) => {
    const before = ofToken.slice(0, index).findLast(({ pool }) => pool === check.pool)
    return before !== undefined && before.surplus !== check.surplus
  })
  if (differs) return seen('reserve-differs', differs.row, differs.pool)
  const overdrawn = own.find(({ body: { from, amount } }, index) => {
    if (from === NOBODY) return false
    return balanceOf(from, own.slice(0, index)).balance < amount
  })
  if (overdrawn) return seen('sent-more-than-received', overdrawn, overdrawn.body.from)
  return { untoldReason: null, untoldBlock: null, untoldTransaction: null, untoldAccount: null }
}

/** The first swap whose pool sent what it says, and whose recipient, somebody else, got less. */
function taxOf(
  token: string,
  rows: readonly EventLine[],
  own: readonly Row<Transfer>[],
  pools: readonly PoolTokens[],
) {
  const swaps = ofType<Swap>(rows, 'swap')
  for (const swap of swaps) {
    const { address, body, transactionHash, block } = swap
    const terms = pools.find((pool) => pool.address === address)
    const previous = swaps.findLast((each) => each.address === address && isBefore(each, swap))
    const sent = own.filter(
      (each) =>
        each.transactionHash === transactionHash &&
        each.body.from === address &&
        isBefore(each, swap) &&
        (!previous || isBefore(previous, each)),
    )
    const total = sent.reduce((sum, each) => sum + each.body.amount, 0n)
    const received = sent
      .filter((each) => each.body.to === body.recipient)
      .reduce((sum, each) => sum + each.body.amount, 0n)
    for (const [side, out] of outOf(body).entries())
      if ((side === 0 ? terms?.token0 : terms?.token1) === token)
        if (out > 0n && total === out && received < total && body.recipient !== address)
          return {
            taxBlock: block.number,
            taxTransaction: transactionHash,
            taxPool: address,
            taxSent: total,
            taxReceived: received,
          }
  }
  return { taxBlock: null, taxTransaction: null, taxPool: null, taxSent: null, taxReceived: null }
}

/** What a swap says that its pool gave. */
function outOf({ amount0, amount1, amount0Out, amount1Out }: Swap): bigint[] {
  if (amount0Out !== undefined && amount1Out !== undefined) return [amount0Out, amount1Out]
  return [amount0 ?? 0n, amount1 ?? 0n].map((amount) => (amount < 0n ? -amount : 0n))
}
