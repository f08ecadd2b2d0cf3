import type { Address, BlockRef, Hash } from '#core/chain.ts'
import type { Finality, TimedBlock } from './decision.ts'

/** One question to a contract. */
export type OwnershipRead =
  /** Whose an ERC-721 token is: an address. */
  | { readonly of: 'token-owner'; readonly contract: Address; readonly tokenId: bigint }
  /** Whose a CryptoPunk is: an address. */
  | { readonly of: 'punk-owner'; readonly contract: Address; readonly tokenId: bigint }
  /** How many tokens or units an account has in a contract of ERC-721, ERC-20 or CryptoPunks. */
  | { readonly of: 'balance'; readonly contract: Address; readonly account: Address }
  /** How much of an ERC-1155 token an account has. */
  | {
      readonly of: 'amount'
      readonly contract: Address
      readonly account: Address
      readonly tokenId: bigint
    }
  /** Whether a contract says that it is one (ERC-165): 1 or 0. */
  | {
      readonly of: 'interface'
      readonly contract: Address
      readonly standard: 'erc721' | 'erc1155'
    }
  /** For whom an escrow holds a token: an address. `method` as in `stakerOf(uint256)`. */
  | {
      readonly of: 'escrowed-owner'
      readonly contract: Address
      readonly method: string
      readonly collection: Address
      readonly tokenId: bigint
    }
  /** How many tokens an escrow holds for an account. `method` as in `stakedBalance(address)`. */
  | {
      readonly of: 'escrowed-balance'
      readonly contract: Address
      readonly method: string
      readonly account: Address
    }

  /**
   * What an account has delegated to another (delegate.xyz, version 2): of a contract or a token 1 or 0, of units how many.
   * Where it has delegated everything, all of them.
   */
  | {
      readonly of: 'delegated'
      readonly scope: 'contract' | 'erc721' | 'erc20' | 'erc1155'
      /** The registry. */
      readonly contract: Address
      readonly to: Address
      readonly vault: Address
      readonly collection: Address
      /** Of `erc721` and `erc1155`. */
      readonly tokenId: bigint
      readonly rights: Hash
    }

/** What a contract said. */
export type ReadAnswer =
  /** `isContract`: the value is an address that has code of its own (not that of a delegated account, EIP-7702). */
  | { readonly status: 'value'; readonly value: bigint; readonly isContract: boolean }
  /** It reverts and says why, as an ERC-721 contract does for a token that is not there. */
  | { readonly status: 'refused' }
  | { readonly status: 'no-code' }
  /** It gives up without a word: out of gas, or a revert without data. */
  | { readonly status: 'no-answer' }
  /** It returns something that is not one word. */
  | { readonly status: 'odd-answer' }

/** Asks contracts who owns what. Not trusted: each call has a limit of gas, and no answer is read beyond a word. */
export type OwnerReader = {
  /**
   * The newest block of that finality.
   *
   * @throws AppError `unavailable` where no node tells
   */
  blockAt(finality: Finality): Promise<TimedBlock>
  /**
   * Answers in the order of `reads`, all as of exactly one block.
   *
   * @throws AppError `unavailable` where the block's state cannot be read
   */
  read(block: BlockRef, reads: readonly OwnershipRead[]): Promise<ReadAnswer[]>
  /**
   * When blocks were made, in seconds since 1970, in the order asked.
   *
   * @throws AppError `unavailable` where no node tells
   */
  timestamps(numbers: readonly number[]): Promise<number[]>
}

/** A contract that may hold tokens of a collection for their owners, and is believed. */
export type Escrow = {
  readonly contract: Address
  readonly collection: Address
  /** `stakerOf(uint256)` or `ownerOf(address,uint256)`: for whom it holds a token. */
  readonly ownerMethod: string | null
  /** `stakedBalance(address)`: how many of the collection it holds for an account. */
  readonly balanceMethod: string | null
}

/** A delegation to a wallet, as the registry lists it. */
export type Delegation = {
  readonly of: 'all' | 'contract' | 'erc721' | 'erc20' | 'erc1155'
  /** The account that delegates. */
  readonly vault: Address
  /** What it is for; zero: everything. */
  readonly rights: Hash
  /** Zero of `all`. */
  readonly contract: Address
  readonly tokenId: bigint
}

/** What a registry lists. */
export type DelegationList =
  | { readonly status: 'listed'; readonly delegations: readonly Delegation[] }
  | { readonly status: 'no-code' | 'no-answer' | 'odd-answer' | 'too-many' }

/** Asks a registry of delegations (delegate.xyz, version 2), which is not trusted more than any contract. */
export type DelegationReader = {
  /**
   * What is delegated to an account, as of exactly one block.
   *
   * @throws AppError `unavailable` where the block's state cannot be read
   */
  incoming(block: BlockRef, registry: Address, to: Address): Promise<DelegationList>
}
