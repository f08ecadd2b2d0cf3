import { isDeepStrictEqual } from 'node:util'
import type { Hash } from '#core/chain.ts'
import type { HeadEntry } from '#core/history/head.ts'
import type { Scan } from '#core/history/ports.ts'
import { type NaiveView, naiveModel } from '../oracle/naive-model.ts'
import { documentLine, type EventLine, eventLine } from '../oracle/text.ts'
import { pathTo, type World } from './world.ts'

/** What each head must show, by the naive model; computed once a head. */
export type Oracle = { at(head: Pick<HeadEntry, 'number' | 'hash' | 'coverage'>): NaiveView }

export function createOracle(world: World): Oracle {
  const known = new Map<string, NaiveView>()
  return {
    at({ number, hash, coverage }) {
      const key = `${hash} ${JSON.stringify(coverage)}`
      const seen = known.get(key)
      if (seen) return seen
      const view = naiveModel(coveredPath(world, number, hash, coverage), world.sources)
      known.set(key, view)
      return view
    },
  }
}

function coveredPath(world: World, number: number, hash: Hash, coverage: HeadEntry['coverage']) {
  // Before the first block there is nothing.
  if (number < 0) return []
  const tip = world.block(hash)
  if (!tip) throw new Error(`the head stands at a block that nobody has made: ${number} ${hash}`)
  return pathTo(tip).filter((block) =>
    coverage.some(({ from, to }) => from <= block.number && block.number <= to),
  )
}

/** The fields of every order that a list may walk, written down again. */
const orders: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  pool: {
    identity: ['address'],
    byToken0: ['token0', 'address'],
    byToken1: ['token1', 'address'],
    byTokens: ['token0', 'token1', 'address'],
  },
  tick: { identity: ['pool', 'index'] },
  candle: { identity: ['pool', 'interval', 'start'] },
  volume: { identity: ['pool', 'period', 'start'] },
  holding: {
    identity: ['collection', 'tokenId', 'owner'],
    byOwner: ['owner', 'collection', 'tokenId'],
  },
  holder: { identity: ['collection', 'owner'] },
}

/** What is read of wide worlds besides: the rest of what is made of events. */
const moreOrders: typeof orders = {
  tickPage: { identity: ['pool', 'page', 'since'] },
  tickSpan: { identity: ['pool'] },
  tickCheckpoint: { identity: ['pool', 'number'] },
  ownership: { identity: ['collection', 'tokenId'] },
  activityPage: { identity: ['account', 'page'] },
  tokenBalance: {
    identity: ['token', 'account'],
    byBalance: ['token', 'balance', 'account'],
    byAccount: ['account', 'token'],
  },
  balancePoint: { identity: ['token', 'account', 'number'] },
  tokenSummary: { identity: ['token'] },
  reserveCheck: { identity: ['pool', 'token'] },
  position: { identity: ['manager', 'tokenId'] },
  positionOwner: {
    identity: ['owner', 'pool', 'manager', 'tokenId'],
    byPool: ['pool', 'owner', 'manager', 'tokenId'],
  },
}

/** The order changes with what documents say: a walk is exact only where each stands as its newest version says. */
export const isMoving = (order: string): boolean => order === 'byBalance'

const pairsOf = (all: typeof orders) =>
  Object.entries(all).flatMap(([kind, ofKind]) =>
    Object.keys(ofKind).map((order) => ({ kind, order })),
  )
const narrow = pairsOf(orders)
const wide = pairsOf({ ...orders, ...moreOrders })

/** Every kind that readers of a world look at, and its orders. */
export const kindsAndOrdersOf = ({ isWide }: Pick<World, 'isWide'>) => (isWide ? wide : narrow)

/** A walk over the documents of a kind. */
export type ScanAsked = Scan & { readonly kind: string }

type Part = string | number | bigint

const fieldsOf = (kind: string, order: string): readonly string[] => {
  const fields = (orders[kind] ?? moreOrders[kind])?.[order]
  if (!fields) throw new Error(`no order ${order} of ${kind}`)
  return fields
}

export const keyIn = (kind: string, order: string, value: object): Part[] =>
  fieldsOf(kind, order).map((field) => (value as Record<string, Part>)[field] as Part)

const compare = (a: readonly Part[], b: readonly Part[]): number => {
  for (const [index, part] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 0
    if (part < other) return -1
    if (part > other) return 1
  }
  return 0
}

