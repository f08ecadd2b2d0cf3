import type { Intent, Slot } from '#core/relay/intent.ts'
import type { IntentStore } from '#core/relay/ports.ts'
import { recordOf, recordText } from '#core/relay/record-text.ts'
import type { Row } from './database.ts'
import { openRecordsFile, toldOfRecords } from './records-file.ts'

export type SqliteIntentStore = IntentStore & { close(): void }

/**
 * Spends under way and claimed nonces, in a file of people's records that was migrated. Each call is one statement, and one
 * that writes waits for the disk.
 */
export function openSqliteIntentStore(path: string): SqliteIntentStore {
  const db = openRecordsFile(path)

  const told = toldOfRecords(path)

  return {
    insertIntent: (intent) =>
      told(() => {
        const { id, chainId, state, version } = intent
        const changes = db.run(
          'INSERT INTO relay_intents (id, chain, state, version, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
          id,
          chainId,
          state,
          version,
          recordText(intent),
        )
        return changes === 1
      }),
    intent: (id) =>
      told(() => {
        const row = db.get('SELECT id, body FROM relay_intents WHERE id = ?', id)
        return row && intentOf(row)
      }),
    replaceIntent: (intent) =>
      told(() => {
        const { id, state, version } = intent
        const changes = db.run(
          'UPDATE relay_intents SET state = ?, version = ?, body = ? WHERE id = ? AND version = ?',
          state,
          version,
          recordText(intent),
          id,
          version - 1,
        )
        return changes === 1
      }),
    listIntents: (chainId, { states, after = '', limit }) =>
      told(() => {
        if (!states) {
          const all =
            'SELECT id, body FROM relay_intents WHERE chain = ? AND id > ? ORDER BY id LIMIT ?'
          return db.all(all, chainId, after, limit).map(intentOf)
        }
        // Each from its own part of the index, so that those that have ended are not read over and over.
        const some =
          'SELECT id, body FROM relay_intents WHERE chain = ? AND state = ? AND id > ? ORDER BY id LIMIT ?'
        const found = states.flatMap((state) => db.all(some, chainId, state, after, limit))
        return found.map(intentOf).toSorted(byId).slice(0, limit)
      }),
    insertSlot: (slot) =>
      told(() => {
        const { chainId, sender, nonce, version } = slot
        const changes = db.run(
          'INSERT INTO relay_slots (chain, sender, nonce, version, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
          chainId,
          sender,
          nonce,
          version,
          recordText(slot),
        )
        return changes === 1
      }),
    slots: (chainId, { sender, nonce }, limit) =>
      told(() => {
        const rows = db.all(
          'SELECT nonce, body FROM relay_slots WHERE chain = ? AND sender = ? AND nonce >= ? ORDER BY nonce LIMIT ?',
          chainId,
          sender,
          nonce,
          limit,
        )
        return rows.map((row) => slotOf(sender, row))
      }),
    lastNonce: (chainId, sender) =>
      told(() => {
        const row = db.get(
          'SELECT nonce FROM relay_slots WHERE chain = ? AND sender = ? ORDER BY nonce DESC LIMIT 1',
          chainId,
          sender,
        )
        return row && Number(row.nonce)
      }),
    replaceSlot: (slot) =>
      told(() => {
        const { chainId, sender, nonce, version } = slot
        const changes = db.run(
          'UPDATE relay_slots SET version = ?, body = ? WHERE chain = ? AND sender = ? AND nonce = ? AND version = ?',
          version,
          recordText(slot),
          chainId,
          sender,
          nonce,
          version - 1,
        )
        return changes === 1
      }),
    sender: (chainId, sender) =>
      told(() => {
        const row = db.get(
          'SELECT body FROM relay_senders WHERE chain = ? AND sender = ?',
          chainId,
          sender,
        )
        return row && recordOf('sender', sender, String(row.body))
      }),
    putSender: (state) =>
      told(() => {
        const { chainId, sender } = state
        db.run(
          'INSERT OR REPLACE INTO relay_senders (chain, sender, body) VALUES (?, ?, ?)',
          chainId,
          sender,
          recordText(state),
        )
      }),
    close: () => db.close(),
  }
}

/** As SQLite and MongoDB have it, by bytes; names are ASCII. */
const byId = (a: Intent, b: Intent): number => (a.id < b.id ? -1 : 1)

const intentOf = ({ id, body }: Row): Intent => recordOf('intent', String(id), String(body))

const slotOf = (sender: string, { nonce, body }: Row): Slot =>
  recordOf('slot', `${sender}/${String(nonce)}`, String(body))
