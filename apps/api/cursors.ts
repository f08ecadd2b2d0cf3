import type { ActivityPlace } from '#core/activity/list-activity.ts'
import { type Address, isAddress, isHash } from '#core/chain.ts'
import type { PositionPlace } from '#core/dex/positions/list-positions.ts'
import type { SwapRow } from '#core/dex/trading/list-swaps.ts'
import type { FeedCursor } from '#core/history/feed.ts'
import { placeOfEvent } from '#core/history/list-events.ts'
import type { EventPlace } from '#core/history/ports.ts'
import type { Leader } from '#core/ledger/list-leaders.ts'
import type { RoleChangePlace } from '#core/guild/ports.ts'
import type { MovementPlace } from '#core/ledger/ports.ts'
import type { HoldingPlace } from '#core/nft/list-holdings.ts'
import type { HolderPlace } from '#core/tokens/list-balances.ts'

/**
 * Cursors name a place in the order of a list, not a count of items before it: what is inserted or removed in front of
 * it moves nothing. To clients they are opaque.
 */
export type Cursor<P> = {
  encode(place: P): string
  /** Undefined for what `encode` never gave. */
  decode(text: string): P | undefined
}

const CURSOR_LENGTH_MAX = 300
const NUMBER = /^\d{1,15}$/
const UINT256 = /^\d{1,78}$/
export const UINT256_MAX = (1n << 256n) - 1n

function cursor<P>(
  write: (place: P) => string,
  read: (parts: string[]) => P | undefined,
): Cursor<P> {
  const encode = (place: P): string => Buffer.from(write(place), 'latin1').toString('base64url')
  return {
    encode,
    decode(text) {
      if (text.length > CURSOR_LENGTH_MAX) return undefined
      const place = read(Buffer.from(text, 'base64url').toString('latin1').split('.'))
      // The decoder passes over what is not base64: only what comes out the same is ours.
      return place !== undefined && encode(place) === text ? place : undefined
    },
  }
}

/** Of a list that is ordered by the places of logs in the chain: swaps, quarantined logs. */
export const logCursor = cursor<EventPlace>(
  ({ number, logIndex }) => `${number}.${logIndex}`,
  ([number = '', logIndex = '', ...rest]) =>
    NUMBER.test(number) && NUMBER.test(logIndex) && rest.length === 0
      ? { number: Number(number), logIndex: Number(logIndex) }
      : undefined,
)

/** Where a swap stands in its list. */
export const placeOf = ({ event }: SwapRow): EventPlace => placeOfEvent(event)

/** Of a list that is ordered by one address: holders, tokens; or pools, of which those of Uniswap V4 have 32 bytes. */
export const addressCursor = cursor<Address>(
  (address) => address.slice(2),
  ([hex = '', ...rest]) =>
    (isAddress(`0x${hex}`) || isHash(`0x${hex}`)) && rest.length === 0
      ? (`0x${hex}` as const)
      : undefined,
)

export const holdingCursor = cursor<HoldingPlace>(
  ({ collection, tokenId, owner }) => `${collection.slice(2)}.${tokenId}.${owner.slice(2)}`,
  ([collection = '', tokenId = '', owner = '', ...rest]) => {
    if (!isAddress(`0x${collection}`) || !isAddress(`0x${owner}`)) return undefined
    if (!UINT256.test(tokenId) || BigInt(tokenId) > UINT256_MAX || rest.length > 0) return undefined
    return { collection: `0x${collection}`, tokenId: BigInt(tokenId), owner: `0x${owner}` }
  },
)

export const positionCursor = cursor<PositionPlace>(
  ({ owner, pool, manager, tokenId }) =>
    [owner.slice(2), pool.slice(2), manager.slice(2), tokenId].join('.'),
  ([owner = '', pool = '', manager = '', tokenId = '', ...rest]) => {
    if (![owner, pool, manager].every((hex) => isAddress(`0x${hex}`))) return undefined
    if (!UINT256.test(tokenId) || BigInt(tokenId) > UINT256_MAX || rest.length > 0) return undefined
    return {
      owner: `0x${owner}`,
      pool: `0x${pool}`,
      manager: `0x${manager}`,
      tokenId: BigInt(tokenId),
    }
  },
)

/** Of a list that is ordered by one token id. */
export const tokenIdCursor = cursor<bigint>(
  (tokenId) => `${tokenId}`,
  ([tokenId = '', ...rest]) =>
    UINT256.test(tokenId) && BigInt(tokenId) <= UINT256_MAX && rest.length === 0
      ? BigInt(tokenId)
      : undefined,
)

