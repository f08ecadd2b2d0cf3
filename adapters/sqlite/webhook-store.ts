import { firstProgress } from '#core/webhooks/first-progress.ts'
import type { Webhook, WebhookProgress, WebhookStore } from '#core/webhooks/ports.ts'
import { openRecordsFile, toldOfRecords } from './records-file.ts'

/**
 * Webhooks in an SQLite file of records. Each call is one statement or one transaction, and waits for the disk.
 *
 * @param path of records that have been migrated
 */
export function openSqliteWebhookStore(path: string): WebhookStore {
  const db = openRecordsFile(path)

  const told = toldOfRecords(path)

  const atOnce = <T>(step: () => T): T => db.atOnce(step, 'durable')

  return {
    list: (owner) =>
      told(() => {
        const rows =
          owner === null
            ? db.all('SELECT body FROM webhooks ORDER BY id')
            : db.all('SELECT body FROM webhooks WHERE owner = ? ORDER BY id', owner)
        return rows.map((row) => JSON.parse(String(row.body)) as Webhook)
      }),
    add: (webhook, max, cursor) =>
      told(() =>
        atOnce(() => {
          const { id, owner } = webhook
          const row = db.get('SELECT count(*) AS count FROM webhooks WHERE owner = ?', owner)
          if (Number(row?.count) >= max) return false
          const progress = firstProgress(id, cursor)
          db.run('INSERT INTO webhooks VALUES (?, ?, ?)', id, owner, JSON.stringify(webhook))
          db.run(
            'INSERT INTO webhook_progress VALUES (?, ?, ?)',
            id,
            progress.version,
            JSON.stringify(progress),
          )
          return true
        }),
      ),
    remove: (id, owner) =>
      told(() =>
        atOnce(() => {
          const isGone =
            owner === null
              ? db.run('DELETE FROM webhooks WHERE id = ?', id) === 1
              : db.run('DELETE FROM webhooks WHERE id = ? AND owner = ?', id, owner) === 1
          if (isGone) db.run('DELETE FROM webhook_progress WHERE id = ?', id)
          return isGone
        }),
      ),
    progress: (id) =>
      told(() => {
        const row = db.get('SELECT body FROM webhook_progress WHERE id = ?', id)
        return row && (JSON.parse(String(row.body)) as WebhookProgress)
      }),
    putProgress: (progress) =>
      told(
        () =>
          db.run(
            'UPDATE webhook_progress SET version = ?, body = ? WHERE id = ? AND version = ?',
            progress.version,
            JSON.stringify(progress),
            progress.id,
            progress.version - 1,
          ) === 1,
      ),
    close: () => db.close(),
  }
}
