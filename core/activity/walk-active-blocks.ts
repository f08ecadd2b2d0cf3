import type { Address } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import { type ResolvePorts, scanDocuments } from '#core/history/resolve.ts'
import {
  type ActiveBlock,
  type ActivityKind,
  activityPageDocuments,
  blocksOfPage,
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

type ActiveBlocksQuery = {
  readonly accounts: readonly Address[]
  /** Only what is of this kind; all unless given. Blocks of others cost no more than to read their pages. */
  readonly kind?: ActivityKind
  /** The highest block; that of the view unless given. */
  readonly from?: number
}

/** The blocks in which any of these accounts took part in anything, newest first. */
export async function* walkActiveBlocks(
  ports: ResolvePorts,
  view: View,
  { accounts, kind, from = view.head.number }: ActiveBlocksQuery,
): AsyncGenerator<BlockOfAccounts> {
  const walks = accounts.map((account) => ({
    account,
    blocks: walkAccount(ports, view, account, from, kind),
  }))
  let heads = await Promise.all(
    walks.map(async (walk) => ({ ...walk, next: await walk.blocks.next() })),
  )
  for (;;) {
    heads = heads.filter(({ next }) => !next.done)
    const numbers = heads.map(({ next }) => (next.value as ActiveBlock).number)
    if (numbers.length === 0) return
    const number = Math.max(...numbers)
    const here = heads.filter((_, index) => numbers[index] === number)
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

async function* walkAccount(
  ports: ResolvePorts,
  view: View,
  account: Address,
  from: number,
  kind: ActivityKind | undefined,
): AsyncGenerator<ActiveBlock, undefined> {
  let to = pageOfBlock(from)
  for (let limit = FIRST_PAGES; to >= 0; limit = MORE_PAGES) {
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
    to = last.page - 1
  }
  return undefined
}
