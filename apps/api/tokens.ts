import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { TokenInfo } from '#core/tokens/ports.ts'
import { isUnsettled } from '#core/tokens/token-words.ts'
import { decimalsOf, type PoolDecimals } from '#resources/tokens.ts'
import type { Ports } from './wire.ts'

/** Of tokens that are not stored the chain is asked live: an answer is held up for this long at most. */
const WAIT_MS_MAX = 2_500

/**
 * In the order of `addresses`; of those that the chain does not tell of in time, with the reason.
 *
 * @throws AppError `unavailable` where the store cannot be read
 */
export async function readTokens(
  { tokens }: Pick<Ports, 'tokens'>,
  addresses: readonly Address[],
): Promise<TokenInfo[]> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, WAIT_MS_MAX)
  try {
    return await tokens.read(addresses, late.promise)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * What prices of a pool are written with; undefined where the contract of a token tells no decimals.
 *
 * @throws AppError `unavailable` where that is not known now: prices in other units would come and go with a node
 */
export function expectDecimals(
  token0: TokenInfo | undefined,
  token1: TokenInfo | undefined,
): PoolDecimals {
  for (const token of [token0, token1])
    if (token && token.decimals === null && isUnsettled(token))
      throw new AppError(
        'unavailable',
        `the decimals of token ${token.address} are not known yet, and no node tells them now; ask again`,
        { details: { reason: 'unknown-decimals', token: token.address }, audience: 'client' },
      )
  return decimalsOf(token0, token1)
}
