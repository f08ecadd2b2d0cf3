import { commandsMigration } from './commands-migration.ts'

/** Roles of guilds: what accounts should have and have, what was given and taken, and who is to be looked at. */
export const guildRoles = commandsMigration(6, 'guild-roles', [
  {
    createIndexes: 'roleStates',
    indexes: [{ name: 'byAccount', key: { account: 1 } }],
  },
  {
    createIndexes: 'roleStates',
    indexes: [{ name: 'byOpen', key: { isOpen: 1, chainId: 1, _id: 1 } }],
  },
  {
    createIndexes: 'roleChanges',
    indexes: [{ name: 'byTime', key: { atMs: -1, _id: -1 } }],
  },
  {
    createIndexes: 'roleChanges',
    indexes: [{ name: 'byAccount', key: { account: 1, atMs: -1, _id: -1 } }],
  },
  {
    createIndexes: 'roleAsks',
    indexes: [{ name: 'byTime', key: { atMs: 1 } }],
  },
])