/** Of a list that is ordered by balance and account. */
export const tokenHolderCursor = cursor<HolderPlace>(
  ({ balance, account }) => `${balance}.${account.slice(2)}`,
  ([balance = '', account = '', ...rest]) =>
    UINT256.test(balance) &&
    BigInt(balance) <= UINT256_MAX &&
    isAddress(`0x${account}`) &&
    rest.length === 0
      ? { balance: BigInt(balance), account: `0x${account}` }
      : undefined,
)

/** Of a list that is ordered by blocks. */
export const blockCursor = cursor<number>(
  (number) => `${number}`,
  ([number = '', ...rest]) =>
    NUMBER.test(number) && rest.length === 0 ? Number(number) : undefined,
)

/** Of an account's statement. */
export const movementCursor = cursor<MovementPlace>(
  ({ sequence, position }) => `${sequence}.${position}`,
  ([sequence = '', position = '', ...rest]) =>
    NUMBER.test(sequence) && NUMBER.test(position) && rest.length === 0
      ? { sequence: Number(sequence), position: Number(position) }
      : undefined,
)

const CHANGE = /^\d{1,20}\.\d{1,20}\.\d{1,20}\.\d{1,15}$/

/** Of changes of roles, by time and what names them, which has dots. */
export const roleChangeCursor = cursor<RoleChangePlace>(
  ({ atMs, id }) => `${atMs}.${id}`,
  ([at = '', ...id]) =>
    NUMBER.test(at) && CHANGE.test(id.join('.'))
      ? { atMs: Number(at), id: id.join('.') }
      : undefined,
)

const ACCOUNT = /^[A-Za-z0-9:._@~-]{1,100}$/

/** Of a list that is ordered by points and account, whose name may hold dots. */
export const leaderCursor = cursor<Leader>(
  ({ availableRaw, account }) => `${availableRaw}.${account}`,
  ([available = '', ...account]) =>
    /^\d{1,19}$/.test(available) && ACCOUNT.test(account.join('.'))
      ? { availableRaw: BigInt(available), account: account.join('.') }
      : undefined,
)

const END = 'end'

/** Of what a person did, which is three lists in one: the place in each, as the cursor of that list has it. */
export const activityCursor = cursor<ActivityPlace>(
  ({ chain, points, roles }) =>
    [
      chain === END ? END : `${chain.number},${chain.logIndex}`,
      points === END ? END : `${points.sequence},${points.position},${points.account}`,
      roles === END ? END : `${roles.atMs},${roles.id}`,
    ].join('/'),
  (parts) => {
    const [chain = '', points = '', roles = '', ...rest] = parts.join('.').split('/')
    const [number = '', logIndex = '', ...ofChain] = chain.split(',')
    const [sequence = '', position = '', account = '', ...ofPoints] = points.split(',')
    const [atMs = '', id = '', ...ofRoles] = roles.split(',')
    const isChain = NUMBER.test(number) && NUMBER.test(logIndex) && ofChain.length === 0
    const isPoints =
      NUMBER.test(sequence) &&
      NUMBER.test(position) &&
      (account === '' || ACCOUNT.test(account)) &&
      ofPoints.length === 0
    const isRole = NUMBER.test(atMs) && (id === '' || CHANGE.test(id)) && ofRoles.length === 0
    if (rest.length > 0) return undefined
    if (!isChain && chain !== END) return undefined
    if (!isPoints && points !== END) return undefined
    if (!isRole && roles !== END) return undefined
    return {
      chain: isChain ? { number: Number(number), logIndex: Number(logIndex) } : END,
      points: isPoints ? { sequence: Number(sequence), position: Number(position), account } : END,
      roles: isRole ? { atMs: Number(atMs), id } : END,
    }
  },
)

/** Where a position stands in its lists. */
export const placeOfPosition = ({
  owner,
  pool,
  manager,
  tokenId,
}: PositionPlace): PositionPlace => ({
  owner,
  pool,
  manager,
  tokenId,
})

const WHOLE = 'all'
const SIGNED = /^(?:-1|\d{1,15})$/
const COMMIT = /^[\w-]{1,64}$/

/** Where a reader of the feed stands. */
export const feedCursor = cursor<FeedCursor>(
  ({ number, hash, commit, logIndex, move, finalized }) =>
    [number, hash.slice(2), commit, logIndex ?? WHOLE, move, finalized].join('.'),
  ([number = '', hash = '', commit = '', logIndex = '', move = '', finalized = '', ...rest]) =>
    SIGNED.test(number) &&
    isHash(`0x${hash}`) &&
    COMMIT.test(commit) &&
    (logIndex === WHOLE || NUMBER.test(logIndex)) &&
    NUMBER.test(move) &&
    SIGNED.test(finalized) &&
    rest.length === 0
      ? {
          number: Number(number),
          hash: `0x${hash}`,
          commit,
          logIndex: logIndex === WHOLE ? null : Number(logIndex),
          move: Number(move),
          finalized: Number(finalized),
        }
      : undefined,
)
