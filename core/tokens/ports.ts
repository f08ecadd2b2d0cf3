import type { Address } from '#core/chain.ts'

/** A token's own words, cleaned of what is not text. Null where its contract does not tell, or nothing usable. */
export type TokenWords = {
  /** At most 64 characters, as the name. */
  readonly symbol: string | null
  readonly name: string | null
  /** From 0 to 36. */
  readonly decimals: number | null
}

/**
 * Why some of a token's words are null. `refused`: its contract was asked, and does not tell them; `unavailable`: no
 * node gave an answer that proves anything, so they may be known later; `busy`: too many others are being asked for.
 */
export type UnknownReason = 'refused' | 'unavailable' | 'busy'

/** What is known of a token. */
export type TokenInfo = TokenWords & {
  readonly address: Address
  /** Null where nothing is missing. */
  readonly unknownBecause: UnknownReason | null
}

/** What is known of tokens: from a store, or else from the chain. */
export type TokenReader = {
  /**
   * In the order of `addresses`. Of those that nobody can tell of now, the reason is told: it does not fail for them.
   *
   * @param until when it resolves, what is known by then is the answer
   * @throws AppError `unavailable` where the store cannot be read
   */
  read(addresses: readonly Address[], until?: Promise<unknown>): Promise<TokenInfo[]>
}

/** A token's words as one look at its contract gave them. */
export type TokenLook = TokenWords & {
  /** False where a null is a failure of the node: only a revert or an answer of the contract proves that it is none. */
  readonly isProven: boolean
}

/** Asks tokens' contracts. Bounded in gas and size. */
export type TokenSource = {
  /**
   * @returns the looks in the order of `addresses`, all of them at the block `number`
   * @throws AppError `unavailable` where no node answers at all
   */
  read(
    addresses: readonly Address[],
  ): Promise<{ readonly number: number; readonly looks: readonly TokenLook[] }>
}

/** A token as it is stored. With a null in it, its contract refused to tell that, which was proven. */
export type StoredToken = TokenWords & {
  readonly address: Address
  /** The block at which its contract was asked. */
  readonly number: number
  /** Milliseconds since 1970. */
  readonly readAtMs: number
}

/** Tokens' words as stored: beside the history and no part of it, since no event tells them. */
export type TokenTable = {
  /** In the order of `addresses`; undefined where nothing is stored. */
  read(chainId: number, addresses: readonly Address[]): Promise<(StoredToken | undefined)[]>
}

export type TokenStore = TokenTable & {
  /** Each takes the place of what was read at the same or a lower block; what was read at a higher one stays. */
  put(chainId: number, tokens: readonly StoredToken[]): Promise<void>
}
