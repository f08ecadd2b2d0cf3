import type { LeaseTable, RangeTable, WorkRange } from '#core/indexing/ranges/ports.ts'
import type { Database, Row } from './database.ts'
import { toldOfRaw } from './raw-file.ts'

const COLUMNS = 'from_number, to_number, state, owner, until, tries, reason'

/** Ranges that are being collected, in the file of what is. Each step is one statement. */
export function createSqliteRangeTable(db: Database): RangeTable {
  const told = toldOfRaw(db)
  return {
    plan: (plan, ranges) =>
      told(() =>
        db.atOnce(() => {
          const add = db.prepareRun(
            `INSERT OR IGNORE INTO work_range (plan, ${COLUMNS}) VALUES (?, ?, ?, 'open', NULL, 0, 0, NULL)`,
          )
          for (const { from, to } of ranges) add(plan, from, to)
        }),
      ),
    claim: (plan, { owner, now, leaseMs }, from) =>
      told(() => {
        const row = db.get(
          `UPDATE work_range SET state = 'held', owner = ?, until = ?, tries = tries + 1
           WHERE plan = ? AND from_number = (
             SELECT from_number FROM work_range
             WHERE plan = ? AND state IN ('open', 'held') AND until <= ? ${from === undefined ? '' : 'AND from_number = ?'}
             ORDER BY from_number LIMIT 1
           )
           RETURNING ${COLUMNS}`,
          owner,
          now + leaseMs,
          plan,
          plan,
          now,
          ...(from === undefined ? [] : [from]),
        )
        return row && rangeOf(row)
      }),
    renew: (plan, from, { owner, now, leaseMs }) =>
      told(
        () =>
          db.run(
            `UPDATE work_range SET until = ? WHERE plan = ? AND from_number = ? AND state = 'held' AND owner = ?`,
            now + leaseMs,
            plan,
            from,
            owner,
          ) > 0,
      ),
    finish: (plan, from, owner) =>
      told(
        () =>
          void db.run(
            `UPDATE work_range SET state = 'done', owner = ?, reason = NULL WHERE plan = ? AND from_number = ?`,
            owner,
            plan,
            from,
          ),
      ),
    fail: (plan, from, { owner, reason, retryAt }) =>
      told(
        () =>
          void db.run(
            `UPDATE work_range SET state = ?, until = ?, reason = ?
             WHERE plan = ? AND from_number = ? AND state = 'held' AND owner = ?`,
            retryAt === null ? 'failed' : 'open',
            retryAt ?? 0,
            reason,
            plan,
            from,
            owner,
          ),
      ),
    list: (plan, { state, from = 0, limit = -1 } = {}) =>
      told(() =>
        db
          .all(
            `SELECT ${COLUMNS} FROM work_range
             WHERE plan = ? AND from_number >= ? ${state === undefined ? '' : 'AND state = ?'}
             ORDER BY from_number LIMIT ?`,
            plan,
            from,
            ...(state === undefined ? [] : [state]),
            limit,
          )
          .map(rangeOf),
      ),
    reopen: (plan) =>
      told(() =>
        db.run(
          `UPDATE work_range SET state = 'open', until = 0, tries = 0
           WHERE plan = ? AND (state = 'failed' OR (state = 'open' AND until > 0))`,
          plan,
        ),
      ),
    forget: (plan, upTo) =>
      told(
        () => void db.run('DELETE FROM work_range WHERE plan = ? AND to_number <= ?', plan, upTo),
      ),
    plans: () =>
      told(() =>
        db
          .all('SELECT DISTINCT plan FROM work_range ORDER BY plan')
          .map(({ plan }) => String(plan)),
      ),
  }
}

/** Rights that one process at a time has, in the same file. */
export function createSqliteLeaseTable(db: Database): LeaseTable {
  const told = toldOfRaw(db)
  return {
    take: (name, { owner, now, leaseMs }) =>
      told(() => {
        db.run(
          `INSERT INTO lease (name, owner, until) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE
           SET owner = excluded.owner, until = excluded.until WHERE owner = excluded.owner OR until <= ?`,
          name,
          owner,
          now + leaseMs,
          now,
        )
        const row = db.get('SELECT owner, until FROM lease WHERE name = ?', name)
        return { owner: String(row?.owner ?? ''), until: Number(row?.until ?? 0) }
      }),
    release: (name, owner) =>
      told(() => void db.run('DELETE FROM lease WHERE name = ? AND owner = ?', name, owner)),
  }
}

const rangeOf = (row: Row): WorkRange => ({
  from: Number(row.from_number),
  to: Number(row.to_number),
  state: row.state as WorkRange['state'],
  owner: row.owner === null ? null : String(row.owner),
  until: Number(row.until) || null,
  tries: Number(row.tries),
  reason: row.reason === null ? null : String(row.reason),
})
