import { commandsMigration } from './commands-migration.ts'

/** Spends on their way to the chain; `_id` is the operation. Claimed nonces; `_id` is chain, sender and nonce. */
export const relay = commandsMigration(5, 'relay', [
  {
    createIndexes: 'relayIntents',
    indexes: [{ name: 'byState', key: { chainId: 1, state: 1, _id: 1 } }],
  },
  {
    createIndexes: 'relaySlots',
    indexes: [{ name: 'byNonce', key: { chainId: 1, sender: 1, nonce: 1 }, unique: true }],
  },
])
