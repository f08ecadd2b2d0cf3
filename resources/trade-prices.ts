import type { Address } from '#core/chain.ts'
import type { TokenInfo } from '#core/tokens/ports.ts'
import type { Rational } from '#core/dex/protocols/protocols.ts'
import { tradePriceOf } from './prices.ts'
import { decimal, field, type Field, joined, resource } from './resource.ts'
import { decimalsOf } from './tokens.ts'

/** A ratio, and the tokens that it is of: the one sold and the one bought. */
export type TradeRatio = { readonly ratio: Rational; readonly tokens: readonly [Address, Address] }

const inTokens = (name: 'tokens' | 'tokensInverse', description: string): Field<TradeRatio> =>
  joined(
    decimal,
    ({ tokens }) => tokens,
    ({ ratio }, [sold, bought]: readonly TokenInfo[]) =>
      tradePriceOf(ratio, decimalsOf(sold, bought))[name],
    description,
  )

export const tradePrice = resource<TradeRatio>(
  'TradePrice',
  'How much of the bought token one unit of the sold token gives; cut after 18 significant digits.',
  {
    raw: field(
      decimal,
      ({ ratio }) => tradePriceOf(ratio, undefined).raw,
      'In raw units: how many of the bought token for one of the sold token.',
    ),
    tokens: inTokens(
      'tokens',
      'The same in whole tokens; null where the decimals of a token are not known.',
    ),
    tokensInverse: inTokens(
      'tokensInverse',
      'The other way round: how many whole sold tokens one whole bought token costs.',
    ),
  },
)
