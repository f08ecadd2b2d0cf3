import type { Migration } from '#core/operations/migration.ts'

/** Spends on their way to the chain, and nonces that were claimed. No nonce is ever claimed twice. */
export const relay: Migration = {
  number: 5,
  name: 'relay',
  steps: [
    `CREATE TABLE relay_intents (
      id TEXT PRIMARY KEY,
      chain INTEGER NOT NULL,
      state TEXT NOT NULL,
      version INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX relay_intents_by_state ON relay_intents (chain, state, id)',
    'CREATE INDEX relay_intents_by_id ON relay_intents (chain, id)',
    `CREATE TABLE relay_slots (
      chain INTEGER NOT NULL,
      sender TEXT NOT NULL,
      nonce INTEGER NOT NULL,
      version INTEGER NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (chain, sender, nonce)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TRIGGER relay_slots_stay BEFORE DELETE ON relay_slots
      BEGIN SELECT RAISE(ABORT, 'a nonce that was claimed is never given up'); END`,
    `CREATE TABLE relay_senders (
      chain INTEGER NOT NULL,
      sender TEXT NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (chain, sender)
    ) STRICT, WITHOUT ROWID`,
  ],
}