/** The page that a walk must give. */
export function expectedPage(view: NaiveView, scan: ScanAsked): string[] {
  const direction = scan.descending ? -1 : 1
  return view.values
    .filter(({ kind }) => kind === scan.kind)
    .map(({ value }) => ({ value, key: keyIn(scan.kind, scan.order, value) }))
    .filter(({ key }) => compare(scan.prefix, key) === 0)
    .filter(({ key }) => !scan.after || direction * compare(key, scan.after) > 0)
    .toSorted((a, b) => direction * compare(a.key, b.key))
    .slice(0, scan.limit)
    .map(({ value }) => documentLine(scan.kind, value))
}

/** The line of a document, or undefined where it does not exist. */
export const expectedDocument = (
  view: NaiveView,
  kind: string,
  key: readonly Part[],
): string | undefined => {
  const found = view.values.find(
    (each) => each.kind === kind && compare(keyIn(kind, 'identity', each.value), key) === 0,
  )
  return found && documentLine(kind, found.value)
}

const families: Readonly<Record<string, string>> = {
  swap: 'swap',
  mint: 'liquidity',
  burn: 'liquidity',
  collect: 'liquidity',
  transfer: 'transfer',
  modifyLiquidity: 'liquidity',
  donate: 'fee',
  tokenTransfer: 'token',
  tokenRebase: 'token',
  increasePosition: 'position',
  decreasePosition: 'position',
  collectPosition: 'position',
  transferPosition: 'position',
}

type FamilyAsked = 'swap' | 'liquidity' | 'pool' | 'transfer' | 'token' | 'position' | 'fee'

const narrowFamilies: readonly FamilyAsked[] = ['swap', 'liquidity', 'pool', 'transfer']
const wideFamilies: readonly FamilyAsked[] = [...narrowFamilies, 'token', 'position', 'fee']

/** Families of which events happen in a world. */
export const familiesOf = ({ isWide }: Pick<World, 'isWide'>): readonly FamilyAsked[] =>
  isWide ? wideFamilies : narrowFamilies

export type EventsAsked = {
  readonly family: FamilyAsked
  readonly address?: string
  readonly from?: number
  readonly to?: number
  readonly after?: { readonly number: number; readonly logIndex: number }
  readonly descending?: boolean
  readonly limit: number
}

/** The page that a list of events must give. */
export function expectedEvents(view: NaiveView, asked: EventsAsked): string[] {
  const direction = asked.descending ? -1 : 1
  const placeOf = (row: EventLine): Part[] => [row.block.number, row.logIndex]
  return view.rows
    .filter(({ body }) => (families[(body as { type: string }).type] ?? 'pool') === asked.family)
    .filter(({ address }) => asked.address === undefined || address === asked.address)
    .filter(({ block }) => asked.from === undefined || block.number >= asked.from)
    .filter(({ block }) => asked.to === undefined || block.number <= asked.to)
    .filter(
      (row) =>
        !asked.after ||
        direction * compare(placeOf(row), [asked.after.number, asked.after.logIndex]) > 0,
    )
    .toSorted((a, b) => direction * compare(placeOf(a), placeOf(b)))
    .slice(0, asked.limit)
    .map(eventLine)
}

/** What an account held of a token after a block, summed up from its transfers; blocks that are not covered count as none. */
export function balanceAt(
  { rows }: NaiveView,
  { token, account }: { readonly token: string; readonly account: string },
  number: number,
): { readonly balance: bigint; readonly changedBlock: number | null } {
  let [balance, changedBlock]: [bigint, number | null] = [0n, null]
  for (const { address, body, block } of rows) {
    const { type, from, to, amount } = body as Record<string, string> & { readonly amount: bigint }
    if (type !== 'tokenTransfer' || address !== token || block.number > number) continue
    if (amount === 0n) continue
    if (from === account) balance = balance > amount ? balance - amount : 0n
    if (to === account) balance += amount
    if (from === account || to === account) changedBlock = block.number
  }
  return { balance, changedBlock }
}

/** @throws where a reader was given anything that is none of these */
export function expectAmong(
  what: string,
  seen: readonly unknown[],
  among: readonly unknown[],
): void {
  expectSame(
    what,
    seen.filter((each) => !among.includes(each)),
    [],
  )
}

/** @throws where a reader was given anything else */
export function expectSame(
  what: string,
  seen: readonly unknown[],
  wanted: readonly unknown[],
): void {
  if (isDeepStrictEqual(seen, wanted)) return
  const extra = seen.filter((each) => !wanted.includes(each))
  const missing = wanted.filter((each) => !seen.includes(each))
  throw new Error(
    [
      `${what}: ${seen.length} instead of ${wanted.length}`,
      ...extra.slice(0, 4).map((each) => `  extra:   ${String(each)}`),
      ...missing.slice(0, 4).map((each) => `  missing: ${String(each)}`),
    ].join('\n'),
  )
}
