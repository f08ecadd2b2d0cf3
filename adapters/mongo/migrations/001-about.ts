import { commandsMigration } from './commands-migration.ts'

/** Says whose records these are, so that a backup can be told from that of another installation. */
export const about = commandsMigration(1, 'about', [
  { createIndexes: 'about', indexes: [{ name: 'byName', key: { name: 1 }, unique: true }] },
  // The server gives it an id, with the time at which it was made.
  {
    update: 'about',
    updates: [{ q: { name: 'records' }, u: { $setOnInsert: { name: 'records' } }, upsert: true }],
  },
])
