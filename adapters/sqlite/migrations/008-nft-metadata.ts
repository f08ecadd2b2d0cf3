import type { Migration } from '#core/operations/migration.ts'

/** What tokens say of themselves, the traits that collections have, and how far the feed was read for it. */
export const nftMetadata: Migration = {
  number: 8,
  name: 'nft-metadata',
  steps: [
    'CREATE TABLE nft_metadata (chain INTEGER NOT NULL, collection TEXT NOT NULL, token TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL, is_stale INTEGER NOT NULL, failures INTEGER NOT NULL, due_at INTEGER, read_at INTEGER, body TEXT NOT NULL, PRIMARY KEY (chain, collection, token)) STRICT, WITHOUT ROWID',
    'CREATE INDEX nft_metadata_due ON nft_metadata (chain, due_at) WHERE due_at IS NOT NULL',
    'CREATE INDEX nft_metadata_read ON nft_metadata (chain, read_at) WHERE read_at IS NOT NULL',
    'CREATE INDEX nft_metadata_states ON nft_metadata (chain, collection, state)',
    'CREATE TABLE nft_trait_types (chain INTEGER NOT NULL, collection TEXT NOT NULL, trait TEXT NOT NULL, PRIMARY KEY (chain, collection, trait)) STRICT, WITHOUT ROWID',
    'CREATE TABLE nft_metadata_cursors (chain INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT',
  ],
}
