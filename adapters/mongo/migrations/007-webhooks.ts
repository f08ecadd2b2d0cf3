import { commandsMigration } from './commands-migration.ts'

/** Who is to be told of what, and how far that has got; `_id` is the webhook. */
export const webhooks = commandsMigration(7, 'webhooks', [
  {
    createIndexes: 'webhooks',
    indexes: [{ name: 'byOwner', key: { owner: 1, _id: 1 } }],
  },
])
