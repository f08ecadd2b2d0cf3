import { z } from 'zod'
import type { Address, Hash } from '#core/chain.ts'
import type { Escrow } from '#core/ownership/ports.ts'
import { pathText } from './path-text.ts'
import { section } from './section.ts'
import { address, toAddress } from './values.ts'

/** What decisions on ownership need beyond the sources. */
export type OwnershipSettings = {
  readonly escrows: readonly Escrow[]
  readonly delegations: { readonly registry: Address; readonly rights: Hash }
}

const ESCROWS_MAX = 64

/** Version 2 of the registry of delegate.xyz, which has this address on most chains. */
const REGISTRY = '0x00000000000000447e69651d841bd8d104bed493'

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

const delegations = z.strictObject({
  registry: address.default(REGISTRY).meta({
    description:
      'The registry of delegate.xyz, version 2, where it is not at its usual address; chains of zkSync have another',
  }),
  rights: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, 'not 32 bytes (0x and 64 hex digits)')
    .default(`0x${'0'.repeat(64)}`)
    .meta({
      description:
        'What a delegation may be for, beside everything: the 32 bytes that this service has people delegate with',
    }),
})

const schema = z.strictObject({
  delegations: delegations.prefault({}).meta({
    description: 'Whose delegations count for rules that ask for them with "delegates": true',
  }),
  escrows: z.array(escrow).max(ESCROWS_MAX, `more than ${ESCROWS_MAX}`).default([]).meta({
    description:
      'Contracts that hold tokens for their owners, such as staking: what they say is believed. Tokens in any other contract count for nobody',
  }),
})

type Raw = z.output<typeof schema>

export const ownershipSection = section({
  schema: schema.prefault({}),
  toSettings: ({ escrows, delegations: { registry, rights } }: Raw): OwnershipSettings => ({
    delegations: {
      registry: toAddress(registry),
      rights: rights.toLowerCase() as Hash,
    },
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
