import type { Migration } from '#core/operations/migration.ts'

/** Whose Discord accounts are whose. Times are milliseconds since 1970. */
export const discordAccounts: Migration = {
  number: 4,
  name: 'discord-accounts',
  steps: [
    'CREATE TABLE discord_accounts (account TEXT PRIMARY KEY, name TEXT NOT NULL, person TEXT NOT NULL, proven_at INTEGER NOT NULL, free_at INTEGER) STRICT, WITHOUT ROWID',
    'CREATE INDEX discord_accounts_by_person ON discord_accounts (person)',
  ],
}
