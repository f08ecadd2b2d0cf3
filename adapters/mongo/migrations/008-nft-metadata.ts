import { commandsMigration } from './commands-migration.ts'

/** What tokens say of themselves, the traits that collections have, and how far the feed was read for it. */
export const nftMetadata = commandsMigration(8, 'nft-metadata', [
  {
    createIndexes: 'nftMetadata',
    indexes: [{ name: 'byDue', key: { chainId: 1, dueAtMs: 1 } }],
  },
  {
    createIndexes: 'nftMetadata',
    indexes: [{ name: 'byRead', key: { chainId: 1, readAt: 1 } }],
  },
  {
    createIndexes: 'nftMetadata',
    indexes: [{ name: 'byToken', key: { chainId: 1, collection: 1, token: 1 } }],
  },
  {
    createIndexes: 'nftMetadata',
    indexes: [{ name: 'byState', key: { chainId: 1, collection: 1, state: 1 } }],
  },
  {
    createIndexes: 'nftTraitTypes',
    indexes: [{ name: 'byCollection', key: { chainId: 1, collection: 1, trait: 1 } }],
  },
])
