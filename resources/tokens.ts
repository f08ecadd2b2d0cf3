import type { Address } from '#core/chain.ts'
import type { StoredToken, TokenInfo, UnknownReason } from '#core/tokens/ports.ts'
import { isComplete } from '#core/tokens/token-words.ts'
import { address, choice, field, int, joined, maybe, resource, text, time } from './resource.ts'

const self = (token: Address): readonly Address[] => [token]

const unknownReason = choice<UnknownReason>('UnknownReason', {
  refused: { description: 'The contract was asked and does not tell, or nothing usable.' },
  unavailable: { description: 'No node could be asked, or none has proven an answer; ask again.' },
  busy: { description: 'Too many other tokens are being asked for; ask again.' },
})

/** Made from its address alone: who asks for no more makes no call to the chain. */
export const token = resource<Address>(
  'Token',
  'An ERC-20 contract, in its own words, which prove nothing. They are kept once they are known; of a token that is ' +
    'new the chain is asked while the query is answered. Where a word is null, `unknownBecause` says why.',
  {
    address: field(address, (of) => of),
    symbol: joined(text, self, (_of, [info]) => info?.symbol ?? null),
    name: joined(text, self, (_of, [info]) => info?.name ?? null),
    decimals: joined(int, self, (_of, [info]) => info?.decimals ?? null, 'From 0 to 36.'),
    unknownBecause: joined(
      unknownReason,
      self,
      (_of, [info]) => info?.unknownBecause ?? null,
      'Why any of the words is null; null where none is.',
    ),
  },
  (of) => of,
)

/** A token of the history, and what the store has of it. */
export type TokenRow = { readonly address: Address; readonly stored: StoredToken | undefined }

const tokenStatus = choice<'known' | 'refused' | 'missing'>('TokenStatus', {
  known: {},
  refused: {},
  missing: {},
})

export const storedToken = resource<TokenRow>(
  'StoredToken',
  'A token in its own words, as they are stored.',
  {
    address: field(address, (row) => row.address),
    symbol: maybe(text, ({ stored }) => stored?.symbol ?? null),
    name: maybe(text, ({ stored }) => stored?.name ?? null),
    decimals: maybe(int, ({ stored }) => stored?.decimals ?? null),
    status: field(
      tokenStatus,
      ({ stored }) => (!stored ? 'missing' : isComplete(stored) ? 'known' : 'refused'),
      'Whether all is known, the contract refuses to tell some of it, or nothing could be read yet.',
    ),
    readBlock: maybe(int, ({ stored }) => stored?.number ?? null, 'The block it was asked at.'),
    readAt: maybe(
      time,
      ({ stored }) => (stored ? Math.floor(stored.readAtMs / 1_000) : null),
      'Seconds since 1970.',
    ),
  },
)

/** How many decimals amounts of both tokens have; undefined where that is not known of one. */
export type PoolDecimals = readonly [decimals0: number, decimals1: number] | undefined

export const decimalsOf = (
  token0: TokenInfo | undefined,
  token1: TokenInfo | undefined,
): PoolDecimals => {
  if (token0?.decimals == null || token1?.decimals == null) return undefined
  return [token0.decimals, token1.decimals]
}
