import type { Migration } from '#core/operations/migration.ts'

/** Ledgers of points. Entries are never changed, whoever tries. */
export const pointsLedger: Migration = {
  number: 2,
  name: 'points-ledger',
  steps: [
    `CREATE TABLE ledger_entries (
      ledger TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      hash TEXT NOT NULL,
      body TEXT NOT NULL,
      UNIQUE (ledger, sequence)
    ) STRICT`,
    `CREATE TRIGGER ledger_entries_stay BEFORE DELETE ON ledger_entries
      BEGIN SELECT RAISE(ABORT, 'entries of a ledger are never removed'); END`,
    `CREATE TRIGGER ledger_entries_keep BEFORE UPDATE ON ledger_entries
      BEGIN SELECT RAISE(ABORT, 'entries of a ledger are never changed'); END`,
    `CREATE TABLE ledger_documents (
      ledger TEXT NOT NULL,
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      hash TEXT NOT NULL,
      body TEXT NOT NULL,
      board TEXT,
      value INTEGER,
      PRIMARY KEY (ledger, kind, id)
    ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX ledger_leaders ON ledger_documents (ledger, board, value DESC, id)
      WHERE board IS NOT NULL`,
    `CREATE TABLE ledger_movements (
      ledger TEXT NOT NULL,
      asset TEXT NOT NULL,
      account TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      position INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (ledger, asset, account, sequence, position)
    ) STRICT, WITHOUT ROWID`,
  ],
}
