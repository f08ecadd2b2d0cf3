import type { Migration } from '#core/operations/migration.ts'

/** Who is to be told of what, and how far that has got. */
export const webhooks: Migration = {
  number: 7,
  name: 'webhooks',
  steps: [
    'CREATE TABLE webhooks (id TEXT PRIMARY KEY, owner TEXT NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID',
    'CREATE INDEX webhooks_by_owner ON webhooks (owner, id)',
    'CREATE TABLE webhook_progress (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID',
  ],
}
