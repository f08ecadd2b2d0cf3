import type { Migration } from '#core/operations/migration.ts'

/** Says whose records these are, so that a backup can be told from that of another installation. */
export const about: Migration = {
  number: 1,
  name: 'about',
  steps: [
    'CREATE TABLE about (id TEXT NOT NULL, made_at INTEGER NOT NULL) STRICT',
    'INSERT INTO about (id, made_at) VALUES (lower(hex(randomblob(12))), unixepoch())',
  ],
}
