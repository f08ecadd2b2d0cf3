import { z } from 'zod'
import type { Escrow } from '#core/ownership/ports.ts'
import { pathText } from './path-text.ts'
import { section } from './section.ts'
import { address, toAddress } from './values.ts'

/** What decisions on ownership need beyond the sources. */
export type OwnershipSettings = { readonly escrows: readonly Escrow[] }

const ESCROWS_MAX = 64

const method = (pattern: RegExp, example: string) =>
  z.string().max(100, 'more than 100 characters').regex(pattern, `not like ${example}`)

const escrow = z.strictObject({
  contract: address.meta({ description: 'What holds the tokens for their owners' }),
  collection: address.meta({ description: 'The ERC-721 collection whose tokens it holds' }),
  ownerMethod: method(/^[A-Za-z_]\w*\((address,)?uint256\)$/, 'stakerOf(uint256)')
    .optional()
    .meta({
      description:
        'Its function that gives the account that it holds a token for: of the token, or of collection and token',
    }),
  balanceMethod: method(/^[A-Za-z_]\w*\(address\)$/, 'stakedBalance(address)')
    .optional()
    .meta({
      description:
        'Its function that gives how many tokens of the collection it holds for an account',
    }),
})

const schema = z.strictObject({
  escrows: z.array(escrow).max(ESCROWS_MAX, `more than ${ESCROWS_MAX}`).default([]).meta({
    description:
      'Contracts that hold tokens for their owners, such as staking: what they say is believed. Tokens in any other contract count for nobody',
  }),
})

type Raw = z.output<typeof schema>

export const ownershipSection = section({
  schema: schema.prefault({}),
  toSettings: ({ escrows }: Raw): OwnershipSettings => ({
    escrows: escrows.map(({ contract, collection, ownerMethod, balanceMethod }) => ({
      contract: toAddress(contract),
      collection: toAddress(collection),
      ownerMethod: ownerMethod ?? null,
      balanceMethod: balanceMethod ?? null,
    })),
  }),
  faults: ({ escrows }) =>
    escrows.flatMap(({ ownerMethod, balanceMethod }, index) =>
      ownerMethod === undefined && balanceMethod === undefined
        ? [
            `${pathText(['ownership', 'escrows', index])}: it names no function; give ownerMethod, balanceMethod or both`,
          ]
        : [],
    ),
})
