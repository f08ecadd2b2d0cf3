import type { EventLine } from './text.ts'

const NOBODY = `0x${'0'.repeat(40)}`

/** What the manager says of a position, and what a pool says of its own. */
type PositionBody = {
  readonly type: 'increasePosition' | 'decreasePosition' | 'collectPosition' | 'transferPosition'
  readonly tokenId: bigint
  readonly from: string
  readonly to: string
  readonly liquidity: bigint
  readonly amount0: bigint
  readonly amount1: bigint
}
type PoolBody = {
  readonly type: string
  readonly owner?: string
  readonly tickLower: number
  readonly tickUpper: number
  readonly amount0: bigint
  readonly amount1: bigint
}
export type PositionRow = Omit<EventLine, 'body'> & { readonly body: PositionBody }
type PoolRow = Omit<EventLine, 'body'> & { readonly body: PoolBody }
type Document = { readonly kind: string; readonly value: object }

/** The event of a pool that goes with one of the manager; the NFT of a position is made once the pool was paid. */
const OF_POOL: Readonly<Record<string, string>> = {
  transferPosition: 'mint',
  increasePosition: 'mint',
  decreasePosition: 'burn',
  collectPosition: 'collect',
}

export const isOfPosition = (row: EventLine): row is PositionRow =>
  (row.body as { type: string }).type.endsWith('Position')

/**
 * Positions of Uniswap V3 and whose they ever were, each by going through all events of it anew.
 *
 * @param rows all events, in the order of the chain
 */
export function naivePositions(rows: readonly EventLine[]): Document[] {
  const all = rows.filter(isOfPosition)
  const names = new Map(all.map((row) => [`${row.address} ${row.body.tokenId}`, row]))
  return [...names.values()].flatMap(({ address, body: { tokenId } }) => {
    const own = all.filter((row) => row.address === address && row.body.tokenId === tokenId)
    const value = positionOf(rows, own)
    return [
      { kind: 'position', value: { manager: address, tokenId, ...value } },
      ...ownersOf(rows, own).map((each) => ({
        kind: 'positionOwner',
        value: { ...each, manager: address, tokenId },
      })),
    ]
  })
}

/** Whose a position was seen to be before an event of the manager. */
export const ownerBefore = (rows: readonly EventLine[], event: PositionRow): string | undefined =>
  rows
    .slice(0, rows.indexOf(event))
    .filter(isOfPosition)
    .findLast(
      ({ address, body }) =>
        address === event.address &&
        body.tokenId === event.body.tokenId &&
        body.type === 'transferPosition',
    )?.body.to

/** The event of the pool that the manager caused just before its own, if the pool is followed. */
function poolRowOf(rows: readonly EventLine[], event: PositionRow): PoolRow | undefined {
  const wanted = OF_POOL[event.body.type]
  for (const row of rows.slice(0, rows.indexOf(event)).toReversed()) {
    if (row.transactionHash !== event.transactionHash) return undefined
    const body = row.body as PoolBody
    if (row.address === event.address && body.type !== 'transferPosition') return undefined
    if (body.type === wanted && body.owner === event.address) return row as PoolRow
  }
  return undefined
}

function positionOf(rows: readonly EventLine[], own: readonly PositionRow[]) {
  const transfers = own.filter(({ body }) => body.type === 'transferPosition')
  const made = transfers.find(({ body }) => body.from === NOBODY)
  const burnt = transfers.findLast(({ body }) => body.to === NOBODY)
  const place = own.map((row) => poolRowOf(rows, row)).find((row) => row !== undefined)
  const sum = (type: string, amount: (row: PositionRow) => bigint): bigint =>
    own.filter(({ body }) => body.type === type).reduce((total, row) => total + amount(row), 0n)
  let liquidity = 0n
  for (const { body } of own) {
    if (body.type === 'increasePosition') liquidity += body.liquidity
    if (body.type === 'decreasePosition') liquidity -= body.liquidity
    // More may be taken out than was put in where blocks are missing.
    if (liquidity < 0n) liquidity = 0n
  }
  return {
    owner: transfers.at(-1)?.body.to ?? NOBODY,
    pool: place?.address ?? NOBODY,
    tickLower: place?.body.tickLower ?? null,
    tickUpper: place?.body.tickUpper ?? null,
    liquidity: made ? liquidity : null,
    deposited0: sum('increasePosition', ({ body }) => body.amount0),
    deposited1: sum('increasePosition', ({ body }) => body.amount1),
    withdrawn0: sum('decreasePosition', ({ body }) => body.amount0),
    withdrawn1: sum('decreasePosition', ({ body }) => body.amount1),
    // The pool may pay less than the manager says.
    collected0: sum('collectPosition', (row) => (poolRowOf(rows, row) ?? row).body.amount0),
    collected1: sum('collectPosition', (row) => (poolRowOf(rows, row) ?? row).body.amount1),
    mintedBlock: made?.block.number ?? null,
    mintedAt: made?.block.timestamp ?? null,
    burntAt: burnt?.block.timestamp ?? null,
  }
}

/** Every pair of owner and pool that a position ever had; the last one holds, unless it was burnt. */
function ownersOf(rows: readonly EventLine[], own: readonly PositionRow[]) {
  const pairs = new Map<string, { owner: string; pool: string; isHeld: boolean }>()
  for (const index of own.keys()) {
    const { owner, pool } = positionOf(rows, own.slice(0, index + 1))
    for (const each of pairs.values()) each.isHeld = false
    if (owner !== NOBODY) pairs.set(`${owner} ${pool}`, { owner, pool, isHeld: true })
  }
  return [...pairs.values()]
}
