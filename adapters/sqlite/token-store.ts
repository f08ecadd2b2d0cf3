import type { Address } from '#core/chain.ts'
import type { TokenStore } from '#core/tokens/ports.ts'
import type { Database, Row } from './database.ts'

/** Made when the first token is stored, so that a file without it stays readable, and needs no other version. */
const TABLE = `CREATE TABLE IF NOT EXISTS token (
  chain INTEGER NOT NULL, address TEXT NOT NULL, symbol TEXT, name TEXT, decimals INTEGER,
  number INTEGER NOT NULL, read_at_ms INTEGER NOT NULL,
  PRIMARY KEY (chain, address)
) STRICT, WITHOUT ROWID`

const PUT = `INSERT INTO token (chain, address, symbol, name, decimals, number, read_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (chain, address) DO UPDATE SET symbol = excluded.symbol, name = excluded.name,
    decimals = excluded.decimals, number = excluded.number, read_at_ms = excluded.read_at_ms
  WHERE excluded.number >= token.number`

export function createSqliteTokenStore(db: Database): TokenStore {
  let isThere = false

  /** Another process may have made it. */
  const hasTable = (): boolean =>
    (isThere ||=
      db.get(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'token'`) !== undefined)

  return {
    async read(chainId, addresses) {
      if (!hasTable()) return addresses.map(() => undefined)
      return addresses.map((address) => {
        const row = db.get('SELECT * FROM token WHERE chain = ? AND address = ?', chainId, address)
        return row && toToken(row)
      })
    },
    async put(chainId, tokens) {
      if (tokens.length === 0) return
      await db.transaction(async () => {
        db.exec(TABLE)
        for (const { address, symbol, name, decimals, number, readAtMs } of tokens)
          db.run(PUT, chainId, address, symbol, name, decimals, number, readAtMs)
      }, 'cheap')
    },
  }
}

const toToken = (row: Row) => ({
  address: row.address as Address,
  symbol: row.symbol as string | null,
  name: row.name as string | null,
  decimals: row.decimals as number | null,
  number: row.number as number,
  readAtMs: row.read_at_ms as number,
})
