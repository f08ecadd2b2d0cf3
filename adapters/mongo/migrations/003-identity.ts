import { commandsMigration } from './commands-migration.ts'

/** Sign-ins under way, sessions, and whose wallets are whose; `_id` is the nonce, the session, the wallet. */
export const identity = commandsMigration(3, 'identity', [
  {
    createIndexes: 'loginNonces',
    indexes: [{ name: 'byEnd', key: { expiresAtMs: 1 } }],
  },
  {
    createIndexes: 'sessions',
    indexes: [{ name: 'byPerson', key: { person: 1 } }],
  },
  {
    createIndexes: 'sessions',
    indexes: [{ name: 'byEnd', key: { expiresAtMs: 1 } }],
  },
  {
    createIndexes: 'wallets',
    indexes: [{ name: 'byPerson', key: { person: 1 } }],
  },
])
