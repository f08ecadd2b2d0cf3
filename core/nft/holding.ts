import type { Address } from '#core/chain.ts'
import { documentSpec } from '#core/history/document.ts'
import type { TokenStandard } from './transfer.ts'
import type { NamedVersion } from '#core/history/versions.ts'

/**
 * How much of one token an account holds, folded from transfers. ERC-721: 0 or 1.
 *
 * Where indexing began after the collection's first transfer, an account may send what it was never seen to receive:
 * `amount` then is what it holds at least, and `shortfall` what it must have held before.
 */
export type Holding = {
  readonly collection: Address
  readonly tokenId: bigint
  readonly owner: Address
  readonly standard: TokenStandard
  readonly amount: bigint
  readonly shortfall: bigint
}

/** Raised with what the fold makes of the same events, see `Projection.version`. */
export const holdingsVersion: NamedVersion = { name: 'holdings', version: 2 }

export const holdingDocuments = documentSpec<Holding>({
  kind: 'holding',
  plural: 'holdings',
  projection: holdingsVersion,
  identity: ['collection', 'tokenId', 'owner'],
  orders: { byOwner: ['owner', 'collection', 'tokenId'] },
  fields: {
    collection: 'hex',
    tokenId: 'uint256',
    owner: 'hex',
    standard: 'text',
    amount: 'uint256',
    shortfall: 'uint256',
  },
})

/**
 * Whose an ERC-721 token is: the one that its newest transfer names as the receiver, the address zero after it was burnt.
 * A token has one owner, whatever its transfers say of the one before; so this tells who loses it with the next.
 */
export type Ownership = {
  readonly collection: Address
  readonly tokenId: bigint
  readonly owner: Address
}

export const ownershipDocuments = documentSpec<Ownership>({
  kind: 'ownership',
  plural: 'ownerships',
  projection: holdingsVersion,
  identity: ['collection', 'tokenId'],
  fields: { collection: 'hex', tokenId: 'uint256', owner: 'hex' },
})

/** What an account holds of a whole collection: different tokens, and units over all of them. */
export type Holder = {
  readonly collection: Address
  readonly owner: Address
  readonly tokenCount: number
  readonly amount: bigint
}

export const holderDocuments = documentSpec<Holder>({
  kind: 'holder',
  plural: 'holders',
  projection: holdingsVersion,
  identity: ['collection', 'owner'],
  fields: {
    collection: 'hex',
    owner: 'hex',
    tokenCount: 'int',
    amount: 'uint256',
  },
})

/** The holding after it received `amount`. An ERC-721 token is there once, however often it is announced. */
export const receive = (holding: Holding, amount: bigint): Holding => ({
  ...holding,
  amount: holding.standard === 'erc721' ? 1n : holding.amount + amount,
})

/** The holding after it sent `amount`; what it was not seen to have is added to the shortfall. */
export function send(holding: Holding, amount: bigint): Holding {
  const missing = amount > holding.amount ? amount - holding.amount : 0n
  return {
    ...holding,
    amount: holding.amount + missing - amount,
    shortfall: holding.shortfall + missing,
  }
}

/** The holder after one of its holdings changed. */
export const adjustHolder = (holder: Holder, before: bigint, after: bigint): Holder => ({
  ...holder,
  tokenCount: holder.tokenCount + (after > 0n ? 1 : 0) - (before > 0n ? 1 : 0),
  amount: holder.amount + after - before,
})
