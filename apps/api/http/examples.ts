import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import { listPools } from '#core/dex/list-pools.ts'
import { positionDocuments } from '#core/dex/positions/position.ts'
import type { Pool } from '#core/dex/pool.ts'
import { isAppError } from '#core/errors.ts'
import { whileStale } from '#core/history/at-head.ts'
import { isEmpty, type View } from '#core/history/head.ts'
import { scanDocuments } from '#core/history/resolve.ts'
import { listHoldings } from '#core/nft/list-holdings.ts'
import { listTokenHolders } from '#core/tokens/list-balances.ts'
import type { Api, Ports } from '#api/wire.ts'

/** What the examples of the reference are about, so that each can be tried. */
export type Subjects = {
  /** Sold in the pool, and bought there. */
  readonly token: Address
  readonly otherToken: Address
  /** Raw units of `token` that the pool can take. */
  readonly amount: string
  readonly pool: Address
  readonly collection: Address
  /** Holds something of the collection. */
  readonly account: Address
  /** What it holds. */
  readonly tokenId: string
  /** Its events are indexed as they are declared. */
  readonly contract: Address
  /** A token whose transfers are indexed, and who holds some. */
  readonly indexedToken: { readonly token: Address; readonly account: Address }
  /** A position, the contract that holds it, whose it is and in which pool. */
  readonly position: {
    readonly manager: Address
    readonly tokenId: string
    readonly owner: Address
    readonly pool: Address
  }
}

/** Of Ethereum mainnet: for what this history has none of. */
export const MAINNET: Subjects = {
  token: '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
  otherToken: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48',
  amount: '1000000000000000000',
  pool: '0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc',
  collection: '0xaa74955674127e98e6ce30f65b676f18c5176f7b',
  account: '0x08894e02b950fc44ef7a81da248d4f0bfd6659d4',
  tokenId: '1',
  contract: '0xdac17f958d2ee523a2206206994597c13d831ec7',
  indexedToken: {
    token: '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
    account: '0x08894e02b950fc44ef7a81da248d4f0bfd6659d4',
  },
  position: {
    manager: '0xc36442b4a4522e871399cd717abdd847ab11fe88',
    tokenId: '337861',
    owner: '0xc4ddff531132d32b47ec938acfa28e354769a806',
    pool: '0x8ad599c3a0ff1de082011efddc58f1908eb6e6d8',
  },
}

/** Subjects that this history has. */
export type Found = {
  readonly subjects: Subjects
  /** What had to be taken from elsewhere, since none is indexed. */
  readonly foreign: readonly ('pools' | 'collections')[]
}

/** What was looked for and where nothing of it was found. */
const NOTHING: Found = { subjects: MAINNET, foreign: ['pools', 'collections'] }

/** Pools that are looked at, to take one with trades. */
const POOLS_MAX = 50
/** Positions that are looked at, to take one that somebody holds in a pool that is indexed. */
const POSITIONS_MAX = 50
/** Collections that are looked at, to take one that somebody holds something of. */
const COLLECTIONS_MAX = 20

/** Finds what is indexed now; what there is none of is mainnet's. */
export async function findSubjects({ ports }: Pick<Api, 'ports'>): Promise<Found> {
  try {
    return await whileStale(ports.views, async () => {
      const view = await ports.views.current()
      if (!view || isEmpty(view)) return NOTHING
      const trade = await findTrade(ports, view, ports.settings.quotes.wrappedNative)
      const holding = await findHolding(ports, view)
      return {
        subjects: {
          ...MAINNET,
          ...trade,
          ...holding,
          contract: ports.declaredContracts.keys().next().value ?? MAINNET.contract,
          indexedToken: await findToken(ports, view),
          position: (await findPosition(ports, view)) ?? {
            ...MAINNET.position,
            ...(trade && { pool: trade.pool }),
          },
        },
        foreign: [
          ...(trade ? [] : ['pools' as const]),
          ...(holding ? [] : ['collections' as const]),
        ],
      }
    })
  } catch (error) {
    if (isAppError(error)) return NOTHING
    throw error
  }
}

type Trade = Pick<Subjects, 'pool' | 'token' | 'otherToken' | 'amount'>

async function findTrade(
  ports: Ports,
  view: View,
  wrappedNative: Address | null,
): Promise<Trade | undefined> {
  const { items } = await listPools(ports, view, { limit: POOLS_MAX })
  const [pool] = items.toSorted((a, b) => b.swapCount - a.swapCount)
  if (!pool) return undefined
  // What people know is sold: the wrapped currency where it is one of the two.
  const sold = pool.token0 === wrappedNative ? 0 : 1
  const [token, otherToken] = sold === 0 ? [pool.token0, pool.token1] : [pool.token1, pool.token0]
  return { pool: pool.address, token, otherToken, amount: amountFor(pool, sold) }
}

/** A round amount that is little for the pool, and whole tokens of 18 decimals at most. */
function amountFor({ reserve0, reserve1 }: Pool, sold: 0 | 1): string {
  const reserve = (sold === 0 ? reserve0 : reserve1) ?? 0n
  const share = (reserve / 1_000n).toString()
  return reserve <= 0n ? '1000000' : `1${'0'.repeat(Math.min(18, share.length - 1))}`
}

async function findToken(ports: Ports, view: View): Promise<Subjects['indexedToken']> {
  const [token] = ports.indexedTokens.keys()
  if (!token) return MAINNET.indexedToken
  const { items } = await listTokenHolders(ports, view, { token, limit: 1 })
  return { token, account: items[0]?.account ?? MAINNET.indexedToken.account }
}

async function findPosition(ports: Ports, view: View): Promise<Subjects['position'] | undefined> {
  const scan = { order: 'identity', prefix: [], limit: POSITIONS_MAX }
  const positions = await scanDocuments(ports, view, positionDocuments, scan)
  const found = positions.find(({ owner, pool }) => owner !== ZERO_ADDRESS && pool !== ZERO_ADDRESS)
  if (!found) return undefined
  const { manager, tokenId, owner, pool } = found
  return { manager, tokenId: `${tokenId}`, owner, pool }
}

async function findHolding(
  ports: Ports,
  view: View,
): Promise<Pick<Subjects, 'collection' | 'account' | 'tokenId'> | undefined> {
  for (const collection of [...ports.collections].slice(0, COLLECTIONS_MAX)) {
    // oxlint-disable-next-line no-await-in-loop -- mostly the first one has holders
    const { items } = await listHoldings(ports, view, { collection, limit: 1 })
    const [holding] = items
    if (holding) return { collection, account: holding.owner, tokenId: `${holding.tokenId}` }
  }
  return undefined
}
