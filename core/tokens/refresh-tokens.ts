import type { Address } from '#core/chain.ts'
import { type LookUpPorts, lookUpTokens } from './look-up-tokens.ts'
import type { StoredToken, TokenStore } from './ports.ts'
import { isComplete } from './token-words.ts'

/**
 * Asks tokens' contracts anew and stores what they tell. Where a contract does not tell any more what it told before,
 * what it told before stays: a token does not lose its name when its contract is destroyed.
 *
 * @returns what is stored of each address now; undefined where no node proves an answer and nothing was stored
 * @throws AppError `unavailable` where no node answers at all, or the store fails
 */
export async function refreshTokens(
  ports: LookUpPorts & { readonly tokens: TokenStore },
  chainId: number,
  addresses: readonly Address[],
): Promise<(StoredToken | undefined)[]> {
  const before = await ports.tokens.read(chainId, addresses)
  const found = await lookUpTokens(ports, addresses)
  await ports.tokens.put(
    chainId,
    found.flatMap(({ token, isKnown }, index) => {
      const old = before[index]
      if (!isKnown || (old && isComplete(old) && !isComplete(token))) return []
      return token
    }),
  )
  return ports.tokens.read(chainId, addresses)
}
