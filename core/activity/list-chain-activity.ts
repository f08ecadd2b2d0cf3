import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import { mapConcurrent } from '#core/concurrent.ts'
import { AppError } from '#core/errors.ts'
import { liquidityFamily, type LiquidityChange, type Swap, swapFamily } from '#core/dex/events.ts'
import { positionDocuments } from '#core/dex/positions/position.ts'
import { type PositionEvent, positionFamily } from '#core/dex/positions/position-events.ts'
import type { Key } from '#core/history/document.ts'
import type { ChainEvent, EventBody, EventFamily } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import { type EventPorts, listEvents } from '#core/history/list-events.ts'
import type { EventPlace } from '#core/history/ports.ts'
import { readDocuments, type ResolvePorts } from '#core/history/resolve.ts'
import { type Transfer, transferFamily } from '#core/nft/transfer.ts'
import { pageOf } from '#core/page.ts'
import { activityVersion } from './activity-page.ts'
import { type BlockOfAccounts, walkActiveBlocks } from './walk-active-blocks.ts'
import { type NamingEvent, partiesOf } from './parties.ts'

export type ListActivityPorts = ResolvePorts & EventPorts

/** Something that accounts took part in on a chain. `accounts`: those that were asked about. */
export type ChainActivity = { readonly accounts: readonly Address[] } & (
  | { readonly kind: 'swap'; readonly event: ChainEvent<Swap> }
  | { readonly kind: 'liquidity'; readonly event: ChainEvent<LiquidityChange> }
  | { readonly kind: 'nft-transfer'; readonly event: ChainEvent<Transfer> }
  /** `pool`: null while it is not known. */
  | {
      readonly kind: 'position'
      readonly event: ChainEvent<PositionEvent>
      readonly pool: Address | null
    }
)

/** All kinds of it. */
export const activityKinds = [
  'swap',
  'liquidity',
  'position',
  'nft-transfer',
] as const satisfies readonly ChainActivity['kind'][]

export type ChainActivityQuery = {
  readonly accounts: readonly Address[]
  /** Only of this kind; all unless given. */
  readonly kind?: ChainActivity['kind']
  /** The page begins behind this place. */
  readonly after?: EventPlace
  readonly limit: number
  /** Pages of the index that are looked at for each account, of 256 blocks each; `PAGES_LOOKED_AT_MAX` unless given. */
  readonly pagesMax?: number
}

export type ChainActivityPage = {
  readonly items: readonly ChainActivity[]
  /** Where the list goes on behind the page; undefined where nothing is left. */
  readonly next: EventPlace | undefined
}

/** Blocks whose events are read before it is known how many rows they give. */
const BLOCKS_AT_ONCE = 16
const READS_AT_ONCE = 8
/** Events of a family in one read; a block has more in rare cases. */
const EVENTS_AT_ONCE = 1_000

/**
 * What accounts did with pools and NFTs, newest first: an event that several of them took part in is there once. Swaps and
 * changes of liquidity name who called the pool, whose they are and who was paid, which may be a router in somebody’s place.
 * Where few rows of many are asked for, a page may have fewer than `limit`, or none, and still go on.
 *
 * @throws AppError `not-found` (`not-indexed`) where the history has no index of activity
 */
export async function listChainActivity(
  ports: ListActivityPorts,
  view: View,
  { accounts, kind, after, limit, pagesMax }: ChainActivityQuery,
): Promise<ChainActivityPage> {
  refuseWithoutIndex(view)
  const rows: ChainActivity[] = []
  const blocks: BlockOfAccounts[] = []
  const readAll = async (): Promise<void> => {
    const read = await mapConcurrent(blocks.splice(0), READS_AT_ONCE, (block) =>
      activityOfBlock(ports, view, block),
    )
    rows.push(...read.flat().filter((row) => !after || isBehind(row, after)))
  }
  const query = {
    accounts,
    ...(kind && { kind }),
    ...(after && { from: after.number }),
    ...(pagesMax !== undefined && { pagesMax }),
  }
  const walk = walkActiveBlocks(ports, view, query)
  let step = await walk.next()
  while (!step.done) {
    blocks.push(step.value)
    if (blocks.length >= Math.min(BLOCKS_AT_ONCE, limit + 1 - rows.length)) {
      // oxlint-disable-next-line no-await-in-loop -- as many blocks as the page may need
      await readAll()
      if (rows.length > limit) break
    }
    // oxlint-disable-next-line no-await-in-loop -- block by block
    step = await walk.next()
  }
  await readAll()
  const { items, hasMore } = pageOf(rows, limit)
  const last = items.at(-1)
  const unseen = step.done ? step.value : undefined
  const below = unseen === undefined ? undefined : { number: unseen + 1, logIndex: 0 }
  const next = hasMore && last ? placeOfActivity(last) : below
  return { items: await withPools(ports, view, items), next }
}

