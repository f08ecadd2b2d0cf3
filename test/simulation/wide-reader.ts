import { listChainActivity, placeOfActivity } from '#core/activity/list-chain-activity.ts'
import { rangeWith } from '#core/chain.ts'
import { listPositions } from '#core/dex/positions/list-positions.ts'
import type { View } from '#core/history/head.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { Views } from '#core/history/view.ts'
import { readBalanceAt } from '#core/tokens/list-balances.ts'
import type { Random } from '../fakes/random.ts'
import { activeRows } from '../oracle/naive-activity.ts'
import type { NaiveView } from '../oracle/naive-model.ts'
import { documentLine } from '../oracle/text.ts'
import { accounts, poolAddresses, tokens } from './activity.ts'
import { balanceAt, expectedPage, expectSame } from './expect.ts'
import { positionManager } from './position-activity.ts'

type History = HistoryPorts & { readonly views: Views }

/** What a wide world is asked for besides; the result is held against the oracle when it is called. */
export async function readWide(
  history: History,
  view: View,
  wanted: NaiveView,
  random: Random,
  where: string,
): Promise<() => void> {
  const read = random.pick([readBalance, readPositions, readActivity])
  return read(history, view, wanted, random, where)
}

/** What an account held of a token after a block: the sum of its transfers up to there. */
const readBalance: typeof readWide = async (history, view, wanted, random, where) => {
  const of = { token: random.pick(tokens), account: random.pick(accounts) }
  const block = random.int(view.head.number + 1)
  if (!rangeWith(view.head.coverage, block)) return () => undefined
  const found = await readBalanceAt(history, view, { ...of, block })
  return () =>
    expectSame(
      `${where}, the balance of ${of.account} at block ${block}`,
      [documentLine('balance', found)],
      [documentLine('balance', { ...of, number: block, ...balanceAt(wanted, of, block) })],
    )
}

/** Positions that an account has, that a pool has, or both. */
const readPositions: typeof readWide = async (history, view, wanted, random, where) => {
  const owner = random.chance(0.6) ? random.pick(accounts) : undefined
  const pool = !owner || random.chance(0.3) ? random.pick(poolAddresses) : undefined
  const limit = 1 + random.int(4)
  const found = await listPositions(history, view, {
    limit,
    ...(owner && { owner }),
    ...(pool && { pool }),
  })
  return () => {
    const prefix = owner ? [owner, ...(pool ? [pool] : [])] : [pool as string]
    const order = owner ? 'identity' : 'byPool'
    const asked = { kind: 'positionOwner', order, prefix, limit: Number.MAX_SAFE_INTEGER }
    const held = expectedPage(wanted, asked).flatMap((line) => {
      const ways = wanted.values.filter(
        ({ kind, value }) => kind === 'positionOwner' && documentLine(kind, value) === line,
      )
      return ways.flatMap(({ value }) => {
        const { isHeld, tokenId } = value as { isHeld: boolean; tokenId: bigint }
        return isHeld ? [tokenId] : []
      })
    })
    expectSame(
      `${where}, positions of ${owner} in ${pool}`,
      [...found.items.map((each) => documentLine('position', each)), found.hasMore],
      [...held.slice(0, limit).map((id) => positionLine(wanted, id)), held.length > limit],
    )
  }
}

const positionOf = ({ values }: NaiveView, tokenId: bigint) =>
  values.find(
    ({ kind, value }) =>
      kind === 'position' && (value as { readonly tokenId: bigint }).tokenId === tokenId,
  )?.value

const positionLine = (wanted: NaiveView, tokenId: bigint): string | undefined => {
  const value = positionOf(wanted, tokenId)
  return value && documentLine('position', value)
}

const KINDS = {
  swaps: 'swap',
  liquidity: 'liquidity',
  nfts: 'nft-transfer',
  positions: 'position',
} as const

/** What one or two accounts did, newest first, from some place on. */
const readActivity: typeof readWide = async (history, view, wanted, random, where) => {
  const everybody = [...accounts, positionManager]
  const asked = [...new Set([random.pick(everybody), random.pick(everybody)])]
  const limit = 1 + random.int(6)
  const after = random.chance(0.4)
    ? { number: random.int(view.head.number + 2), logIndex: random.int(6) }
    : undefined
  const found = await listChainActivity(history, view, {
    accounts: asked,
    limit,
    ...(after && { after }),
  })
  const seen = found.items.map((item) => {
    const { number, logIndex } = placeOfActivity(item)
    const pool = item.kind === 'position' ? item.pool : null
    return lineOf(item.kind, number, logIndex, item.accounts, pool)
  })
  return () => {
    const rows = activeRows(wanted.rows).flatMap(({ row, set, parties }) => {
      const { block, logIndex, body } = row
      const own = asked.filter((account) => parties.includes(account))
      if (own.length === 0) return []
      if (after && block.number > after.number) return []
      if (after && block.number === after.number && logIndex >= after.logIndex) return []
      const { tokenId } = body as { readonly tokenId: bigint }
      const { pool = null } =
        set === 'positions' ? (positionOf(wanted, tokenId) as { readonly pool: string }) : {}
      const known = pool !== null && BigInt(pool) === 0n ? null : pool
      return [lineOf(KINDS[set], block.number, logIndex, own, known)]
    })
    expectSame(
      `${where}, what ${asked.join()} did`,
      [...seen, found.next !== undefined],
      [...rows.toReversed().slice(0, limit), rows.length > limit],
    )
  }
}

const lineOf = (
  kind: string,
  number: number,
  logIndex: number,
  of: readonly string[],
  pool: string | null,
): string => `${kind} ${number} ${logIndex} ${of.toSorted().join()} ${pool}`
