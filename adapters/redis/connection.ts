import { Redis as Client } from 'ioredis'
import { AppError, messageOf } from '#core/errors.ts'

/** What is used of the client. */
export type Redis = {
  connect(): Promise<void>
  eval(script: string, keys: number, ...rest: readonly (string | number)[]): Promise<unknown>
  disconnect(): void
  on(event: 'error', listener: (error: Error) => void): unknown
}

const CONNECT_MS_MAX = 2_000
/** Requests wait for it: who is slower than this is done without. */
const COMMAND_MS_MAX = 250
/** A server that is away is asked for again after this. */
const RECONNECT_MS = 1_000

/**
 * A connection that opens itself again whenever it was lost. While there is none, commands fail at once: nothing waits in
 * a queue for a server that may not come back.
 *
 * @throws AppError `unavailable` naming `field` when the server cannot be used at first
 */
export async function openRedis(url: string, field: string): Promise<Redis> {
  const redis = new Client(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS_MAX,
    commandTimeout: COMMAND_MS_MAX,
    retryStrategy: () => RECONNECT_MS,
  })
  let last: Error | undefined
  // Each command says by itself that it failed.
  redis.on('error', (error) => {
    last = error
  })
  try {
    await redis.connect()
  } catch (cause) {
    redis.disconnect()
    throw new AppError(
      'unavailable',
      `${field}: Redis cannot be used (${messageOf(last ?? cause)}); start it, or leave the setting out`,
      { details: { field }, cause },
    )
  }
  return redis
}