/** Without it nothing can be said, least of all that an account did nothing. */
function refuseWithoutIndex({ head }: View): void {
  if (activityVersion.name in head.projections) return
  throw new AppError(
    'not-found',
    'account: what accounts did on this chain is not indexed; who runs the service has it made with chain.activity true ' +
      'and `halyard derive`',
    { details: { field: 'account', reason: 'not-indexed' }, audience: 'client' },
  )
}

export const placeOfActivity = ({ event }: ChainActivity): EventPlace => ({
  number: event.block.number,
  logIndex: event.logIndex,
})

const isBehind = ({ event }: ChainActivity, { number, logIndex }: EventPlace): boolean =>
  event.block.number < number || (event.block.number === number && event.logIndex < logIndex)

/** What these accounts did in a block, newest first. */
async function activityOfBlock(
  ports: ListActivityPorts,
  view: View,
  { number, accounts, hasSwaps, hasLiquidity, hasNfts, ownersOf }: BlockOfAccounts,
): Promise<ChainActivity[]> {
  const eventsOf = <B extends EventBody>(isWanted: boolean, family: EventFamily<B>) =>
    isWanted ? eventsOfBlock(ports, view, family, number) : []
  const own = <B extends NamingEvent>(event: ChainEvent<B>): readonly Address[] =>
    partiesOf(event).filter((party) => accounts.includes(party))
  const [swaps, liquidity, nfts, positions] = await Promise.all([
    eventsOf(hasSwaps, swapFamily),
    eventsOf(hasLiquidity, liquidityFamily),
    eventsOf(hasNfts, transferFamily),
    eventsOf(ownersOf.size > 0, positionFamily),
  ])
  const rows: ChainActivity[] = [
    ...swaps.map((event) => ({ kind: 'swap' as const, event, accounts: own(event) })),
    ...liquidity.map((event) => ({ kind: 'liquidity' as const, event, accounts: own(event) })),
    ...nfts.map((event) => ({ kind: 'nft-transfer' as const, event, accounts: own(event) })),
    ...positions.map((event) => ({
      kind: 'position' as const,
      event,
      accounts: ownersOf.get(event.logIndex) ?? [],
      pool: null,
    })),
  ]
  return rows
    .filter((row) => row.accounts.length > 0)
    .toSorted((a, b) => b.event.logIndex - a.event.logIndex)
}

async function eventsOfBlock<B extends EventBody>(
  ports: ListActivityPorts,
  view: View,
  family: EventFamily<B>,
  number: number,
): Promise<ChainEvent<B>[]> {
  const events: ChainEvent<B>[] = []
  for (;;) {
    const last = events.at(-1)
    // oxlint-disable-next-line no-await-in-loop -- page by page
    const page = await listEvents(ports, view, family, {
      from: number,
      to: number,
      limit: EVENTS_AT_ONCE,
      ...(last && { after: { number, logIndex: last.logIndex } }),
    })
    events.push(...page)
    if (page.length < EVENTS_AT_ONCE) return events
  }
}

/** The manager's events name no pool; the position knows it. */
async function withPools(
  ports: ListActivityPorts,
  view: View,
  rows: readonly ChainActivity[],
): Promise<ChainActivity[]> {
  const keys = new Map<string, Key>()
  for (const row of rows) if (row.kind === 'position') keys.set(keyOf(row).join(), keyOf(row))
  const positions = await readDocuments(ports, view, positionDocuments, [...keys.values()])
  const pools = new Map([...keys.keys()].map((text, index) => [text, positions[index]?.pool]))
  return rows.map((row) => {
    if (row.kind !== 'position') return row
    const pool = pools.get(keyOf(row).join())
    return { ...row, pool: pool && pool !== ZERO_ADDRESS ? pool : null }
  })
}

const keyOf = ({ event }: { readonly event: ChainEvent<PositionEvent> }): Key => [
  event.address,
  event.body.tokenId,
]
