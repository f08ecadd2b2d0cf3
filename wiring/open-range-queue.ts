import type { BullRangeQueue } from '#adapters/bullmq/range-queue.ts'
import type { RangeQueue } from '#core/indexing/ranges/ports.ts'
import type { Settings } from './settings.ts'

/** The queue of ranges, which is open. */
export type OpenRangeQueue = AsyncDisposable & { readonly queue: RangeQueue }

/** The same through BullMQ, and what operators see of it. */
export type OpenBullQueue = AsyncDisposable & { readonly queue: BullRangeQueue }

/** Through BullMQ where the configuration names a Redis, else within this process. */
export async function openRangeQueue(
  { redis }: Settings['workers'],
  warn: (message: string) => void,
): Promise<OpenRangeQueue> {
  if (redis !== null) return openBullQueue(redis, warn)
  const { createMemoryRangeQueue } = await import('#adapters/memory/range-queue.ts')
  return { queue: createMemoryRangeQueue(), async [Symbol.asyncDispose]() {} }
}

/** @param warn told when Redis is lost, once until it is back */
export async function openBullQueue(
  redis: string,
  warn: (message: string) => void,
): Promise<OpenBullQueue> {
  const { createBullRangeQueue } = await import('#adapters/bullmq/range-queue.ts')
  const queue = createBullRangeQueue(redis, warn)
  return { queue, [Symbol.asyncDispose]: () => queue.close() }
}
