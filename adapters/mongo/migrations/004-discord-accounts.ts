import { commandsMigration } from './commands-migration.ts'

/** Whose Discord accounts are whose; `_id` is the account. */
export const discordAccounts = commandsMigration(4, 'discord-accounts', [
  {
    createIndexes: 'discordAccounts',
    indexes: [{ name: 'byPerson', key: { person: 1 } }],
  },
])
