import { readMetadata } from '#core/nft/metadata/read-metadata.ts'
import { tokenMetadata } from '#resources/metadata.ts'
import { endpoint } from './endpoint.ts'
import { address, tokenId } from './parameters.ts'

export const tokenOfCollection = endpoint({
  path: '/v1/collections/:address/tokens/:tokenId',
  id: 'readTokenMetadata',
  summary: 'What a token says of itself: its name, traits, and where its picture is.',
  returns: { item: tokenMetadata },
  refuses: [
    {
      status: 404,
      when: 'The collection is not indexed, no metadata is kept, or nobody has seen the token.',
    },
  ],
  example: (of) => ({ address: of.collection, tokenId: of.tokenId }),
  parameters: { address, tokenId },
  answer: async (ports, view, { address: collection, tokenId: id }) => ({
    item: await readMetadata(ports, view.chainId, { collection, tokenId: id }),
    isLive: true,
  }),
})
