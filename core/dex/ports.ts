import type { Address } from '#core/chain.ts'

/** What a token's contract says of itself. Null where it does not answer, or not with anything usable. */
export type TokenInfo = {
  readonly address: Address
  readonly symbol: string | null
  readonly name: string | null
  /** From 0 to 36. */
  readonly decimals: number | null
}

/** Reads tokens' own words from the chain; bounded in gas, size and time, and cleaned of what is not text. */
export type TokenReader = {
  /** In the order of `addresses`. @throws AppError `unavailable` when the chain cannot be asked */
  read(addresses: readonly Address[]): Promise<TokenInfo[]>
}
