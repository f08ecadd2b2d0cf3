import { commandsMigration } from './commands-migration.ts'

/** Ledgers of points. `_id` of an entry is its ledger and sequence: of two writers one inserts it. */
export const pointsLedger = commandsMigration(2, 'points-ledger', [
  {
    createIndexes: 'ledgerEntries',
    indexes: [{ name: 'bySequence', key: { ledger: 1, sequence: 1 }, unique: true }],
  },
  {
    createIndexes: 'ledgerDocuments',
    indexes: [{ name: 'byKind', key: { ledger: 1, kind: 1, id: 1 }, unique: true }],
  },
  {
    // By themselves, so that the order by amount has nothing else in it.
    createIndexes: 'ledgerAccounts',
    indexes: [{ name: 'byKind', key: { ledger: 1, kind: 1, id: 1 }, unique: true }],
  },
  {
    createIndexes: 'ledgerAccounts',
    indexes: [{ name: 'byRank', key: { ledger: 1, board: 1, value: -1, id: 1 } }],
  },
  {
    createIndexes: 'ledgerMovements',
    indexes: [
      {
        name: 'byAccount',
        key: { ledger: 1, asset: 1, account: 1, sequence: -1, position: -1 },
        unique: true,
      },
    ],
  },
])
