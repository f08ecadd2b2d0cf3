import type { Address } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import { type ResolvePorts, scanDocuments } from '#core/history/resolve.ts'
import {
  type ActiveBlock,
  type ActivityKind,
  activityPageDocuments,
  blocksOfPage,
  lastOfPage,
  onlyOfKind,
  pageOfBlock,
} from './activity-page.ts'

/** A block in which some of several accounts took part in anything. */
export type BlockOfAccounts = Omit<ActiveBlock, 'positionLogs'> & {
  readonly accounts: readonly Address[]
  /** By the log index of an event of a position: whose it was. */
  readonly ownersOf: ReadonlyMap<number, readonly Address[]>
}

/** Pages that are read at once; the first read takes few, for most feeds are looked at only at the top. */
const FIRST_PAGES = 4
const MORE_PAGES = 32

/** Pages of an account that are looked at in one walk: of one kind there may be nothing in all of them. */
export const PAGES_LOOKED_AT_MAX = 2_000

type ActiveBlocksQuery = {
  readonly accounts: readonly Address[]
  /** Only what is of this kind; all unless given. Blocks of others cost no more than to read their pages. */
  readonly kind?: ActivityKind
  /** The highest block; that of the view unless given. */
  readonly from?: number
  /** Pages of each account that are looked at; `PAGES_LOOKED_AT_MAX` unless given. */
  readonly pagesMax?: number
}

/**
 * The blocks in which any of these accounts took part in anything, newest first.
 *
 * @returns generator whose value is the highest block that it has not looked at; undefined where it has at all of them
 */
export async function* walkActiveBlocks(
  ports: ResolvePorts,
  view: View,
  { accounts, kind, from = view.head.number, pagesMax = PAGES_LOOKED_AT_MAX }: ActiveBlocksQuery,
): AsyncGenerator<BlockOfAccounts, number | undefined> {
  const walks = accounts.map((account) => ({
    account,
    blocks: walkAccount(ports, view, account, { from, kind, pagesMax }),
  }))
  let heads = await Promise.all(
    walks.map(async (walk) => ({ ...walk, next: await walk.blocks.next() })),
  )
  for (;;) {
    heads = heads.filter(({ next }) => next.value !== undefined)
    const numbers = heads.map(({ next }) => (next.done ? next.value : next.value.number) as number)
    if (numbers.length === 0) return undefined
    const number = Math.max(...numbers)
    const here = heads.filter((_, index) => numbers[index] === number)
    if (here.some(({ next }) => next.done)) return number
    yield merged(
      number,
      here.map(({ account, next }) => ({ account, block: next.value as ActiveBlock })),
    )
    await Promise.all(
      here.map(async (head) => {
        head.next = await head.blocks.next()
      }),
    )
  }
}

function merged(
  number: number,
  here: readonly { readonly account: Address; readonly block: ActiveBlock }[],
): BlockOfAccounts {
  const ownersOf = new Map<number, Address[]>()
  for (const { account, block } of here)
    for (const log of block.positionLogs) {
      const owners = ownersOf.get(log) ?? []
      ownersOf.set(log, owners)
      owners.push(account)
    }
  return {
    number,
    accounts: here.map(({ account }) => account),
    hasSwaps: here.some(({ block }) => block.hasSwaps),
    hasLiquidity: here.some(({ block }) => block.hasLiquidity),
    hasNfts: here.some(({ block }) => block.hasNfts),
    ownersOf,
  }
}

/** Its value is as that of `walkActiveBlocks`. */
async function* walkAccount(
  ports: ResolvePorts,
  view: View,
  account: Address,
  {
    from,
    kind,
    pagesMax,
  }: {
    readonly from: number
    readonly kind: ActivityKind | undefined
    readonly pagesMax: number
  },
): AsyncGenerator<ActiveBlock, number | undefined> {
  let to = pageOfBlock(from)
  let lookedAt = 0
  for (let limit = FIRST_PAGES; to >= 0; limit = MORE_PAGES) {
    if (lookedAt >= pagesMax) return lastOfPage(to)
    // oxlint-disable-next-line no-await-in-loop -- page by page
    const pages = await scanDocuments(ports, view, activityPageDocuments, {
      order: 'identity',
      prefix: [account],
      descending: true,
      to: [to],
      limit,
    })
    for (const page of pages)
      for (const block of blocksOfPage(kind ? onlyOfKind(page, kind) : page))
        if (block.number <= from) yield block
    const last = pages.at(-1)
    if (!last || pages.length < limit) return undefined
    lookedAt += limit
    to = last.page - 1
  }
  return undefined
}
