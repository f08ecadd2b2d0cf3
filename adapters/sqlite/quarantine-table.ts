import type { Hash } from '#core/chain.ts'
import { storedRow } from '#core/history/stored-row.ts'
import type { QuarantinedLog, QuarantineTable } from '#core/indexing/ports.ts'
import type { Database } from './database.ts'

export const createSqliteQuarantineTable = (db: Database): QuarantineTable => ({
  async list(chainId, { after, limit }) {
    const row = after && [after.number, after.logIndex, ...(after.commit ? [after.commit] : [])]
    const columns = after?.commit ? '(number, log_index, "commit")' : '(number, log_index)'
    const behind = row ? `AND ${columns} > (${row.map(() => '?').join(', ')})` : ''
    const sql = `SELECT number, log_index, hash, reason, log, "commit" FROM quarantine
      WHERE chain = ? ${behind} ORDER BY number, log_index, "commit" LIMIT ?`
    return db.all(sql, chainId, ...(row ?? []), limit).map((each) => {
      const [number, commit] = [each.number as number, each.commit as string]
      const place = { number, logIndex: each.log_index as number }
      return storedRow({ place, commit, branch: commit }, () => ({
        block: { number, hash: each.hash as Hash },
        log: JSON.parse(each.log as string) as QuarantinedLog['log'],
        reason: each.reason as string,
      }))
    })
  },
})
