import { type Address, rangeWith } from '#core/chain.ts'
import { AppError, invalidField } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import { listDocuments } from '#core/history/list-documents.ts'
import { type ResolvePorts, scanDocuments } from '#core/history/resolve.ts'
import type { Page } from '#core/page.ts'
import {
  balanceDocuments,
  type BalancePoint,
  balancePointDocuments,
  type TokenBalance,
} from './balance.ts'

/** The place of an account among the holders of a token. */
export type HolderPlace = Pick<TokenBalance, 'balance' | 'account'>

const isHeld = ({ balance }: TokenBalance): boolean => balance > 0n

/**
 * Accounts that hold a token, the largest balance first. They are walked in the order of their newest balances: where
 * these change between two pages, an account may be met again, or not at all.
 */
export async function listTokenHolders(
  ports: ResolvePorts,
  view: View,
  {
    token,
    after,
    limit,
  }: { readonly token: Address; readonly after?: HolderPlace; readonly limit: number },
): Promise<Page<TokenBalance>> {
  return listDocuments(
    ports,
    view,
    balanceDocuments,
    {
      order: 'byBalance',
      prefix: [token],
      descending: true,
      limit,
      ...(after && { after: [token, after.balance, after.account] }),
    },
    isHeld,
  )
}

/** Tokens that an account holds, by address. */
export async function listTokensOfAccount(
  ports: ResolvePorts,
  view: View,
  {
    account,
    after,
    limit,
  }: { readonly account: Address; readonly after?: Address; readonly limit: number },
): Promise<Page<TokenBalance>> {
  return listDocuments(
    ports,
    view,
    balanceDocuments,
    {
      order: 'byAccount',
      prefix: [account],
      limit,
      ...(after && { after: [account, after] }),
    },
    isHeld,
  )
}

/** An account and a token that it may hold. */
export type BalanceOf = { readonly token: Address; readonly account: Address }

/** Balances of an account after each block that changed it, newest first. `after`: the number of a block. */
export async function listBalanceHistory(
  ports: ResolvePorts,
  view: View,
  { token, account, after, limit }: BalanceOf & { readonly after?: number; readonly limit: number },
): Promise<Page<BalancePoint>> {
  return listDocuments(ports, view, balancePointDocuments, {
    order: 'identity',
    prefix: [token, account],
    descending: true,
    limit,
    ...(after !== undefined && { after: [token, account, after] }),
  })
}

/** What an account held after a block. */
export type BalanceAt = BalanceOf & {
  /** The block asked for. */
  readonly number: number
  readonly balance: bigint
  /** The block that changed it last, at or below that; null where none did. */
  readonly changedBlock: number | null
}

/**
 * What an account held after a block; of the newest one where none is named.
 *
 * @throws AppError `invalid` for a block that does not exist yet, `not-found` for one that is not indexed
 */
export async function readBalanceAt(
  ports: ResolvePorts,
  view: View,
  { token, account, block }: BalanceOf & { readonly block?: number },
): Promise<BalanceAt> {
  const { head } = view
  const number = block ?? head.number
  if (number > head.number)
    throw invalidField('block', `${number} is above the newest indexed block, ${head.number}`)
  if (!rangeWith(head.coverage, number))
    throw new AppError(
      'not-found',
      `block: ${number} is not indexed, so what was held then is not known here`,
      { details: { field: 'block', reason: 'not-indexed' }, audience: 'client' },
    )
  const [point] = await scanDocuments(ports, view, balancePointDocuments, {
    order: 'identity',
    prefix: [token, account],
    descending: true,
    limit: 1,
    to: [number],
  })
  return {
    token,
    account,
    number,
    balance: point?.balance ?? 0n,
    changedBlock: point?.number ?? null,
  }
}
