import type { ChangeStream } from 'mongodb'
import { connectionTo } from './connection.ts'

/** A stream that ended is opened again after so long. */
const RETRY_MS = 5_000

/**
 * Tells of every commit of a chain by a change stream, where the server has them: a replica set or a sharded cluster.
 * On others nothing is told.
 *
 * @throws AppError `invalid` when the URL cannot be used
 */
export function watchMongoHeads(url: string, chainId: number, tell: () => void): AsyncDisposable {
  const { client, db } = connectionTo(url)
  const over = new AbortController()
  let stream: ChangeStream | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  async function open(): Promise<void> {
    try {
      const hello = await db.command({ hello: 1 })
      if (over.signal.aborted) return
      if (hello.msg !== 'isdbgrid' && typeof hello.setName !== 'string') {
        await client.close()
        return
      }
      stream = db
        .collection('heads')
        .watch([{ $match: { operationType: 'insert', 'fullDocument.chainId': chainId } }])
      stream.on('change', tell)
      stream.on('error', again)
    } catch {
      again()
    }
  }

  /** What the driver could not resume by itself. */
  function again(): void {
    void stream?.close().catch(() => undefined)
    stream = undefined
    if (over.signal.aborted) return
    timer = setTimeout(() => void open(), RETRY_MS)
    timer.unref()
  }

  void open()
  return {
    async [Symbol.asyncDispose]() {
      over.abort()
      clearTimeout(timer)
      await stream?.close().catch(() => undefined)
      await client.close()
    },
  }
}
