import type { TokenStandard } from '#core/nft/transfer.ts'
import type { Holder, Holding } from '#core/nft/holding.ts'
import { address, bigint, choice, field, int, resource } from './resource.ts'

export const tokenStandard = choice<TokenStandard>('TokenStandard', { erc721: {}, erc1155: {} })

export const holding = resource<Holding>(
  'Holding',
  'How much of one token of a collection an account holds.',
  {
    standard: field(tokenStandard, ({ standard }) => standard),
    collection: field(address, ({ collection }) => collection),
    tokenId: field(bigint, ({ tokenId }) => tokenId),
    owner: field(address, ({ owner }) => owner),
    amount: field(bigint, ({ amount }) => amount),
    shortfall: field(
      bigint,
      ({ shortfall }) => shortfall,
      'Units that the account sent although no transfer to it is indexed, because indexing began later. ' +
        'Where this is not 0, the account holds at least `amount`.',
    ),
  },
)

export const holder = resource<Holder>('Holder', 'What an account holds of a whole collection.', {
  collection: field(address, ({ collection }) => collection),
  owner: field(address, ({ owner }) => owner),
  tokenCount: field(int, ({ tokenCount }) => tokenCount, 'How many different tokens.'),
  amount: field(bigint, ({ amount }) => amount, 'Units over all of them.'),
})
