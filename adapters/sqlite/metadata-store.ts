import type { Address } from '#core/chain.ts'
import type { FeedCursor } from '#core/history/feed.ts'
import {
  type MetadataState,
  newMetadata,
  type TokenMetadata,
  traitTypesOf,
} from '#core/nft/metadata/metadata.ts'
import type { MetadataStore } from '#core/nft/metadata/ports.ts'
import {
  bodyOf,
  countedStates,
  type MetadataBody,
  tokenText,
  TRAIT_TYPES_MAX,
} from '#core/nft/metadata/stored.ts'
import type { Row } from './database.ts'
import { openRecordsFile, toldOfRecords } from './records-file.ts'

/** What an event does to a row that is there. */
const TOUCH = 'version = version + 1, is_stale = 1, failures = 0, due_at = ?'

/**
 * Metadata of tokens in an SQLite file of records. Each call is one statement or one transaction. What a power cut takes
 * back is fetched again, so that transactions are cheap.
 *
 * @param path of records that have been migrated
 */
export function openSqliteMetadataStore(path: string): MetadataStore {
  const db = openRecordsFile(path)
  const told = toldOfRecords(path)

  return {
    read: (chainId, tokens) =>
      told(() =>
        tokens.map(({ collection, tokenId }) => {
          const row = db.get(
            'SELECT * FROM nft_metadata WHERE chain = ? AND collection = ? AND token = ?',
            chainId,
            collection,
            tokenText(tokenId),
          )
          return row && metadataOf(row)
        }),
      ),
    traitTypes: (chainId, collection) =>
      told(() =>
        db
          .all(
            'SELECT trait FROM nft_trait_types WHERE chain = ? AND collection = ? ORDER BY trait LIMIT ?',
            chainId,
            collection,
            TRAIT_TYPES_MAX,
          )
          .map(({ trait }) => String(trait)),
      ),
    states: (chainId, collection) =>
      told(() => {
        const rows = db.all(
          'SELECT state, count(*) AS count FROM nft_metadata WHERE chain = ? AND collection = ? GROUP BY state',
          chainId,
          collection,
        )
        return countedStates(
          rows.map(({ state, count }) => ({
            state: state as MetadataState,
            count: Number(count),
          })),
        )
      }),
    want: (chainId, tokens, nowMs, isChange) =>
      told(() =>
        db.atOnce(() => {
          for (const token of tokens) {
            const { version, state, isStale, failures, dueAtMs, ...fresh } = newMetadata(
              token,
              nowMs,
            )
            db.run(
              `INSERT INTO nft_metadata VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?) ON CONFLICT DO ${
                isChange ? `UPDATE SET ${TOUCH}` : 'NOTHING'
              }`,
              chainId,
              token.collection,
              tokenText(token.tokenId),
              version,
              state,
              Number(isStale),
              failures,
              dueAtMs,
              JSON.stringify(bodyOf({ version, state, isStale, failures, dueAtMs, ...fresh })),
              ...(isChange ? [nowMs] : []),
            )
          }
        }),
      ),
    wantRange: (chainId, collection, { from, to }, nowMs) =>
      told(() =>
        db.atOnce(() => {
          db.run(
            `UPDATE nft_metadata SET ${TOUCH} WHERE chain = ? AND collection = ? AND token BETWEEN ? AND ?`,
            nowMs,
            chainId,
            collection,
            tokenText(from),
            tokenText(to),
          )
        }),
      ),
    wantReadAbove: (chainId, number, nowMs) =>
      told(() =>
        db.atOnce(() => {
          db.run(
            `UPDATE nft_metadata SET ${TOUCH} WHERE chain = ? AND read_at > ?`,
            nowMs,
            chainId,
            number,
          )
        }),
      ),
    due: (chainId, nowMs, limit) =>
      told(() =>
        db
          .all(
            'SELECT * FROM nft_metadata WHERE chain = ? AND due_at <= ? ORDER BY due_at LIMIT ?',
            chainId,
            nowMs,
            limit,
          )
          .map(metadataOf),
      ),
    put: (chainId, metadata) =>
      told(() =>
        db.atOnce(() => {
          const { collection, tokenId, version, state, isStale, failures, dueAtMs } = metadata
          const changed = db.run(
            'UPDATE nft_metadata SET version = ?, state = ?, is_stale = ?, failures = ?, due_at = ?, read_at = ?, body = ? ' +
              'WHERE chain = ? AND collection = ? AND token = ? AND version = ?',
            version,
            state,
            Number(isStale),
            failures,
            dueAtMs,
            metadata.block?.number ?? null,
            JSON.stringify(bodyOf(metadata)),
            chainId,
            collection,
            tokenText(tokenId),
            version - 1,
          )
          if (changed === 0) return false
          for (const trait of traitTypesOf(metadata))
            db.run(
              'INSERT OR IGNORE INTO nft_trait_types VALUES (?, ?, ?)',
              chainId,
              collection,
              trait,
            )
          return true
        }),
      ),
    cursor: (chainId) =>
      told(() => {
        const row = db.get('SELECT body FROM nft_metadata_cursors WHERE chain = ?', chainId)
        return row && (JSON.parse(String(row.body)) as FeedCursor)
      }),
    putCursor: (chainId, cursor) =>
      told(() =>
        db.atOnce(() => {
          db.run(
            'INSERT OR REPLACE INTO nft_metadata_cursors VALUES (?, ?)',
            chainId,
            JSON.stringify(cursor),
          )
        }),
      ),
    close: () => db.close(),
  }
}

const metadataOf = (row: Row): TokenMetadata => ({
  collection: row.collection as Address,
  tokenId: BigInt(`0x${String(row.token)}`),
  version: Number(row.version),
  state: row.state as MetadataState,
  isStale: Number(row.is_stale) === 1,
  failures: Number(row.failures),
  dueAtMs: row.due_at === null ? null : Number(row.due_at),
  ...(JSON.parse(String(row.body)) as MetadataBody),
})
