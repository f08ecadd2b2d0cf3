import type { StoredToken, TokenInfo, TokenWords, UnknownReason } from './ports.ts'

/** Whether a token has told all that it can be asked for. */
export const isComplete = ({ symbol, name, decimals }: TokenWords): boolean =>
  symbol !== null && name !== null && decimals !== null

/** What is known of a stored token: what is missing of it was refused. */
export const infoOf = (token: StoredToken): TokenInfo => infoWith(token, 'refused')

/** @param reason why those of its words are missing that are */
export const infoWith = (
  { address, symbol, name, decimals }: Omit<TokenInfo, 'unknownBecause'>,
  reason: UnknownReason,
): TokenInfo => {
  const words = { symbol, name, decimals }
  return { address, ...words, unknownBecause: isComplete(words) ? null : reason }
}

/** A token of which nothing but its address is known. */
export const namelessToken = (
  address: TokenInfo['address'],
  unknownBecause: UnknownReason,
): TokenInfo => ({ address, symbol: null, name: null, decimals: null, unknownBecause })

/** Whether asking again soon may tell more. */
export const isUnsettled = ({ unknownBecause }: TokenInfo): boolean =>
  unknownBecause !== null && unknownBecause !== 'refused'
