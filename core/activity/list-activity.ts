import type { Address } from '#core/chain.ts'
import type { RoleChange, RoleChangePlace, RoleStore } from '#core/guild/ports.ts'
import type { View } from '#core/history/head.ts'
import type { EventPlace } from '#core/history/ports.ts'
import { listStatement, type StatementLine } from '#core/ledger/list-statement.ts'
import type { MovementPlace } from '#core/ledger/ports.ts'
import type { ReadPorts } from '#core/ledger/read-balance.ts'
import { type Page, pageOf } from '#core/page.ts'
import {
  type ChainActivity,
  type ListActivityPorts,
  listChainActivity,
  placeOfActivity,
} from './list-chain-activity.ts'

/** What one operation of a ledger did to an account of the person. */
export type PointsActivity = {
  readonly account: string
  readonly asset: string
  readonly line: StatementLine
}

/** Something that a person did, or that was done for it. `atMs`: milliseconds since 1970. */
type Activity = { readonly atMs: number } & (
  | { readonly kind: 'chain'; readonly row: ChainActivity }
  | { readonly kind: 'points'; readonly row: PointsActivity }
  | { readonly kind: 'role'; readonly row: RoleChange }
)

type PointsPlace = MovementPlace & { readonly account: string }

/**
 * Where the next page begins: behind one place in each of the three lists, or at the end of it. Each place is in the order
 * of its own list, so that what comes in front of it, or leaves the chain, moves nothing.
 */
export type ActivityPlace = {
  readonly chain: EventPlace | 'end'
  readonly points: PointsPlace | 'end'
  readonly roles: RoleChangePlace | 'end'
}

/** What is a person's. Lists that a service does not keep are left out. */
export type ActivityOf = {
  readonly chain: {
    readonly ports: ListActivityPorts
    readonly view: View
    readonly wallets: readonly Address[]
  }
  readonly points?: {
    readonly ports: ReadPorts
    readonly ledger: string
    readonly asset: string
    readonly accounts: readonly string[]
  }
  readonly roles?: { readonly store: Pick<RoleStore, 'changes'>; readonly account: string }
}

/** A row, and where the page behind it begins. */
export type PlacedActivity = Activity & { readonly place: ActivityPlace }

/**
 * What a person did on a chain with all of its wallets, what its points did, and which roles it was given or lost: newest
 * first. Of one moment what is on the chain comes first, then points, then roles.
 */
export async function listActivity(
  of: ActivityOf,
  { after, limit }: { readonly after?: ActivityPlace; readonly limit: number },
): Promise<Page<PlacedActivity>> {
  const [chain, points, roles] = await Promise.all([
    chainRows(of.chain, after?.chain, limit + 1),
    of.points ? pointsRows(of.points, after?.points, limit + 1) : [],
    of.roles ? roleRows(of.roles, after?.roles, limit + 1) : [],
  ])
  // Sorting keeps the order of what is of one moment.
  const rows = [...chain, ...points, ...roles].toSorted((a, b) => b.atMs - a.atMs)
  // A list that gives nothing to this page goes on at its first row, so that what comes in front of that is not taken for older.
  let place: ActivityPlace = {
    chain: chain[0] ? inFrontOfChain(chain[0]) : 'end',
    points: points[0] ? { ...placeOfPoints(points[0]), account: '' } : 'end',
    roles: roles[0] ? { atMs: roles[0].atMs + 1, id: '' } : 'end',
  }
  const { items, hasMore } = pageOf<Activity>(rows, limit)
  return {
    items: items.map((row) => {
      place = behind(place, row)
      return { ...row, place }
    }),
    hasMore,
  }
}

function behind(place: ActivityPlace, row: Activity): ActivityPlace {
  switch (row.kind) {
    case 'chain':
      return { ...place, chain: placeOfActivity(row.row) }
    case 'points':
      return { ...place, points: placeOfPoints(row) }
    case 'role':
      return { ...place, roles: { atMs: row.row.atMs, id: row.row.id } }
    default:
      return row satisfies never
  }
}

function inFrontOfChain({ row }: ChainRow): EventPlace {
  const { number, logIndex } = placeOfActivity(row)
  return { number, logIndex: logIndex + 1 }
}

const placeOfPoints = ({ row: { account, line } }: PointsRow): PointsPlace => ({
  sequence: line.sequence,
  position: line.position,
  account,
})

type ChainRow = Extract<Activity, { readonly kind: 'chain' }>
type PointsRow = Extract<Activity, { readonly kind: 'points' }>
type RoleRow = Extract<Activity, { readonly kind: 'role' }>

async function chainRows(
  { ports, view, wallets }: ActivityOf['chain'],
  after: ActivityPlace['chain'] | undefined,
  limit: number,
): Promise<ChainRow[]> {
  if (after === 'end' || wallets.length === 0) return []
  const query = { accounts: wallets, limit, ...(after && { after }) }
  const { items } = await listChainActivity(ports, view, query)
  return items.map((row) => ({ kind: 'chain', atMs: row.event.block.timestamp * 1_000, row }))
}

/** Accounts have one order in common: that of the entries of their ledger, and by name where one operation is of several. */
async function pointsRows(
  { ports, ledger, asset, accounts }: NonNullable<ActivityOf['points']>,
  after: ActivityPlace['points'] | undefined,
  limit: number,
): Promise<PointsRow[]> {
  if (after === 'end') return []
  const lists = await Promise.all(
    accounts.map(async (account) => {
      const before = after && beforeOf(after, account)
      const of = { asset, account }
      const { items } = await listStatement(ports, ledger, of, { limit, ...(before && { before }) })
      return items.map((line): PointsRow => ({
        kind: 'points',
        atMs: line.atMs,
        row: { account, asset, line },
      }))
    }),
  )
  return lists.flat().toSorted(byPlace).slice(0, limit)
}

/** An account that stands behind the one of the place may have the same operation, which is still to come. */
const beforeOf = ({ sequence, position, account }: PointsPlace, other: string): MovementPlace => ({
  sequence,
  position: other > account ? position + 1 : position,
})

const byPlace = ({ row: a }: PointsRow, { row: b }: PointsRow): number =>
  b.line.sequence - a.line.sequence ||
  b.line.position - a.line.position ||
  (a.account < b.account ? -1 : 1)

async function roleRows(
  { store, account }: NonNullable<ActivityOf['roles']>,
  after: ActivityPlace['roles'] | undefined,
  limit: number,
): Promise<RoleRow[]> {
  if (after === 'end') return []
  const found = await store.changes({ account, limit, ...(after && { before: after }) })
  return found.map((row) => ({ kind: 'role', atMs: row.atMs, row }))
}
