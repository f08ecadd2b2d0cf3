import type { Migration } from '#core/operations/migration.ts'

/** Roles of guilds: what accounts should have and have, what was given and taken, and who is to be looked at. */
export const guildRoles: Migration = {
  number: 6,
  name: 'guild-roles',
  steps: [
    'CREATE TABLE role_states (key TEXT PRIMARY KEY, account TEXT NOT NULL, chain INTEGER NOT NULL, version INTEGER NOT NULL, is_open INTEGER NOT NULL, retry_at INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID',
    'CREATE INDEX role_states_by_account ON role_states (account)',
    'CREATE INDEX role_states_open ON role_states (chain, key) WHERE is_open = 1',
    'CREATE TABLE role_changes (id TEXT PRIMARY KEY, account TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID',
    'CREATE INDEX role_changes_by_time ON role_changes (at_ms DESC, id DESC)',
    'CREATE INDEX role_changes_by_account ON role_changes (account, at_ms DESC, id DESC)',
    'CREATE TABLE role_cursors (chain INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT',
    'CREATE TABLE role_asks (account TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  ],
}
