import type { Migration } from '#core/operations/migration.ts'

/** Sign-ins under way, sessions, and whose wallets are whose. Times are milliseconds since 1970. */
export const identity: Migration = {
  number: 3,
  name: 'identity',
  steps: [
    'CREATE TABLE login_nonces (nonce TEXT PRIMARY KEY, login TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID',
    'CREATE INDEX login_nonces_by_end ON login_nonces (expires_at)',
    'CREATE TABLE sessions (id TEXT PRIMARY KEY, person TEXT NOT NULL, wallet TEXT NOT NULL, generation INTEGER NOT NULL, expires_at INTEGER NOT NULL, is_revoked INTEGER NOT NULL) STRICT, WITHOUT ROWID',
    'CREATE INDEX sessions_by_person ON sessions (person)',
    'CREATE INDEX sessions_by_end ON sessions (expires_at)',
    'CREATE TABLE wallets (wallet TEXT PRIMARY KEY, person TEXT NOT NULL, proven_at INTEGER NOT NULL, free_at INTEGER) STRICT, WITHOUT ROWID',
    'CREATE INDEX wallets_by_person ON wallets (person)',
  ],
}
