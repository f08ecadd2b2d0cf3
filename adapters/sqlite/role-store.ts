import type { FeedCursor } from '#core/history/feed.ts'
import type { RoleChange, RoleState, RoleStore } from '#core/guild/ports.ts'
import { isOpen, roleKeyText } from '#core/guild/role-state.ts'
import type { Row } from './database.ts'
import { openRecordsFile, toldOfRecords } from './records-file.ts'

/**
 * Roles of guilds in an SQLite file of records. Each call is one statement or one transaction, and waits for the disk.
 *
 * @param path of records that have been migrated
 */
export function openSqliteRoleStore(path: string): RoleStore {
  const db = openRecordsFile(path)

  const told = toldOfRecords(path)

  function put(state: RoleState, change: RoleChange | undefined): boolean {
    return db.atOnce(() => {
      const isMine = replace(state)
      if (isMine && change)
        db.run(
          'INSERT OR IGNORE INTO role_changes VALUES (?, ?, ?, ?)',
          change.id,
          change.account,
          change.atMs,
          JSON.stringify(change),
        )
      return isMine
    }, 'durable')
  }

  function replace(state: RoleState): boolean {
    const { account, chainId, version, retryAtMs } = state
    const key = roleKeyText(state)
    const body = JSON.stringify(state)
    const columns = [account, chainId, version, Number(isOpen(state)), retryAtMs, body]
    if (version === 1)
      return (
        db.run(
          'INSERT OR IGNORE INTO role_states VALUES (?, ?, ?, ?, ?, ?, ?)',
          key,
          ...columns,
        ) === 1
      )
    return (
      db.run(
        'UPDATE role_states SET account = ?, chain = ?, version = ?, is_open = ?, retry_at = ?, body = ? WHERE key = ? AND version = ?',
        ...columns,
        key,
        version - 1,
      ) === 1
    )
  }

  return {
    statesOf: (accounts) =>
      told(() =>
        accounts.flatMap((account) =>
          db
            .all('SELECT body FROM role_states WHERE account = ? ORDER BY key', account)
            .map(stateOf),
        ),
      ),
    openStates: (chainId, nowMs, after, limit) =>
      told(() =>
        db
          .all(
            'SELECT body FROM role_states WHERE is_open = 1 AND chain = ? AND key > ? AND retry_at <= ? ORDER BY key LIMIT ?',
            chainId,
            after ? roleKeyText(after) : '',
            nowMs,
            limit,
          )
          .map(stateOf),
      ),
    accounts: (after, limit) =>
      told(() =>
        db
          .all(
            'SELECT DISTINCT account FROM role_states WHERE account > ? ORDER BY account LIMIT ?',
            after ?? '',
            limit,
          )
          .map((row) => String(row.account)),
      ),
    putState: (state, change) => told(() => put(state, change)),
    changes: ({ account, before, limit }) =>
      told(() => {
        const of = account === undefined ? '' : 'account = ? AND '
        const rows = db.all(
          `SELECT body FROM role_changes WHERE ${of}(at_ms, id) < (?, ?) ORDER BY at_ms DESC, id DESC LIMIT ?`,
          ...(account === undefined ? [] : [account]),
          before?.atMs ?? Number.MAX_SAFE_INTEGER,
          before?.id ?? '',
          limit,
        )
        return rows.map((row) => JSON.parse(String(row.body)) as RoleChange)
      }),
    cursor: (chainId) =>
      told(() => {
        const row = db.get('SELECT body FROM role_cursors WHERE chain = ?', chainId)
        return row && (JSON.parse(String(row.body)) as FeedCursor)
      }),
    putCursor: (chainId, cursor) =>
      told(() => {
        db.run('INSERT OR REPLACE INTO role_cursors VALUES (?, ?)', chainId, JSON.stringify(cursor))
      }),
    ask: (account, atMs) =>
      told(() => {
        db.run('INSERT OR REPLACE INTO role_asks VALUES (?, ?)', account, atMs)
      }),
    asked: (limit) =>
      told(() =>
        db
          .all('SELECT account, at_ms FROM role_asks ORDER BY at_ms, account LIMIT ?', limit)
          .map((row) => ({ account: String(row.account), atMs: Number(row.at_ms) })),
      ),
    answered: (account, atMs) =>
      told(() => {
        db.run('DELETE FROM role_asks WHERE account = ? AND at_ms = ?', account, atMs)
      }),
    close: () => db.close(),
  }
}

const stateOf = (row: Row): RoleState => JSON.parse(String(row.body)) as RoleState
