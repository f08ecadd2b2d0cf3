/**
 * A commit rests on all that it makes reachable being there, and on reading nothing that a failover could take back; so
 * do migrations. Whatever the URL says, writes wait for a majority's journals, and reads come from the primary and were
 * acknowledged.
 */
export const CONCERNS = {
  writeConcern: { w: 'majority', j: true },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
} as const
