import type { Migration } from '#core/operations/migration.ts'
import { about } from './001-about.ts'
import { pointsLedger } from './002-points-ledger.ts'
import { identity } from './003-identity.ts'
import { discordAccounts } from './004-discord-accounts.ts'
import { relay } from './005-relay.ts'
import { guildRoles } from './006-guild-roles.ts'
import { webhooks } from './007-webhooks.ts'
import { nftMetadata } from './008-nft-metadata.ts'

/**
 * By number. A migration is SQL statements, all of which run in one transaction; one that has run anywhere is never
 * edited. docs/migrations.md says how to add one.
 */
export const migrations: readonly Migration[] = [
  about,
  pointsLedger,
  identity,
  discordAccounts,
  relay,
  guildRoles,
  webhooks,
  nftMetadata,
]
