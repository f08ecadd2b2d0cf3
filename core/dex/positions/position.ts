import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import { documentSpec } from '#core/history/document.ts'
import type { NamedVersion } from '#core/history/versions.ts'

/**
 * A position of Uniswap V3 that the NonfungiblePositionManager holds, folded from its events and those of its pool.
 * Amounts in raw units of the pool's tokens, as far as they were seen: `mintedBlock` is null for a position that was made
 * before the first block indexed.
 */
export type Position = {
  /** The position manager: ids count within it. */
  readonly manager: Address
  readonly tokenId: bigint
  /** Whose the NFT is; the zero address once it was burnt, and while no transfer of it was seen. */
  readonly owner: Address
  /** The zero address while it is not known: no event of the position was seen together with one of an indexed pool. */
  readonly pool: Address
  /** Null as long as the pool is not known. */
  readonly tickLower: number | null
  readonly tickUpper: number | null
  /** Null for a position that was made before the first block indexed. */
  readonly liquidity: bigint | null
  readonly deposited0: bigint
  readonly deposited1: bigint
  /** What taking liquidity out freed; it is paid out when it is collected. */
  readonly withdrawn0: bigint
  readonly withdrawn1: bigint
  /** What was paid out: freed amounts and fees. */
  readonly collected0: bigint
  readonly collected1: bigint
  readonly mintedBlock: number | null
  /** Seconds since 1970. */
  readonly mintedAt: number | null
  readonly burntAt: number | null
}

/** Raised with what the fold makes of the same events, see `Projection.version`. */
export const positionsVersion: NamedVersion = { name: 'positions', version: 1 }

export const positionDocuments = documentSpec<Position>({
  kind: 'position',
  plural: 'positions',
  projection: positionsVersion,
  identity: ['manager', 'tokenId'],
  fields: {
    manager: 'hex',
    tokenId: 'uint256',
    owner: 'hex',
    pool: 'hex',
    tickLower: 'int?',
    tickUpper: 'int?',
    liquidity: 'uint256?',
    deposited0: 'uint256',
    deposited1: 'uint256',
    withdrawn0: 'uint256',
    withdrawn1: 'uint256',
    collected0: 'uint256',
    collected1: 'uint256',
    mintedBlock: 'int?',
    mintedAt: 'int?',
    burntAt: 'int?',
  },
})

/**
 * That an account has, or once had, a position. Owners and pools of positions change, and a list may only walk what never
 * does: so there is one of these for each owner and pool that a position ever had, and all but one say no.
 */
export type PositionOwner = {
  readonly owner: Address
  readonly pool: Address
  readonly manager: Address
  readonly tokenId: bigint
  /** Whether it is so now. */
  readonly isHeld: boolean
}

export const positionOwnerDocuments = documentSpec<PositionOwner>({
  kind: 'positionOwner',
  plural: 'positionOwners',
  projection: positionsVersion,
  identity: ['owner', 'pool', 'manager', 'tokenId'],
  orders: { byPool: ['pool', 'owner', 'manager', 'tokenId'] },
  fields: { owner: 'hex', pool: 'hex', manager: 'hex', tokenId: 'uint256', isHeld: 'bool' },
})

/** A position of which nothing was seen yet. */
export const unseenPosition = (manager: Address, tokenId: bigint): Position => ({
  manager,
  tokenId,
  owner: ZERO_ADDRESS,
  pool: ZERO_ADDRESS,
  tickLower: null,
  tickUpper: null,
  liquidity: null,
  deposited0: 0n,
  deposited1: 0n,
  withdrawn0: 0n,
  withdrawn1: 0n,
  collected0: 0n,
  collected1: 0n,
  mintedBlock: null,
  mintedAt: null,
  burntAt: null,
})
