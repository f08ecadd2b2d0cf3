import type { Source } from '#core/catalogue.ts'
import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { type Erc20Source, isErc20 } from './erc20-sources.ts'

/** The ERC-20 tokens whose transfers a history has, by address. */
export type IndexedTokens = ReadonlyMap<Address, Erc20Source>

export const indexedTokens = (sources: readonly Source[]): IndexedTokens =>
  new Map(sources.filter(isErc20).map((source) => [source.address, source]))

/**
 * The source of a token. Of others nothing is known, which is not the same as that nobody holds any.
 *
 * @throws AppError `not-found` with the reason `not-indexed`
 */
export function expectIndexed(tokens: IndexedTokens, token: Address): Erc20Source {
  const source = tokens.get(token)
  if (source) return source
  throw new AppError(
    'not-found',
    `token: ${token} is not indexed as a source of the kind erc20, so who holds it is not known here`,
    { details: { field: 'token', reason: 'not-indexed' }, audience: 'client' },
  )
}
