import type { Address } from '#core/chain.ts'
import { linkStep } from '#core/identity/link.ts'
import type { DiscordAccount, IdentityStore, LinkOutcome } from '#core/identity/ports.ts'
import type { Row } from './database.ts'
import { openRecordsFile, toldOfRecords } from './records-file.ts'

/**
 * People's sign-ins and wallets in an SQLite file of records. Each call is one statement or one transaction, and waits
 * for the disk.
 *
 * @param path of records that have been migrated
 */
export function openSqliteIdentityStore(path: string): IdentityStore {
  const db = openRecordsFile(path)

  const told = toldOfRecords(path)

  /** Gives what `read` finds to a person, where it is free to be given. */
  function link(
    read: () => Row | undefined,
    step: readonly [person: string | undefined, newPerson: string, nowMs: number],
    write: (person: string) => void,
  ): LinkOutcome {
    return db.atOnce(() => {
      const row = read()
      const before = row && {
        person: String(row.person),
        freeAtMs: row.free_at === null ? null : Number(row.free_at),
      }
      const { outcome, isChange } = linkStep(before, ...step)
      if (isChange && outcome.status === 'linked') write(outcome.person)
      return outcome
    }, 'durable')
  }

  return {
    putNonce: ({ nonce, login, expiresAtMs }) =>
      told(() => {
        db.run('INSERT INTO login_nonces VALUES (?, ?, ?)', nonce, login, expiresAtMs)
      }),
    hasNonce: (nonce, login, nowMs) =>
      told(
        () =>
          db.get(
            'SELECT 1 FROM login_nonces WHERE nonce = ? AND login = ? AND expires_at > ?',
            nonce,
            login,
            nowMs,
          ) !== undefined,
      ),
    takeNonce: (nonce, login, nowMs) =>
      told(
        () =>
          db.run(
            'DELETE FROM login_nonces WHERE nonce = ? AND login = ? AND expires_at > ?',
            nonce,
            login,
            nowMs,
          ) === 1,
      ),
    putSession: ({ id, person, wallet, generation, expiresAtMs, isRevoked }) =>
      told(() => {
        db.run(
          'INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)',
          id,
          person,
          wallet,
          generation,
          expiresAtMs,
          Number(isRevoked),
        )
      }),
    session: (id) =>
      told(() => {
        const row = db.get('SELECT * FROM sessions WHERE id = ?', id)
        return (
          row && {
            id,
            person: String(row.person),
            wallet: String(row.wallet) as Address,
            generation: Number(row.generation),
            expiresAtMs: Number(row.expires_at),
            isRevoked: row.is_revoked === 1,
          }
        )
      }),
    rotateSession: (id, generation, expiresAtMs) =>
      told(
        () =>
          db.run(
            'UPDATE sessions SET generation = generation + 1, expires_at = ? WHERE id = ? AND generation = ? AND is_revoked = 0',
            expiresAtMs,
            id,
            generation,
          ) === 1,
      ),
    revokeSession: (id) =>
      told(() => {
        db.run('UPDATE sessions SET is_revoked = 1 WHERE id = ?', id)
      }),
    revokeSessionsOf: (person) =>
      told(() => {
        db.run('UPDATE sessions SET is_revoked = 1 WHERE person = ?', person)
      }),
    linkWallet: (wallet, person, newPerson, nowMs) =>
      told(() =>
        link(
          db.get.bind(db, 'SELECT person, free_at FROM wallets WHERE wallet = ?', wallet),
          [person, newPerson, nowMs],
          (whose) =>
            db.run('INSERT OR REPLACE INTO wallets VALUES (?, ?, ?, NULL)', wallet, whose, nowMs),
        ),
      ),
    personOf: (wallet) =>
      told(() => {
        const row = db.get(
          'SELECT person FROM wallets WHERE wallet = ? AND free_at IS NULL',
          wallet,
        )
        return row && String(row.person)
      }),
    walletsOf: (person) =>
      told(() =>
        db
          .all(
            'SELECT wallet, proven_at FROM wallets WHERE person = ? AND free_at IS NULL ORDER BY wallet',
            person,
          )
          .map((row) => ({
            wallet: String(row.wallet) as Address,
            person,
            provenAtMs: Number(row.proven_at),
          })),
      ),
    unlinkWallet: (wallet, person, freeAtMs) =>
      told(
        () =>
          db.run(
            'UPDATE wallets SET free_at = ? WHERE wallet = ? AND person = ? AND free_at IS NULL',
            freeAtMs,
            wallet,
            person,
          ) === 1,
      ),
    linkDiscord: ({ id, name }, person, nowMs) =>
      told(() =>
        link(
          () => db.get('SELECT person, free_at FROM discord_accounts WHERE account = ?', id),
          [person, person, nowMs],
          (whose) =>
            db.run(
              'INSERT OR REPLACE INTO discord_accounts VALUES (?, ?, ?, ?, NULL)',
              id,
              name,
              whose,
              nowMs,
            ),
        ),
      ),
    discordOf: (person) =>
      told(() =>
        db
          .all(
            'SELECT * FROM discord_accounts WHERE person = ? AND free_at IS NULL ORDER BY account',
            person,
          )
          .map(discordOfRow),
      ),
    personOfDiscord: (id) =>
      told(() => {
        const row = db.get(
          'SELECT person FROM discord_accounts WHERE account = ? AND free_at IS NULL',
          id,
        )
        return row && String(row.person)
      }),
    unlinkDiscord: (id, person, freeAtMs) =>
      told(
        () =>
          db.run(
            'UPDATE discord_accounts SET free_at = ? WHERE account = ? AND person = ? AND free_at IS NULL',
            freeAtMs,
            id,
            person,
          ) === 1,
      ),
    discordAccounts: (after, limit) =>
      told(() =>
        db
          .all(
            'SELECT * FROM discord_accounts WHERE account > ? AND free_at IS NULL ORDER BY account LIMIT ?',
            after ?? '',
            limit,
          )
          .map(discordOfRow),
      ),
    forgetExpired: (nowMs) =>
      told(() => {
        db.run('DELETE FROM login_nonces WHERE expires_at <= ?', nowMs)
        db.run('DELETE FROM sessions WHERE expires_at <= ?', nowMs)
      }),
    close: () => db.close(),
  }
}

const discordOfRow = (row: Row): DiscordAccount => ({
  id: String(row.account),
  name: String(row.name),
  person: String(row.person),
  linkedAtMs: Number(row.proven_at),
})
